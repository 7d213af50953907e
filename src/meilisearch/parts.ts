import type { EnqueuedTask } from 'meilisearch';
import type { WriteOptions } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';

/** The body of one request, and how many documents or keys it holds. */
export interface Part<Body> {
  readonly body: Body;
  readonly count: number;
}

/**
 * Sends the parts of one call that have no task yet, one after the other: side by side, the engine could take them in another
 * order.
 * @param accepted the tasks of the first parts; what is accepted is added
 */
export async function sendParts<Body>(
  index: string,
  parts: readonly Part<Body>[],
  enqueue: (body: Body, options: WriteOptions) => Promise<EnqueuedTask>,
  accepted: TaskRef[],
  options: WriteOptions,
): Promise<void> {
  const { batch, onAccepted, beforeRequest } = options;
  for (const { body, count } of parts.slice(accepted.length)) {
    await beforeRequest?.();
    const task = await enqueue(body, options).catch((failure: unknown) => {
      throw accepted.length > 0 ? partlyAccepted(accepted, parts.length, failure) : failure;
    });
    const ref = { ...refOf(index, task), ...(batch === undefined ? {} : { batch }), count };
    accepted.push(ref);
    onAccepted?.(ref);
  }
}

export const refOf = (index: string, task: EnqueuedTask): TaskRef => ({ id: task.taskUid, index });

/** Same code; an aborted call keeps the reason that its caller gave. */
const partlyAccepted = (accepted: readonly TaskRef[], parts: number, failure: unknown): unknown =>
  ScrypathError.is(failure)
    ? new ScrypathError({
        code: failure.code,
        happened: `${failure.message} Of ${parts} parts ${accepted.length} were accepted before, as tasks ${accepted.map(({ id }) => id).join(', ')}.`,
        index: failure.index,
        task: { id: accepted.at(-1)!.id, index: accepted.at(-1)!.index },
        cause: failure.cause,
      })
    : failure;
