import { setMaxListeners } from 'node:events';
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type {
  Backend,
  CallOptions,
  DocumentReader,
  HitPage,
  IndexAdmin,
  IndexInfo,
  OutcomesOptions,
  StoredDocument,
  WriteOptions,
} from '../backend/backend.js';
import { checkedIndexName, checkedKey } from '../backend/names.js';
import type { TaskOutcome, TaskRef } from '../backend/task.js';
import { type TaskWaitSpan, waitOutcome } from '../backend/task-wait.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { SearchQuery } from '../query/search-query.js';
import { span } from '../telemetry/span.js';
import { Engine } from './engine.js';
import { searchIndex } from './search.js';
import type { CompleteSettings } from './settings.js';
import { requireSettings } from './settings-check.js';
import type { EmbeddedOperation, EmbeddedRequestSpan } from './span-names.js';
import type { StoredIndex, WrittenDocument } from './stored-index.js';
import type { Work } from './task-queue.js';

export interface EmbeddedOptions {
  /**
   * Path of the file that keeps the indexes and the accepted tasks; files named like it, with `-wal`, `-shm` and `-lock`
   * behind, stand beside it. Without it everything is in memory and is gone when the backend is closed. One process at a
   * time can have a file open.
   */
  readonly file?: string;
}

/** Characters of JSON in one task at most: what is written is in memory twice while it is queued. */
const MAX_TASK_CHARACTERS = 32 * 1024 * 1024;
const DEFAULT_PAGE_SIZE = 1000;

/** Engines with a file, by its path: two backends of one process share one. */
const openFiles = new Map<string, { readonly engine: Engine; users: number }>();

/**
 * A search engine inside the process, on SQLite FTS5. It means what Meilisearch 1.50 means by text, filters, sorts, facets,
 * paging, highlights, settings and tasks; vectors and geography are not there. Meant for tests, development and small
 * installations of one process.
 * @example
 * const scrypath = new Scrypath({ dataSource, backend: embedded({ file: 'search.db' }) });
 */
export class EmbeddedBackend implements Backend {
  readonly name = 'embedded';
  readonly documents: DocumentReader;
  readonly indexes: IndexAdmin;
  private readonly engine: Engine;
  private readonly path: string;
  private readonly closing = new AbortController();

  /** @throws ScrypathError `PEER_MISSING`, `OPTION_INVALID`, `BACKEND_BUSY` (another process has the file open) */
  constructor(options: EmbeddedOptions = {}) {
    // As many may wait for tasks at once as like to.
    setMaxListeners(0, this.closing.signal);
    this.path = pathOf(options);
    this.engine = openEngine(this.path);
    this.documents = {
      scan: (index, given) => this.scan(index, given),
      keys: (index, given) => this.keys(index, given),
      fetch: (index, keys, given) => this.fetch(index, keys, given),
    };
    this.indexes = {
      create: (index, given) => this.request('create', index, () => this.accept({ kind: 'create', index }, given)),
      get: (index, given) => this.request('get', index, () => this.info(index, given)),
      settings: (index, given) => this.request('settings', index, () => this.settings(index, given)),
      apply: (index, settings, given) => this.request('apply', index, () => this.apply(index, settings, given)),
      swap: (left, right, given) => this.request('swap', left, () => this.swap(left, right, given)),
      drop: (index, given) => this.request('drop', index, () => this.accept({ kind: 'drop', index }, given)),
      stats: (index, given) => this.request('stats', index, () => this.stats(index, given)),
    };
  }

  upsert(index: string, documents: readonly SearchDocument[], options?: WriteOptions): Promise<readonly TaskRef[]> {
    return this.request('upsert', index, () => {
      this.begin(options, index);
      requireKeys(
        index,
        documents.map(({ key }) => key),
      );
      const written = documents.map(({ key, data }): WrittenDocument => ({ key, body: JSON.stringify(data) }));
      return batchesOf(written).map((batch) => this.take({ kind: 'upsert', index, documents: batch }, options));
    });
  }

