/** Ends a task that was refused before it changed anything. `code` is the reference engine's. */
export class TaskFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Ends a task that has changed something already: what it did since the last step is undone. */
export class WriteFailure extends TaskFailure {}
