import { ScrypathError } from '../errors/scrypath-error.js';
import type { Backend } from './backend.js';
import { isTerminal, type TaskOutcome, type TaskRef } from './task.js';

/**
 * Waits until every task has succeeded.
 * @throws ScrypathError `TASK_FAILED`, `TASK_CANCELED`, `TASK_TIMEOUT`, `TASK_UNKNOWN`, carrying the task
 */
export async function waitForSuccess(
  backend: Backend,
  tasks: readonly TaskRef[],
  timeoutMs: number,
  entity: string,
  signal?: AbortSignal,
): Promise<void> {
  const outcomes = await backend.outcomes(tasks, { waitMs: timeoutMs, signal });
  const unhappy =
    outcomes.find((outcome) => isTerminal(outcome.status) && outcome.status !== 'succeeded') ??
    outcomes.find((outcome) => outcome.status !== 'succeeded');
  if (unhappy) throw taskError(unhappy, entity, timeoutMs);
}

function taskError(outcome: TaskOutcome, entity: string, timeoutMs: number): ScrypathError {
  const { id, index, status, error } = outcome;
  const named = `Task ${id} on index "${index}"`;
  const facts = { entity, index, task: { id, index } };
  switch (status) {
    case 'failed':
      return new ScrypathError({
        ...facts,
        code: 'TASK_FAILED',
        happened: `${named} failed in the engine${error ? ` (${error.code})` : ''}.`,
        remedy: 'The cause says why. Nothing of this task is in the index.',
        cause: error && Object.assign(new Error(error.message), { code: error.code }),
      });
    case 'canceled':
      return new ScrypathError({
        ...facts,
        code: 'TASK_CANCELED',
        happened: `${named} was canceled in the engine.`,
        remedy: 'Sync the records again.',
      });
    case 'unknown':
      return new ScrypathError({
        ...facts,
        code: 'TASK_UNKNOWN',
        happened: `The engine does not know task ${id} on index "${index}": its outcome cannot be known.`,
        remedy: 'Sync the records again; writing a document twice does no harm.',
      });
    default:
      return new ScrypathError({
        ...facts,
        code: 'TASK_TIMEOUT',
        happened: `${named} had not ended after ${timeoutMs} ms.`,
        remedy: 'It may yet complete. To wait longer, raise sync.timeoutMs.',
      });
  }
}