  remove(index: string, keys: readonly DocumentKey[], options?: WriteOptions): Promise<readonly TaskRef[]> {
    return this.request('remove', index, () => {
      this.begin(options, index);
      requireKeys(index, keys);
      return keys.length === 0 ? [] : [this.take({ kind: 'remove', index, keys: [...keys] }, options)];
    });
  }

  backlog(options?: CallOptions): Promise<number> {
    return this.request('backlog', null, () => {
      this.begin(options);
      return this.engine.queue.size;
    });
  }

  failures(index: string, options: CallOptions & { readonly limit: number; readonly before?: number | undefined }) {
    return this.request('failures', index, () => {
      this.begin(options, index);
      const tasks = this.engine.queue.failuresOf(index);
      const { limit, before = Number.POSITIVE_INFINITY } = options;
      return { tasks: tasks.filter(({ id }) => id < before).slice(0, limit), total: tasks.length };
    });
  }

  async outcomes(tasks: readonly TaskRef[], options: OutcomesOptions = {}): Promise<readonly TaskOutcome[]> {
    this.begin(options);
    if (tasks.length === 0) return [];
    const facts: TaskWaitSpan = { tasks: tasks.map(({ id }) => id), polls: 0 };
    return span('scrypath:embedded:task_wait', facts, async (context) => {
      await this.engine.queue.wait(tasks, options.waitMs ?? 0, this.signals(options.signal));
      const outcomes = tasks.map((task) => this.engine.queue.outcomeOf(task));
      // The queue tells when they have ended: nobody asks again and again.
      context.polls = 1;
      context.outcome = waitOutcome(outcomes);
      return outcomes;
    });
  }

  search(index: string, query: SearchQuery, options?: CallOptions): Promise<HitPage> {
    return this.request('search', index, async () => searchIndex(index, await this.ready(index, options), query));
  }

  /** Lets go of the file and of the memory. Tasks that have not ended are carried out when the file is opened again. */
  async close(): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.closing.abort(closedError());
    closeEngine(this.path, this.engine);
  }

  private request<T>(operation: EmbeddedOperation, index: string | null, run: () => T | Promise<T>): Promise<T> {
    const facts: EmbeddedRequestSpan = { operation, index };
    return span('scrypath:embedded:request', facts, async () => run());
  }

  private begin(options: CallOptions | undefined, ...indexes: string[]): void {
    if (this.closing.signal.aborted) throw closedError();
    options?.signal?.throwIfAborted();
    for (const index of indexes) checkedIndexName(index);
  }

  private signals(given: AbortSignal | undefined): AbortSignal {
    return given === undefined ? this.closing.signal : AbortSignal.any([given, this.closing.signal]);
  }

  private take(work: Work, options: WriteOptions | undefined): TaskRef {
    const task = this.engine.accept(work, options?.batch);
    options?.onAccepted?.(task);
    return task;
  }

  private accept(work: Work, options: CallOptions | undefined): TaskRef {
    this.begin(options, work.index);
    return this.engine.accept(work);
  }

  private async ready(name: string, options: CallOptions | undefined): Promise<StoredIndex> {
    this.begin(options, name);
    for (;;) {
      const index = this.existing(name);
      if (index.isLoaded) return index;
      await this.engine.load(index);
      this.begin(options);
    }
  }

  private existing(name: string): StoredIndex {
    const index = this.engine.find(name);
    if (index !== undefined) return index;
    throw new ScrypathError({
      code: 'INDEX_NOT_FOUND',
      happened: `The index "${name}" does not exist.`,
      remedy: 'Create it, or write a document to it; a task that creates it may still be queued.',
      index: name,
    });
  }

  private async *scan(
    name: string,
    options: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<readonly StoredDocument[]> {
    this.begin(options, name);
    const size = options.pageSize ?? DEFAULT_PAGE_SIZE;
    for (let from = 0; ; ) {
      const page = await this.request('scan', name, () => {
        this.begin(options);
        return this.existing(name).scan(from, size);
      });
      if (page === null) return;
      yield page.documents;
      from = page.next;
    }
  }

  private async *keys(
    name: string,
    options?: CallOptions & { readonly pageSize?: number },
  ): AsyncGenerator<readonly DocumentKey[]> {
    for await (const page of this.scan(name, options)) yield page.map(({ key }) => key);
  }

  private fetch(
    name: string,
    keys: readonly DocumentKey[],
    options: CallOptions | undefined,
  ): Promise<readonly StoredDocument[]> {
    return this.request('fetch', name, () => {
      this.begin(options, name);
      requireKeys(name, keys);
      return this.existing(name).fetch(keys);
    });
  }

  private info(name: string, options: CallOptions | undefined): IndexInfo | null {
    this.begin(options, name);
    return this.engine.infoOf(name);
  }

  private settings(name: string, options: CallOptions | undefined): CompleteSettings {
    this.begin(options, name);
    return copied(this.existing(name).settings);
  }

  private apply(index: string, settings: IndexSettings, options: CallOptions | undefined): TaskRef {
    this.begin(options, index);
    requireSettings(index, settings);
    return this.engine.accept({ kind: 'apply', index, settings: copied(settings) });
  }

  private swap(left: string, right: string, options: CallOptions | undefined): TaskRef {
    this.begin(options, left, right);
    if (left === right) {
      throw new ScrypathError({
        code: 'BACKEND_REJECTED',
        happened: `The index "${left}" cannot be swapped with itself.`,
        remedy: 'Name two indexes.',
        index: left,
      });
    }
    return this.engine.accept({ kind: 'swap', index: left, other: right });
  }

  private async stats(
    name: string,
    options: CallOptions | undefined,
  ): Promise<{ readonly documents: number; readonly indexing: boolean }> {
    const index = await this.ready(name, options);
    return { documents: index.documents, indexing: this.engine.queue.concerns(name) };
  }
}

