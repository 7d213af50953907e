import type { Scrypath, SearchService } from '../index.js';
import type { Part } from './parts.js';
import type { Progress } from './progress.js';

/** An option of a command. */
export interface OptionFacts {
  /** As on the command line: `--limit <n>`. */
  readonly flags: string;
  readonly about: string;
  /** How its value is read; a text as it is, and a flag without a value, are read by themselves. */
  readonly reads?: 'number' | 'list' | 'json';
  /** Of a number: the smallest; a whole number is asked for where it is given. Left out: 0. */
  readonly least?: number;
}

export interface ArgumentFacts {
  readonly name: string;
  readonly required: boolean;
  readonly about: string;
}

/** What a command works with. */
export interface CommandRun<O = object> {
  readonly scrypath: Scrypath;
  readonly args: Readonly<Record<string, string | undefined>>;
  readonly options: O;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** The folder that relative paths are of. */
  readonly cwd: string;
  /** Shows something before the end, on stdout where no JSON is asked for. */
  say(part: Part): void;
  /** The service of the entity that is named; what exists is listed where none is. */
  service(): SearchService<object, unknown>;
  /**
   * Says what will happen, and asks whether it should.
   * @throws CliError `NOT_CONFIRMED`
   */
  confirm(will: readonly string[]): Promise<void>;
}

/** What a command came to. */
export interface Outcome {
  /** What `--json` prints: the return value of the verb. */
  readonly value: unknown;
  /** What a person is shown. */
  readonly parts: readonly Part[];
  /**
   * `found`: drift, failed work or a difference; `unobserved`: nothing of that, and something that was asked for could not be
   * looked at.
   */
  readonly state?: 'fine' | 'found' | 'unobserved';
}

/** A command: what it is called with, what it does, and the doing. */
export interface Command<O = object> {
  /** `status`, or `settings read`. */
  readonly name: string;
  readonly summary: string;
  /** What it does and does not, for the reference. */
  readonly does: string;
  readonly entity: 'none' | 'optional' | 'required';
  readonly args?: readonly ArgumentFacts[];
  readonly options?: readonly OptionFacts[];
  /** What `--json` prints: the public type, and what of it. */
  readonly json: string;
  /** When it exits with 2; left out where it never does. */
  readonly found?: string;
  /** Whether it says what will happen, and asks. */
  readonly asks?: string;
  /** Words behind `scrypath`. */
  readonly example: string;
  /** What has become of it when it was stopped by a signal, with the command that goes on, where there is one. */
  readonly stopped?: (run: CommandRun<O>) => Promise<Stopped> | Stopped;
  readonly run: (run: CommandRun<O>) => Promise<Outcome>;
}

export interface Stopped {
  readonly happened: string;
  /** Words behind `scrypath`; null where there is nothing to go on with. */
  readonly goesOn: readonly string[] | null;
}

/** Keeps the type of a command's options where all commands stand in one list. */
export const defineCommand = <O extends object = object>(command: Command<O>): Command => command as unknown as Command;

/** A command's options as words, for the command that goes on. */
export const wordsOf = (options: object): readonly string[] =>
  Object.entries(options).flatMap(([name, value]) => {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === undefined) return [];
    if (value === true) return FLAGS_THAT_ARE_ON.includes(name) ? [] : [`--${flag}`];
    return value === false ? [`--no-${flag}`] : [`--${flag}`, String(value)];
  });
/** Those that only a `--no-` takes away. */
const FLAGS_THAT_ARE_ON = ['cutover', 'keepOld', 'wait'];

/** The members that were given: an option that is undefined is another thing to a verb. */
export function given<T extends object>(options: T): { readonly [P in keyof T]: Exclude<T[P], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
