import type { TaskRef } from '../backend/task.js';
import type { DocumentKey } from '../document/search-document.js';
import type { SyncMode } from '../metadata/sync-mode.js';

/**
 * How far a sync verb has got when its promise resolves.
 * - `noop`: nothing was to do; neither engine nor database was asked.
 * - `accepted`: the engine took the work; a search may not show it yet.
 * - `completed`: the engine reported success; a search shows it.
 */
export type SyncStatus = 'noop' | 'enqueued' | 'accepted' | 'completed';

/** What a sync verb returns, in every mode with the same members. */
export interface SyncResult {
  readonly mode: SyncMode;
  readonly status: SyncStatus;
  /** Keys of the documents written or removed, in the order given. */
  readonly keys: readonly DocumentKey[];
  readonly count: number;
  readonly index: string;
  /** The last task, or null; tasks of one index end in the order of their ids. */
  readonly task: TaskRef | null;
  /** Every task, in order: a verb that wrote and removed, or sent more than one request, has several. */
  readonly tasks: readonly TaskRef[];
  /** Reference to durable work; null in the modes without a queue. */
  readonly work: null;
  /** Token to wait for; null in the modes without a queue. */
  readonly token: null;
}
