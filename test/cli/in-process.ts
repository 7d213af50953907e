import { PassThrough, Writable } from 'node:stream';
import type { Scrypath } from 'scrypath';
import { runCli } from '../../src/cli/run-cli';
import type { ExitSignal, Surroundings } from '../../src/cli/surroundings';

/** What a run of the CLI came to. */
export interface Ran {
  readonly code: number;
  /** With what the process was to end at once; null where it was not. */
  readonly forced: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of stdout, which has nothing else. */
  readonly json: never;
}

export interface Given {
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What a person types. */
  readonly types?: string;
  /** Gets what sends a signal. */
  readonly signalled?: (send: (signal: ExitSignal) => void) => void;
  readonly open?: Surroundings['open'];
}

class Sink extends Writable {
  text = '';
  readonly columns = 120;
  readonly isTTY: boolean;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs a command in this process, with an instance instead of a configuration; the instance stays open. */
export async function cli(scrypath: Scrypath, args: readonly string[], given: Given = {}): Promise<Ran> {
  const { terminal = false, env = {}, cwd = __dirname, types, signalled, open } = given;
  const stdout = new Sink(terminal);
  const stderr = new Sink(terminal);
  const stdin = Object.assign(new PassThrough(), { isTTY: types !== undefined });
  if (types !== undefined) stdin.end(`${types}\n`);
  const listeners = new Set<(signal: ExitSignal) => void>();
  signalled?.((signal) => {
    for (const listener of listeners) listener(signal);
  });
  let forced: number | null = null;
  const code = await runCli(args, {
    ...{ cwd, env, stdin, stdout, stderr, progressEveryMs: 0 },
    onSignal: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exitNow: (ended) => {
      forced ??= ended;
    },
    open: open ?? (async () => ({ scrypath, close: async () => undefined })),
  });
  return {
    code,
    forced,
    stdout: stdout.text,
    stderr: stderr.text,
    get json() {
      return JSON.parse(stdout.text) as never;
    },
  };
}
