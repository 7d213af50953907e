import { isTerminal, type TaskOutcome, type TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { PollIntervals } from './meilisearch-options.js';

/** How the engine described a task, by id. A task that it does not list is not in the map. */
export type TaskLook = ReadonlyMap<number, Pick<TaskOutcome, 'status' | 'error'>>;

export interface WaitFor {
  /** One look at the tasks given. */
  look(ids: readonly number[]): Promise<TaskLook>;
  /** Resolves after the time, rejects with the reason of an abort. */
  pause(ms: number): Promise<void>;
  readonly pollMs: Required<PollIntervals>;
  readonly waitMs: number;
  /** Called after each look. */
  looked?(): void;
}

/**
 * Looks at the tasks until every one has ended or the wait is over, at least once, and never again at one that ended.
 * While there is time a failure that may pass (a restart, an overload) only delays the next look.
 */
export async function outcomesOf(tasks: readonly TaskRef[], wait: WaitFor): Promise<readonly TaskOutcome[]> {
  const known = new Map<number, Pick<TaskOutcome, 'status' | 'error'>>();
  let pending = [...new Set(tasks.map((task) => task.id))];
  const deadline = performance.now() + wait.waitMs;
  for (let interval = wait.pollMs.first; ; interval = Math.min(interval * 1.5, wait.pollMs.longest)) {
    let failure: unknown = null;
    try {
      const look = await wait.look(pending);
      for (const id of pending) known.set(id, look.get(id) ?? { status: 'unknown', error: null });
    } catch (error) {
      if (!mayPass(error)) throw error;
      failure = error;
    }
    wait.looked?.();
    pending = pending.filter((id) => !isTerminal(known.get(id)?.status ?? 'enqueued'));
    const left = deadline - performance.now();
    if (pending.length === 0 || left <= 0) {
      // Without any look there is nothing to tell; with one, its outcomes are what the engine said last.
      if (failure !== null && pending.some((id) => !known.has(id))) throw failure;
      break;
    }
    await wait.pause(Math.min(interval, left));
  }
  return tasks.map((task) => ({ id: task.id, index: task.index, ...known.get(task.id)! }));
}

const PASSING = ['BACKEND_UNREACHABLE', 'BACKEND_TIMEOUT', 'BACKEND_BUSY', 'BACKEND_BROKEN'] as const;
const mayPass = (error: unknown): boolean => PASSING.some((code) => ScrypathError.is(error, code));
