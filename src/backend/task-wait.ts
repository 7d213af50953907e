import type { TaskOutcome, TaskStatus } from './task.js';

/** Facts of the span that a backend publishes for each look at tasks, and each wait for them. */
export interface TaskWaitSpan {
  /** Ids of the tasks. */
  readonly tasks: readonly number[];
  /** How often was looked. */
  polls: number;
  /** At the end: `succeeded` where every task was, else the first of the others in the order of {@link UNLIKE_SUCCESS}. */
  outcome?: TaskStatus;
}

/** A wait that is over before the tasks ended ends with what they were then: that is no error of the wait. */
const UNLIKE_SUCCESS: readonly TaskStatus[] = ['failed', 'canceled', 'unknown', 'processing', 'enqueued'];

export function waitOutcome(outcomes: readonly TaskOutcome[]): TaskStatus {
  const seen = new Set(outcomes.map(({ status }) => status));
  return UNLIKE_SUCCESS.find((status) => seen.has(status)) ?? 'succeeded';
}
