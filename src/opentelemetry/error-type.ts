import { ScrypathError } from '../index.js';

/**
 * The attribute `error.type` of an error: its code where it is one of ours, else its class. Never a word of its message,
 * in which a database, an engine or the application may repeat values of users.
 */
export function errorTypeOf(error: unknown): string {
  if (ScrypathError.is(error)) return error.code;
  // By its shape: the reason of an aborted signal may be of another realm.
  const name = typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
  return /^[A-Za-z][\w.]{0,79}$/.test(name) ? name : OTHER;
}

/** What OpenTelemetry calls an error of no class. */
const OTHER = '_OTHER';
