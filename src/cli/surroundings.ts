import type { Readable, Writable } from 'node:stream';
import type { OpenedConfig } from './open-config.js';

export type ExitSignal = 'SIGINT' | 'SIGTERM';

type Terminal<S> = S & { readonly isTTY?: boolean; readonly columns?: number };

/** What a run of the CLI has of its process; a test gives its own. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Terminal<Readable>;
  readonly stdout: Terminal<Writable>;
  readonly stderr: Terminal<Writable>;
  /** Least time between two lines of progress where there is no terminal, in milliseconds. */
  readonly progressEveryMs: number;
  /** Calls the listener at each signal that asks the process to end; returns what takes it off. */
  onSignal(listener: (signal: ExitSignal) => void): () => void;
  /** Ends the process at once. */
  exitNow(code: number): void;
  /** Opens the configuration, and adds to `secrets` what must never be shown. */
  open(file: string | undefined, cwd: string, secrets: Set<string>): Promise<OpenedConfig>;
}
