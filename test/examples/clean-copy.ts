import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ServedExample } from './served-example';

const ROOT = resolve(__dirname, '../..');
const SOURCES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'ormconfig.ts', 'src', 'examples'];

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The sources as a clean clone has them, where nothing is built yet, with the packages that are installed here. */
export class CleanCopy {
  private readonly folder = mkdtempSync(join(tmpdir(), 'scrypath-example-'));

  constructor() {
    const isSource = (file: string) => !['dist', 'node_modules'].includes(basename(file));
    for (const name of SOURCES)
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true, filter: isSource });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'), 'dir');
  }

  /** `npm start`: builds the package and the example, and runs it. */
  npmStart(...texts: string[]): Promise<Run> {
    return run('npm', ['start', '--silent', ...(texts.length > 0 ? ['--', ...texts] : [])], this.folder, {});
  }

  /** What `npm start` runs once everything is built. */
  start(environment: Readonly<Record<string, string>>, ...texts: string[]): Promise<Run> {
    const { scripts } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const program = / node (\S+)$/.exec(scripts.start)![1]!;
    return run(process.execPath, [program, ...texts], this.folder, environment);
  }

  /** `npm run` of a script that builds and serves. */
  serveByNpm(script: string): ServedExample {
    return new ServedExample(['npm', 'run', '--silent', script], this.folder, clean({}));
  }

  /** What such a script runs once everything is built. */
  serve(script: string, environment: Readonly<Record<string, string>>): ServedExample {
    const { scripts } = JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const program = / node (\S+)$/.exec(scripts[script]!)![1]!;
    return new ServedExample([process.execPath, program], this.folder, clean(environment));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The environment of this process, without what tells examples where servers are. */
function clean(environment: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(SCRYPATH_|DATABASE_URL$)/.test(name));
  return { ...Object.fromEntries(inherited), ...environment };
}

function run(
  command: string,
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>>,
): Promise<Run> {
  const child = spawn(command, words, { cwd, env: clean(environment) });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}
