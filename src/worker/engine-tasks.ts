import type { Backend } from '../backend/backend.js';
import type { FailedTask } from '../backend/task.js';

/** Failed tasks that are asked for at once. */
const PAGE = 1_000;

/** Why none of them can be tried again. */
export const NOT_RETRYABLE = 'The engine keeps no payload of a task, and no row of the outbox stands behind it.';

/**
 * Failed tasks of an index that the outbox does not answer for, the newest first, as far as the engine remembers them. What
 * Scrypath has sent itself carries the id of its batch, and was settled when it failed: it is tried again, or is failed work.
 */
export async function foreignFailures(
  backend: Pick<Backend, 'failures'>,
  index: string,
  signal?: AbortSignal,
): Promise<readonly FailedTask[]> {
  const found: FailedTask[] = [];
  for (let before: number | undefined; ; ) {
    const { tasks } = await backend.failures!(index, { limit: PAGE, before, signal });
    found.push(...tasks.filter(({ batch }) => batch === null));
    const oldest = tasks.at(-1);
    // Not by the length of a page: an engine may have a limit of its own.
    if (oldest === undefined) return found;
    before = oldest.id;
  }
}
