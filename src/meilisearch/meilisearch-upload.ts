import type { EnqueuedTask } from 'meilisearch';
import type { Upload, WriteOptions } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import type { SearchDocument } from '../document/search-document.js';
import { DocumentLines } from './document-lines.js';
import { sendParts } from './parts.js';

/** An upload as the bytes of its requests. */
export class MeilisearchUpload implements Upload {
  readonly #lines: DocumentLines;
  readonly #accepted: TaskRef[] = [];
  readonly #enqueue: (body: Uint8Array, options: WriteOptions) => Promise<EnqueuedTask>;

  /** @param enqueue sends one request */
  constructor(
    index: string,
    maxBytes: number,
    enqueue: (body: Uint8Array, options: WriteOptions) => Promise<EnqueuedTask>,
  ) {
    this.#lines = new DocumentLines(index, maxBytes);
    this.#enqueue = enqueue;
  }

  get count(): number {
    return this.#lines.count;
  }

  get bytes(): number {
    return this.#lines.bytes;
  }

  add(document: SearchDocument): void {
    this.#lines.add(document);
  }

  async send(options: WriteOptions = {}): Promise<readonly TaskRef[]> {
    await sendParts(this.#lines.index, this.#lines.payloads(), this.#enqueue, this.#accepted, options);
    return [...this.#accepted];
  }

  clear(): void {
    this.#lines.clear();
    this.#accepted.length = 0;
  }
}
