import type { DocumentKey } from '../document/search-document.js';

/** A unit of work that a backend accepted. Ids grow; they are unique within one backend. */
export interface TaskRef {
  readonly id: number;
  /** The index that the task works on. */
  readonly index: string;
  /** Our own id of the batch, where the call named one: by it an outcome is told from that of another task with this id. */
  readonly batch?: string;
  /** How many of the call's documents or keys the task holds. The tasks of one call hold them in the call's order. */
  readonly count?: number;
}

/** `unknown`: the backend does not know the task (any more), so its outcome cannot be known. */
export const TASK_STATUSES = ['enqueued', 'processing', 'succeeded', 'failed', 'canceled', 'unknown'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** The engine's own error of a failed task. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  /** The document that the engine named, or null where it named none. Tasks that ran with it may fail for its sake. */
  readonly document: DocumentKey | null;
  /**
   * `document`: it lies in what was sent, and sending the same again fails again. `engine`: it lies in the engine, in the
   * index or in the request; what was sent may be good.
   */
  readonly kind: 'document' | 'engine';
}

/** How far a task has got, as the backend said at the last look. */
export interface TaskOutcome extends TaskRef {
  readonly status: TaskStatus;
  /** There when `status` is `failed`. */
  readonly error: TaskError | null;
}

/** A task that failed, as the engine remembers it. */
export interface FailedTask {
  readonly id: number;
  readonly index: string;
  /** Our own id of the batch that it was sent with; null where it was sent with none, or is no write of documents. */
  readonly batch: string | null;
  readonly error: TaskError;
  /** ISO 8601; null where the engine does not keep it. */
  readonly failedAt: string | null;
}

export const isTerminal = (status: TaskStatus): boolean => status !== 'enqueued' && status !== 'processing';
