/**
 * The times that a request may take, and what follows from them. A request that got no answer, or whose sender died, may
 * still reach the engine until `graceMs` after its batch was claimed.
 */
export interface Timing {
  /** Longest time from claiming a batch to its mark, in milliseconds; the database ends a connection that is idle longer. */
  readonly lockMs: number;
  /** Longest wait for one answer of the engine, in milliseconds. */
  readonly requestMs: number;
  /** Lock, request and margin: from then on a lost request has arrived or never will. */
  readonly graceMs: number;
}

/** What a network may hold back a request for, beyond its time-out. */
const MARGIN_MS = 5_000;

export const timingOf = (given: { readonly lockMs: number; readonly requestMs: number; marginMs?: number }): Timing =>
  Object.freeze({
    lockMs: given.lockMs,
    requestMs: given.requestMs,
    graceMs: given.lockMs + given.requestMs + (given.marginMs ?? MARGIN_MS),
  });

/** Longest wait: what a timer takes. */
export const MAX_MILLISECONDS = 2 ** 31 - 1;
export const MILLISECONDS = `milliseconds above 0, at most ${MAX_MILLISECONDS}`;
export const isMilliseconds = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value <= MAX_MILLISECONDS;
