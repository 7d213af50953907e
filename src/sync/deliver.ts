import type { Backend } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';

export { waitForSuccess } from '../backend/wait-for-success.js';

/** What is to be sent to one index: documents to write and keys to remove. No key is in both. */
export interface Batch {
  readonly index: string;
  readonly upserts: readonly SearchDocument[];
  readonly removals: readonly DocumentKey[];
}

/**
 * Sends a batch. Resolves with the tasks when the engine has accepted all of it; `accepted` is told of each part at once,
 * so that what was taken before a failure is known.
 */
export async function send(
  backend: Backend,
  { index, upserts, removals }: Batch,
  accepted: (tasks: readonly TaskRef[]) => void,
  signal?: AbortSignal,
): Promise<readonly TaskRef[]> {
  const written = upserts.length > 0 ? await backend.upsert(index, upserts, { signal }) : [];
  accepted(written);
  const removed = removals.length > 0 ? await backend.remove(index, removals, { signal }) : [];
  accepted(removed);
  return [...written, ...removed];
}
