import type { TaskRef } from '../backend/task.js';

/** What accepted rows wait for. */
export interface AcceptedTasks {
  readonly tasks: readonly TaskRef[];
  /** Whether nothing else was in flight on the index, so that a failure is this batch's own. */
  readonly isolated: boolean;
  /** When the batch was claimed, in milliseconds on the database's clock: what failed for its keys before, it overtakes. */
  readonly claimedAt: number;
  /** The rebuild whose target was written too: its tasks are those of another index than the first. Null where none was. */
  readonly rebuild: string | null;
}

/** As a row of the outbox keeps it. Rows of one batch have the same text. */
export const tasksText = ({ tasks, isolated, claimedAt, rebuild }: AcceptedTasks): string =>
  JSON.stringify({
    isolated,
    claimedAt,
    ...(rebuild === null ? {} : { rebuild }),
    tasks: tasks.map(({ id, index, batch }) => ({ id, index, batch })),
  });

export function parseTasks(text: string): AcceptedTasks {
  const { tasks, isolated, claimedAt, rebuild = null } = JSON.parse(text) as Partial<AcceptedTasks> & AcceptedTasks;
  return { tasks, isolated, claimedAt, rebuild };
}
