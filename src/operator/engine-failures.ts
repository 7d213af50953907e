import type { Backend } from '../backend/backend.js';
import { foreignFailures, NOT_RETRYABLE } from '../worker/engine-tasks.js';
import { type Observed, observe, part, unobserved } from './observed.js';

/** A task that the engine failed, and that no row of the outbox stands behind. */
export interface EngineFailure {
  /** Of the task, in the engine. */
  readonly task: number;
  readonly index: string;
  /** The engine's code; its words may quote documents. */
  readonly code: string;
  readonly failedAt: string | null;
  readonly retryable: false;
  /** Why it cannot be retried. */
  readonly why: string;
}

/** Failed tasks of an index that the outbox does not answer for, the newest first. */
export async function engineFailures(
  backend: Backend,
  index: string,
  signal: AbortSignal | undefined,
): Promise<Observed<readonly EngineFailure[]>> {
  if (!backend.failures) return unobserved(`${backend.name} does not list failed tasks.`);
  const found = await observe(() => foreignFailures(backend, index, signal), signal);
  return part(found, (tasks) =>
    Object.freeze(
      tasks.map(({ id: task, error: { code }, failedAt }) =>
        Object.freeze({ task, index, code, failedAt, retryable: false, why: NOT_RETRYABLE } as const),
      ),
    ),
  );
}
