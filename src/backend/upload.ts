import type { SearchDocument } from '../document/search-document.js';
import type { Backend, Upload, WriteOptions } from './backend.js';
import type { TaskRef } from './task.js';

/** An empty upload to an index, in the engine's own form where it has one. */
export const uploadTo = (backend: Backend, index: string): Upload =>
  backend.upload?.(index) ?? new ListedUpload(backend, index);

/** Every so many documents one is measured: writing each as JSON once more would cost as much as sending it. */
const MEASURED_EVERY = 32;

/** Keeps the documents themselves, for an engine that takes them so. */
class ListedUpload implements Upload {
  readonly #backend: Backend;
  readonly #index: string;
  #documents: SearchDocument[] = [];
  #accepted: TaskRef[] = [];
  #added = 0;
  #measuredBytes = 0;

  constructor(backend: Backend, index: string) {
    this.#backend = backend;
    this.#index = index;
  }

  get count(): number {
    return this.#documents.length;
  }

  get bytes(): number {
    const measured = Math.ceil(this.#added / MEASURED_EVERY);
    return measured === 0 ? 0 : Math.round((this.#measuredBytes / measured) * this.count);
  }

  add(document: SearchDocument): void {
    if (this.#added % MEASURED_EVERY === 0) this.#measuredBytes += JSON.stringify(document.data).length;
    this.#added += 1;
    this.#documents.push(document);
  }

  async send(options: WriteOptions = {}): Promise<readonly TaskRef[]> {
    const taken = this.#accepted.reduce((sum, { count }) => sum + (count ?? 0), 0);
    const told: TaskRef[] = [];
    try {
      const rest = taken === 0 ? this.#documents : this.#documents.slice(taken);
      await options.beforeRequest?.();
      const onAccepted = (task: TaskRef) => {
        told.push(task);
        options.onAccepted?.(task);
      };
      const tasks = await this.#backend.upsert(this.#index, rest, { ...options, onAccepted });
      return [...this.#accepted, ...tasks];
    } catch (error) {
      this.#accepted.push(...told);
      throw error;
    }
  }

  clear(): void {
    // Another list: whoever was sent the last one may have kept it.
    this.#documents = [];
    this.#accepted = [];
  }
}
