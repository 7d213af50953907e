import { type ErrorCode, ScrypathError } from '../errors/scrypath-error.js';

/** Refusals that come before anything is sent, or as the answer of an engine that took nothing. */
const NOT_TAKEN = [
  'BACKEND_UNREACHABLE',
  'BACKEND_FORBIDDEN',
  'BACKEND_REJECTED',
  'INDEX_NOT_FOUND',
  'INDEX_NAME_INVALID',
  'KEY_INVALID',
] as const satisfies readonly ErrorCode[];

/**
 * Whether the engine may have taken the request that an `upsert` or a `remove` failed with, or may take it late. It speaks
 * of that one request: what a call of several requests had accepted before, `onAccepted` was told. True wherever it is not
 * certain: a time-out, a broken connection, an abort, any foreign error.
 */
export function mayHaveBeenTaken(error: unknown): boolean {
  if (NOT_TAKEN.some((code) => ScrypathError.is(error, code))) return false;
  // A gateway in between says "busy" too, of a request that it may have handed on.
  if (ScrypathError.is(error, 'BACKEND_BUSY')) return !isAnswerOfTheEngine(error.cause);
  // It has a cause where it cut off a request under way.
  if (ScrypathError.is(error, 'CLOSED')) return error.cause !== undefined;
  return true;
}

/** The engine's own answer has a code and a status; a network's failure has no status, and a gateway's no code. */
const isAnswerOfTheEngine = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'status' in cause && 'code' in cause && typeof cause.code === 'string';
