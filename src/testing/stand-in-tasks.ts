import type { DocumentKey, JsonObject, TaskOutcome, TaskRef } from '../index.js';

/** What a fault sees of a document that is written, or of a key that is removed. */
export interface Written {
  readonly key: DocumentKey;
  /** Not there for a removal. */
  readonly data?: JsonObject;
}

/** A call that becomes tasks. */
export interface Write {
  readonly index: string;
  readonly documents: readonly Written[];
  readonly batch: string | undefined;
}

interface Held {
  /** Reaches the engine; the caller has its answer already. */
  readonly send: () => Promise<readonly TaskRef[]>;
  real: readonly TaskRef[] | null;
}

/** Tasks that a caller was given in place of the engine's: ended as a fault wants it, or held back from the engine. */
export class StandInTasks {
  // Beyond the ids of any engine, so that nobody takes a stand-in for a real task.
  #nextId = 2 ** 40;
  readonly #ended = new Map<number, TaskOutcome>();
  readonly #held = new Map<number, Held>();

  /** A task that ends so. */
  ending(write: Write, outcome: Pick<TaskOutcome, 'status' | 'error'>): TaskRef {
    const task = this.#refOf(write);
    this.end(task, outcome);
    return task;
  }

  /** A task that does not reach the engine before {@link send}. */
  holding(write: Write, send: Held['send']): TaskRef {
    const task = this.#refOf(write);
    this.#held.set(task.id, { send, real: null });
    return task;
  }

  end(task: TaskRef, outcome: Pick<TaskOutcome, 'status' | 'error'>): void {
    this.#held.delete(task.id);
    this.#ended.set(task.id, { ...task, ...outcome });
  }

  /** Brings a task that is held back to the engine. */
  async send(task: TaskRef): Promise<void> {
    const held = this.#held.get(task.id);
    if (held !== undefined) held.real ??= await held.send();
  }

  /** How many the engine has not seen. */
  get waiting(): number {
    return [...this.#held.values()].filter(({ real }) => real === null).length;
  }

  /** The outcome of a stand-in; the real tasks to ask for otherwise. */
  lookUp(task: TaskRef): TaskOutcome | readonly TaskRef[] {
    const ended = this.#ended.get(task.id);
    if (ended !== undefined) return ended;
    const held = this.#held.get(task.id);
    return held === undefined ? [task] : (held.real ?? { ...task, status: 'processing', error: null });
  }

  #refOf({ index, documents, batch }: Write): TaskRef {
    return {
      id: this.#nextId++,
      index,
      ...(batch === undefined ? {} : { batch }),
      ...(documents.length === 0 ? {} : { count: documents.length }),
    };
  }
}
