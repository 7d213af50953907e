import { ConnectionIsNotSetError, QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';

/** Whether the database or the connection is at fault, and not what the application's code does with a record. */
export const isOfDatabase = (error: unknown): boolean =>
  error instanceof QueryFailedError ||
  error instanceof QueryRunnerAlreadyReleasedError ||
  error instanceof ConnectionIsNotSetError;

/**
 * Reads all keys at once; where that fails for the sake of one record, as when the application's code throws for it, halves
 * find it and keep it from the others.
 * @param isFatal whether an error is nobody's in particular: then it is thrown
 * @param failed told of each key that cannot be read alone
 */
export async function inHalves(
  keys: readonly DocumentKey[],
  read: (keys: readonly DocumentKey[]) => Promise<void>,
  isFatal: (error: unknown) => boolean,
  failed: (key: DocumentKey, error: unknown) => void,
): Promise<void> {
  try {
    await read(keys);
  } catch (error) {
    if (isFatal(error)) throw error;
    if (keys.length === 1) return failed(keys[0]!, error);
    const middle = Math.ceil(keys.length / 2);
    await inHalves(keys.slice(0, middle), read, isFatal, failed);
    await inHalves(keys.slice(middle), read, isFatal, failed);
  }
}
