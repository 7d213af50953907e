import type { TaskRef } from '../backend/task.js';
import type { DocumentKey } from '../document/search-document.js';
import type { SyncMode } from '../metadata/sync-mode.js';

/**
 * How far a sync verb has got when its promise resolves.
 * - `noop`: nothing was to do; neither engine nor database was asked.
 * - `enqueued`: the work is durable in the outbox, once the caller's transaction has committed; the engine has not seen it.
 * - `accepted`: the engine took the work; a search may not show it yet.
 * - `completed`: the engine reported success; a search shows it.
 */
export type SyncStatus = 'noop' | 'enqueued' | 'accepted' | 'completed';

/** What a sync verb returns, in every mode with the same members. */
export interface SyncResult {
  readonly mode: SyncMode;
  readonly status: SyncStatus;
  /** Keys of the documents written or removed, in the order given; over an outbox, the keys marked. */
  readonly keys: readonly DocumentKey[];
  readonly count: number;
  readonly index: string;
  /** The last task, or null; tasks of one index end in the order of their ids. */
  readonly task: TaskRef | null;
  /** Every task, in order: a verb that wrote and removed, or sent more than one request, has several. */
  readonly tasks: readonly TaskRef[];
  /** Ids of the durable work, as `failedWork` and `retry` know it; null without an outbox, and where nothing was to do. */
  readonly work: readonly string[] | null;
  /** What `waitForCompletion` takes; null without an outbox, and where nothing was to do. */
  readonly token: string | null;
}
