import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { builtPackage } from './built-package';

const ROOT = resolve(__dirname, '../..');
/** What an application installs beside the package, as far as it imports it itself. */
const PACKAGES = ['typeorm', 'reflect-metadata', 'libsql'];

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when a text was printed, on either stream. */
  said(text: string | RegExp): Promise<void>;
}

/** A folder with the files of an application that uses the package, and its commands as processes. */
export class Application {
  readonly folder: string;
  readonly #cli: string;
  readonly #running = new Set<ChildProcess>();

  constructor(files: Readonly<Record<string, string>>) {
    const built = builtPackage();
    this.#cli = join(built, 'dist', 'cli', 'main.js');
    this.folder = mkdtempSync(join(tmpdir(), 'scrypath-application-'));
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(built, join(this.folder, 'node_modules', 'scrypath'), 'dir');
    for (const name of PACKAGES)
      symlinkSync(join(ROOT, 'node_modules', name), join(this.folder, 'node_modules', name), 'dir');
    this.write({ 'package.json': '{ "private": true }', ...files });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** Runs a command, with pipes instead of a terminal. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = '.'): Promise<Ended> {
    return this.start(args, env, cwd).ended;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = '.'): Started {
    return this.#spawn(process.execPath, [this.#cli, ...args], env, cwd);
  }

  /** Runs a line of a shell, in which `scrypath` is the program; with a terminal where it is asked for. */
  shell(
    line: string,
    {
      terminal = false,
      env = {},
    }: { readonly terminal?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
  ): Started {
    const text = line.replaceAll('scrypath ', `${process.execPath} ${this.#cli} `);
    return terminal
      ? this.#spawn('script', ['-qfec', text, '/dev/null'], { TERM: 'xterm', ...env }, '.')
      : this.#spawn('bash', ['-c', text], env, '.');
  }

  remove(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(command: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Started {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(SCRYPATH_|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$|CI$)/.test(name),
    );
    const child = spawn(command, args, {
      cwd: join(this.folder, cwd),
      env: { ...Object.fromEntries(inherited), ...env },
    });
    this.#running.add(child);
    let stdout = '';
    let stderr = '';
    const listeners = new Set<() => void>();
    const heard = () => {
      for (const listener of listeners) listener();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      heard();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      heard();
    });
    const ended = new Promise<Ended>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => {
        this.#running.delete(child);
        done({ code, signal, stdout, stderr });
        heard();
      });
    });
    const said = (text: string | RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          const all = stdout + stderr;
          if (typeof text === 'string' ? all.includes(text) : text.test(all)) resolve();
          else if (!this.#running.has(child)) reject(new Error(`It ended without saying ${text}: ${all}`));
          else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      });
    return { child, ended, said };
  }
}
