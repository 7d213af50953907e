/** A unit of work that a backend accepted. Ids grow; they are unique within one backend. */
export interface TaskRef {
  readonly id: number;
  /** The index that the task works on. */
  readonly index: string;
}

/** `unknown`: the backend does not know the task (any more), so its outcome cannot be known. */
export const TASK_STATUSES = ['enqueued', 'processing', 'succeeded', 'failed', 'canceled', 'unknown'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** How far a task has got, as the backend said at the last look. */
export interface TaskOutcome extends TaskRef {
  readonly status: TaskStatus;
  /** The engine's own error, when `status` is `failed`. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export const isTerminal = (status: TaskStatus): boolean => status !== 'enqueued' && status !== 'processing';
