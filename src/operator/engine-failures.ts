import type { Backend } from '../backend/backend.js';
import { type Observed, observe, unobserved } from './observed.js';

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

/** Failed tasks that are looked through. */
const LIMIT = 1_000;
const WHY = 'The engine keeps no payload of a task, and no row of the outbox stands behind it.';

/**
 * Failed tasks of an index that the outbox does not answer for. What it has sent itself carries the id of its batch, and was
 * settled when it failed: it is tried again, or is failed work. Where there are more than can be looked through none is
 * listed: a part would look like all.
 */
export async function engineFailures(
  backend: Backend,
  index: string,
  signal: AbortSignal | undefined,
): Promise<Observed<readonly EngineFailure[]>> {
  if (!backend.failures) return unobserved(`${backend.name} does not list failed tasks.`);
  const found = await observe(() => backend.failures!(index, { limit: LIMIT, signal }), signal);
  if (!found.observed) return found;
  const { tasks, total } = found.value;
  if (total > tasks.length)
    return unobserved(`The engine remembers ${total} failed tasks, and ${LIMIT} can be listed.`);
  const others = tasks.filter(({ batch }) => batch === null);
  return Object.freeze({
    observed: true,
    value: Object.freeze(
      others.map(({ id: task, error: { code }, failedAt }) =>
        Object.freeze({ task, index, code, failedAt, retryable: false, why: WHY } as const),
      ),
    ),
  });
}
