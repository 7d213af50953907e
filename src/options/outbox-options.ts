import { isPlainObject, kindOf } from '../metadata/given.js';
import { DEFAULT_SHARDS, MAX_SHARDS } from '../outbox/outbox-schema.js';
import type { Backoff } from '../worker/failure.js';
import { isMilliseconds, MILLISECONDS, type Timing, timingOf } from '../worker/timing.js';

/** The outbox of an instance: its tables, and how its senders work. */
export interface InstanceOutboxOptions {
  /** Number of shards, 1 to 1 024; default 16. It is fixed when the tables are made. */
  readonly shards?: number;
  /** Longest time from claiming a batch to the engine's acceptance of it, in milliseconds; default 25 000. */
  readonly lockMs?: number;
  /** Longest wait for one answer of the engine, in milliseconds; default 10 000. */
  readonly requestMs?: number;
  /** How much later than its time-out a lost request may still reach the engine, in milliseconds; default 5 000. */
  readonly marginMs?: number;
  /** How often a document may fail alone inside the engine before it is discarded; default 5. */
  readonly maxAttempts?: number;
  /** Waits between tries, in milliseconds: the first, doubled each time, and the longest; default 500 and 60 000. */
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
}

export interface ResolvedOutbox {
  readonly shards: number;
  readonly timing: Timing;
  readonly maxAttempts: number;
  readonly backoff: Backoff;
}

const KNOWN = ['shards', 'lockMs', 'requestMs', 'marginMs', 'maxAttempts', 'backoff'];

/** @returns null where there is none; what does not hold goes to `problems` */
export function resolveOutbox(given: unknown, byDefault: boolean, problems: string[]): ResolvedOutbox | null {
  if (given === false || (given === undefined && !byDefault)) return null;
  const options = given === undefined || given === true ? {} : given;
  if (!isPlainObject(options)) {
    problems.push(`outbox is ${kindOf(given)}; it must be a boolean or an object`);
    return null;
  }
  for (const name of Object.keys(options)) if (!KNOWN.includes(name)) problems.push(`outbox.${name} is not an option`);
  const {
    shards = DEFAULT_SHARDS,
    lockMs = 25_000,
    requestMs = 10_000,
    marginMs = 5_000,
    maxAttempts = 5,
  } = options as InstanceOutboxOptions;
  const backoff = options.backoff ?? {};
  if (!isPlainObject(backoff)) problems.push('outbox.backoff must be an object');
  const { baseMs = 500, maxMs = 60_000 } = backoff as { baseMs?: number; maxMs?: number };
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= MAX_SHARDS))
    problems.push(`outbox.shards must be a whole number from 1 to ${MAX_SHARDS}`);
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1))
    problems.push('outbox.maxAttempts must be a whole number above 0');
  const times = { lockMs, requestMs, marginMs, 'backoff.baseMs': baseMs, 'backoff.maxMs': maxMs };
  for (const [name, value] of Object.entries(times))
    if (!isMilliseconds(value)) problems.push(`outbox.${name} must be ${MILLISECONDS}`);
  // Less would lose every batch of a slow engine, and send it again without end.
  if (isMilliseconds(lockMs) && isMilliseconds(requestMs) && requestMs >= lockMs)
    problems.push('outbox.requestMs must be less than outbox.lockMs');
  return Object.freeze({
    shards,
    timing: timingOf({ lockMs, requestMs, marginMs }),
    maxAttempts,
    backoff: Object.freeze({ baseMs, maxMs }),
  });
}
