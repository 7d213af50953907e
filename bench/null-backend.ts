import type { Backend, HitPage, StoredDocument, WriteOptions } from '../src/backend/backend.js';
import type { TaskRef } from '../src/backend/task.js';
import { type DocumentKey, KEY_ATTRIBUTE, type SearchDocument } from '../src/document/search-document.js';
import { DEFAULT_SETTINGS } from '../src/embedded/settings.js';

/**
 * A sink: it takes everything, keeps nothing but counts, and every task of it has succeeded at once. What is measured with
 * it costs no engine. It can look back at no task, so it knows none but its own ids.
 */
export class NullBackend implements Backend {
  readonly name = 'null';
  /** Documents written, keys removed, and the calls that did it. */
  documentsWritten = 0;
  keysRemoved = 0;
  requests = 0;
  #nextId = 0;
  readonly #createdAt = new Date(0).toISOString();

  async upsert(
    index: string,
    documents: readonly SearchDocument[],
    options?: WriteOptions,
  ): Promise<readonly TaskRef[]> {
    this.documentsWritten += documents.length;
    return this.#taken(index, documents.length, options);
  }

  async remove(index: string, keys: readonly DocumentKey[], options?: WriteOptions): Promise<readonly TaskRef[]> {
    this.keysRemoved += keys.length;
    return this.#taken(index, keys.length, options);
  }

  readonly outcomes: Backend['outcomes'] = async (tasks) =>
    tasks.map((task) => ({ ...task, status: task.id < this.#nextId ? 'succeeded' : 'unknown', error: null }));

  async search(): Promise<HitPage> {
    return { hits: [], totalHits: 0, totalPages: 0, facets: {}, facetStats: {}, raw: null };
  }

  async backlog(): Promise<number> {
    return 0;
  }

  readonly documents: Backend['documents'] = {
    scan: async function* (): AsyncGenerator<readonly StoredDocument[]> {},
    keys: async function* (): AsyncGenerator<readonly string[]> {},
    fetch: async () => [],
  };

  readonly indexes: Backend['indexes'] = {
    create: async (index) => this.#task(index),
    apply: async (index) => this.#task(index),
    swap: async (left) => this.#task(left),
    drop: async (index) => this.#task(index),
    get: async (name) => ({ name, createdAt: this.#createdAt, primaryKey: KEY_ATTRIBUTE }),
    settings: async () => DEFAULT_SETTINGS,
    stats: async () => ({ documents: 0, indexing: false }),
  };

  #taken(index: string, count: number, options: WriteOptions | undefined): readonly TaskRef[] {
    if (count === 0) return [];
    this.requests += 1;
    const { batch, onAccepted } = options ?? {};
    const task = { ...this.#task(index), ...(batch === undefined ? {} : { batch }), count };
    onAccepted?.(task);
    return [task];
  }

  #task(index: string): TaskRef {
    return { id: this.#nextId++, index };
  }
}
