import { ScrypathError } from '../errors/scrypath-error.js';

/** The id, which can stand in a path as it is. Throws `TASK_UNKNOWN`. */
export function checkedTaskId(id: number): number {
  if (Number.isSafeInteger(id) && id >= 0) return id;
  throw new ScrypathError({
    code: 'TASK_UNKNOWN',
    happened: `${String(id)} cannot be the id of a task.`,
    remedy: 'Give the id that the engine returned: a whole number from 0.',
  });
}