/** A copy of its own, so that what the caller does to theirs later changes nothing. */
const copied = <T extends IndexSettings>(settings: T): T => JSON.parse(JSON.stringify(settings)) as T;

function pathOf(options: EmbeddedOptions): string {
  const { file, ...unknown } = options;
  const problems = Object.keys(unknown).map((name) => `"${name}" is not an option of embedded()`);
  if (file !== undefined && (typeof file !== 'string' || file === '')) problems.push('"file" must be a path');
  if (problems.length === 0) return file === undefined ? ':memory:' : realPath(resolve(file));
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `${problems.join('; ')}.`,
    remedy: 'embedded() takes { file?: string }.',
    problems,
  });
}

/** One spelling for one file, whatever links lead to it. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // The file is still to be made.
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
  }
}

function openEngine(path: string): Engine {
  if (path === ':memory:') return new Engine(path);
  const open = openFiles.get(path);
  if (open !== undefined) {
    open.users += 1;
    return open.engine;
  }
  const engine = new Engine(path);
  openFiles.set(path, { engine, users: 1 });
  return engine;
}

function closeEngine(path: string, engine: Engine): void {
  const open = openFiles.get(path);
  if (open?.engine === engine) {
    open.users -= 1;
    if (open.users > 0) return;
    openFiles.delete(path);
  }
  engine.close();
}

function* chunks(documents: readonly WrittenDocument[]): Generator<WrittenDocument[]> {
  let batch: WrittenDocument[] = [];
  let characters = 0;
  for (const document of documents) {
    if (batch.length > 0 && characters + document.body.length > MAX_TASK_CHARACTERS) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(document);
    characters += document.body.length;
  }
  if (batch.length > 0) yield batch;
}

const batchesOf = (documents: readonly WrittenDocument[]): WrittenDocument[][] => [...chunks(documents)];

const closedError = (): ScrypathError =>
  new ScrypathError({
    code: 'CLOSED',
    happened: 'The embedded search engine is closed.',
    remedy: 'Make a new one with embedded(); without a file it starts empty.',
  });

function requireKeys(index: string, keys: Iterable<string>): void {
  for (const key of keys) checkedKey(key, index);
}
