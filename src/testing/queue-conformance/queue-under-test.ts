import type { DataSource } from 'typeorm';
import type { RetryOptions } from '../../queue/retry-policy.js';
import type { WorkQueue } from '../../queue/work-queue.js';

/** The engine under test, and what the suite needs to try it hard. */
export interface QueueUnderTest {
  /**
   * Opens the queue of that name, as another program would: two calls with one name are two ends of one queue. A consumer
   * that dies must have its jobs handed out again within 20 seconds.
   */
  open(name: string, retry: Required<RetryOptions>): WorkQueue;
  /**
   * A program that opens the queue of that name and calls `serveConsumer` with it and `behaviour`; it is started as a
   * process of its own, and killed.
   */
  program(name: string, behaviour: ChildBehaviour): { readonly command: string; readonly args: readonly string[] };
  /** Cuts all connections that `open` made to the engine and refuses new ones, until what it returns is called. */
  interrupt(): Promise<() => Promise<void>>;
  /** A DataSource on the database that a transactional queue is in; null for others. */
  readonly dataSource: DataSource | null;
  dispose(): Promise<void>;
}

/** What a child does with a batch: never come back from it, or be done at once. */
export type ChildBehaviour = 'hold' | 'finish';
