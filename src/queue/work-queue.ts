import type { EntityManager } from 'typeorm';
import type { DirtyKey } from '../outbox/outbox-row.js';

/**
 * A durable engine that distributes dirty keys over workers. What is dirty is the outbox's to say; a job is a list of keys
 * and never a document. A job is handed out at least once: again after a failure, and after a worker that died. The same
 * key may be handed to two consumers at once; that one sender serves a key at a time is the outbox's to ensure.
 */
export interface WorkQueue {
  /** Of the engine, for logs and pages. */
  readonly name: string;
  /** Whether `enqueue` can join a database transaction. Where it cannot, keys are to be enqueued after their commit. */
  readonly transactional: boolean;
  /** Connects, and makes in the engine what is missing. `enqueue` does so too where it was not called. */
  start(): Promise<void>;
  /**
   * Adds jobs for these keys. Never compared with jobs that are there: one of them may be under way with the state before
   * this change.
   * @param options.manager on a transactional queue: the jobs are committed and rolled back with its transaction
   * @throws ScrypathError `OPTION_INVALID` for a manager that cannot be joined, `KEY_INVALID`, `CLOSED`; and whatever the
   * engine throws
   */
  enqueue(keys: Iterable<DirtyKey>, options?: EnqueueOptions): Promise<void>;
  /**
   * Hands batches of keys to the handler, one batch at a time, until it is stopped. Begins at once, and goes on trying
   * where the engine cannot be reached. Two consumers of one queue share its jobs.
   * @throws ScrypathError `CLOSED`, `OPTION_INVALID`
   */
  consume(handler: KeyHandler, options?: ConsumeOptions): Consumer;
  /** Jobs that used up their attempts. They stay until they are retried or discarded. */
  readonly failed: FailedJobs;
  stats(): Promise<QueueStats>;
  /** Stops the consumers of this object, and ends the connections that are its own. */
  close(): Promise<void>;
}

export interface EnqueueOptions {
  readonly manager?: EntityManager | undefined;
}

/**
 * Is given distinct keys of one or more jobs. When its promise resolves these jobs are done and gone; when it rejects the
 * engine hands them out again, after a pause that grows. The signal is aborted when the consumer is told to stop and its
 * time is over, or when the engine has given the jobs to another: what is left undone will be handed out again.
 */
export type KeyHandler = (keys: readonly DirtyKey[], signal: AbortSignal) => Promise<void>;

export interface ConsumeOptions {
  /** Most keys in a batch; default 1000. A batch of a single job may have up to 100 more. */
  readonly maxKeys?: number;
}

export interface Consumer {
  /**
   * Takes no more jobs, and resolves when those that were taken are done. What is not done after `timeoutMs` milliseconds
   * (default 30 000) goes back to the queue, and its handler's signal is aborted. A second call waits for the first.
   */
  stop(options?: StopOptions): Promise<void>;
}

export interface StopOptions {
  readonly timeoutMs?: number;
}

export interface FailedJobs {
  /** A page, in the order of ids. @param page.after the `after` of the page before */
  list(page?: { readonly limit?: number; readonly after?: string | null }): Promise<FailedPage>;
  /** Hands the job out once more, attempts used up or not. False where no failed job has this id. */
  retry(id: string): Promise<boolean>;
  /** Removes the job for good. False where no failed job has this id. */
  discard(id: string): Promise<boolean>;
  count(): Promise<number>;
}

export interface FailedPage {
  readonly jobs: readonly FailedJob[];
  /** Where the next page begins; null where there is none. */
  readonly after: string | null;
}

export interface FailedJob {
  readonly id: string;
  readonly keys: readonly DirtyKey[];
  /** How often it was handed out. */
  readonly attempts: number;
  readonly failedAt: Date | null;
  /** Class and code of the last error, never its data; null where the engine knows none. */
  readonly reason: string | null;
}

/** Numbers of jobs, not of keys, as the engine counts them now. */
export interface QueueStats {
  /** Ready to be handed out. */
  readonly waiting: number;
  /** Waiting for their next attempt. */
  readonly delayed: number;
  /** Handed out. Those of a worker that died count here until the engine notices. */
  readonly active: number;
  readonly failed: number;
}
