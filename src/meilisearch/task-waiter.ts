import { isTerminal, type TaskOutcome, type TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { PollIntervals } from './meilisearch-options.js';

/** How far a task has got, and whose it is. */
export interface SeenTask extends Pick<TaskOutcome, 'status' | 'error'> {
  /** The batch id that it was sent with. */
  readonly batch: string | null;
  /** The index for which it was accepted; null where it is of no single one. */
  readonly index: string | null;
}

/** How the engine described a task, by id. A task that it does not list is not in the map. */
export type TaskLook = ReadonlyMap<number, SeenTask>;

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
  const known = new Map<number, SeenTask | null>();
  let pending = tasks;
  const deadline = performance.now() + wait.waitMs;
  let paused = 0;
  for (let interval = wait.pollMs.first; ; interval = nextInterval(wait.pollMs, interval, paused)) {
    let failure: unknown = null;
    try {
      const ids = [...new Set(pending.map((task) => task.id))];
      const look = await wait.look(ids);
      for (const id of ids) known.set(id, look.get(id) ?? null);
    } catch (error) {
      if (!mayPass(error)) throw error;
      failure = error;
    }
    wait.looked?.();
    pending = pending.filter((task) => !isTerminal(outcomeOf(task, known.get(task.id)).status));
    const left = deadline - performance.now();
    if (pending.length === 0 || left <= 0) {
      // Without any look there is nothing to tell; with one, its outcomes are what the engine said last.
      if (failure !== null && pending.some((task) => !known.has(task.id))) throw failure;
      break;
    }
    await wait.pause(Math.min(interval, left));
    paused += interval;
  }
  return tasks.map((task) => outcomeOf(task, known.get(task.id)));
}

/** How much of the time waited an end may be seen too late. */
const LATE = 0.15;
/** An interval at which looks cost nothing beside the task, in milliseconds. */
const SHORT = 25;

/** Grows fast to a short interval, and from there with the time waited: growing by half each time saw a task's end a third of its time too late. */
function nextInterval({ first, longest }: Required<PollIntervals>, interval: number, waitedMs: number): number {
  const wanted = Math.min(interval * 1.5, Math.max(SHORT, waitedMs * LATE));
  return Math.max(first, Math.min(wanted, longest));
}

/** `undefined` was not looked at yet, `null` is not listed. */
function outcomeOf(task: TaskRef, seen: SeenTask | null | undefined): TaskOutcome {
  if (seen === undefined) return { ...task, status: 'enqueued', error: null };
  if (seen === null || isAnother(task, seen)) return { ...task, status: 'unknown', error: null };
  return { ...task, status: seen.status, error: seen.error };
}

/** An engine restored from elsewhere, or one with a new task queue, gives the same id to other work. */
function isAnother(task: TaskRef, seen: SeenTask): boolean {
  if (task.batch !== undefined) return seen.batch !== task.batch;
  return seen.index !== null && task.index !== '' && seen.index !== task.index;
}

const PASSING = ['BACKEND_UNREACHABLE', 'BACKEND_TIMEOUT', 'BACKEND_BUSY', 'BACKEND_BROKEN'] as const;
const mayPass = (error: unknown): boolean => PASSING.some((code) => ScrypathError.is(error, code));
