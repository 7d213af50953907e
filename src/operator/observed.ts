import { QueryFailedError } from 'typeorm';
import { failureReason } from '../queue/failure-reason.js';

/** A figure that was looked at, or why it could not be. What was not observed has no value: never 0 for "not known". */
export type Observed<T> =
  | { readonly observed: true; readonly value: T }
  | { readonly observed: false; readonly why: string };

export const observed = <T>(value: T): Observed<T> => Object.freeze({ observed: true, value });
export const unobserved = (why: string): Observed<never> => Object.freeze({ observed: false, why });

/** Looks, and says why where that fails; the reason holds no key and no document. An aborted look rejects. */
export async function observe<T>(look: () => Promise<T>, signal?: AbortSignal): Promise<Observed<T>> {
  try {
    return observed(await look());
  } catch (error) {
    signal?.throwIfAborted();
    return unobserved(reasonOf(error));
  }
}

/** A database's code alone tells little to whoever does not know it by heart. */
const reasonOf = (error: unknown): string =>
  error instanceof QueryFailedError
    ? `The database refused a statement (${failureReason(error)}): doctor() looks at its tables.`
    : failureReason(error);

/** A connection to the database, or why there is none. */
export async function connected<C>(connect: () => Promise<C>, signal?: AbortSignal): Promise<Observed<C>> {
  const connection = await observe(connect, signal);
  return connection.observed ? connection : unobserved(`The database could not be reached (${connection.why}).`);
}

/** The part of an observed whole. */
export const part = <T, P>(whole: Observed<T>, of: (value: T) => P): Observed<P> =>
  whole.observed ? observed(of(whole.value)) : whole;

export const NO_OUTBOX = unobserved('This Scrypath instance has no outbox: nothing is written down of its work.');
