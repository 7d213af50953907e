import { failureKind } from '../backend/failure-kind.js';
import type { TaskError } from '../backend/task.js';

/** Ends a task that was refused before it changed anything. `code` is the reference engine's. */
export class TaskFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** The document in hand, where the failure is about one. */
    readonly document: string | null = null,
  ) {
    super(message);
  }
}

/** Ends a task that has changed something already: what it did since the last step is undone. */
export class WriteFailure extends TaskFailure {}

/** What a task tells of the failure that ended it. */
export function toTaskError(failure: unknown): TaskError {
  const message = failure instanceof Error ? failure.message : String(failure);
  return failure instanceof TaskFailure
    ? taskError(failure.code, message, failure.document)
    : taskError('internal', message, null);
}

export const taskError = (code: string, message: string, document: string | null): TaskError => ({
  code,
  message,
  document,
  kind: failureKind(code, document),
});
