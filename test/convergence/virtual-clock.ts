import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource } from 'typeorm';
import { dialectOf } from '../../src/outbox/dialect';

const START = 1_700_000_000_000;
const STAMP = /\(\d{13}\+0\)/g;

/** Shorter waits take the time that they take: they are turns for others rather than time. */
const SHORTEST_MS = 3;
/** Whose waits pass on this clock: not those of drivers and engines. */
const WAITING = /\/src\/(?:worker|reindex|verify|backfill|fill-index)\b/;

interface Timer {
  readonly at: number;
  readonly owner: object | undefined;
  readonly ring: () => void;
  unref(): Timer;
}

/**
 * One clock for the program and its database, which goes on only when told to. What is a second's grace passes at once,
 * and a machine under load changes nothing.
 */
export class VirtualClock {
  /** Whoever waits does so for one of these. */
  readonly owners = new AsyncLocalStorage<object>();
  #now = START;
  readonly #timers = new Set<Timer>();
  readonly #gone = new WeakSet<object>();
  readonly #restore: () => void;

  constructor(dataSource: DataSource) {
    const { performance } = globalThis;
    const { now } = performance;
    const dialect = dialectOf(dataSource);
    const { nowMs } = dialect;
    performance.now = () => this.now;
    Object.defineProperty(dialect, 'nowMs', { get: () => `(${this.now}+0)`, configurable: true, enumerable: true });
    const restoreTimers = this.#takeTimers();
    this.#restore = () => {
      restoreTimers();
      performance.now = now;
      Object.defineProperty(dialect, 'nowMs', { value: nowMs, configurable: true, enumerable: true, writable: true });
    };
  }

  get now(): number {
    return this.#now;
  }

  set now(time: number) {
    this.#now = time;
    for (const timer of [...this.#timers]) if (timer.at <= time) this.#ring(timer);
  }

  /** How many waits of an owner are under way. */
  sleeping(owner: object): number {
    return [...this.#timers].filter((timer) => timer.owner === owner).length;
  }

  /** How long it is until the first of an owner's waits is over; null where he waits for nothing. */
  untilWoken(owner: object): number | null {
    const times = [...this.#timers].flatMap((timer) => (timer.owner === owner ? [timer.at] : []));
    return times.length === 0 ? null : Math.max(0, Math.min(...times) - this.#now);
  }

  /** The owner waits for nothing any more. */
  end(owner: object): void {
    this.#gone.add(owner);
    for (const timer of [...this.#timers]) if (timer.owner === owner) this.#ring(timer);
  }

  #ring(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.ring();
  }

  #takeTimers(): () => void {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const later = (call: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
      if (ms < SHORTEST_MS || !WAITING.test(callerOf(later))) return set(call, ms, ...given);
      const owner = this.owners.getStore();
      const timer: Timer = { at: this.#now + ms, owner, ring: () => call(...given), unref: () => timer };
      this.#timers.add(timer);
      if (owner && this.#gone.has(owner)) set(() => this.#ring(timer), 0);
      return timer;
    };
    globalThis.setTimeout = Object.assign(later, set) as unknown as typeof set;
    globalThis.clearTimeout = ((timer: unknown) => {
      if (!this.#timers.delete(timer as Timer)) clear(timer as NodeJS.Timeout);
    }) as typeof clear;
    return () => {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    };
  }

  /** The statement with the time at which it is carried out, not that at which its text was made. */
  stamp(sql: string): string {
    return sql.replace(STAMP, `(${this.now}+0)`);
  }

  stop(): void {
    this.#restore();
  }
}

/** The file that has called a function. Without a text of the whole stack, which takes its time to write. */
function callerOf(called: (...given: never[]) => unknown): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, sites) => sites[0]?.getFileName() ?? '';
    const trace = {} as { stack: string };
    Error.captureStackTrace(trace, called);
    return trace.stack;
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
