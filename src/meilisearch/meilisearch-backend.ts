import { setMaxListeners } from 'node:events';
import type { EnqueuedTask, Meilisearch, SearchParams, SearchResponse, Settings, Task } from 'meilisearch';
import type {
  Backend,
  CallOptions,
  DocumentReader,
  EngineExamination,
  HitPage,
  IndexAdmin,
  IndexInfo,
  OutcomesOptions,
  StoredDocument,
  Upload,
  WriteOptions,
} from '../backend/backend.js';
import { checkedIndexName, checkedKey } from '../backend/names.js';
import { isTerminal, type TaskOutcome, type TaskRef, type TaskStatus } from '../backend/task.js';
import { type TaskWaitSpan, waitOutcome } from '../backend/task-wait.js';
import { type DocumentKey, KEY_ATTRIBUTE, type SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { SearchQuery } from '../query/search-query.js';
import { span } from '../telemetry/span.js';
import { Connection, type EngineRequest } from './connection.js';
import { brokenAnswer, closed, EngineAnswerError } from './engine-failure.js';
import * as requests from './engine-requests.js';
import { examine } from './examination.js';
import { keyPayloads } from './key-payloads.js';
import {
  type MeilisearchOptions,
  type ResolvedMeilisearchOptions,
  resolveMeilisearchOptions,
} from './meilisearch-options.js';
import { MeilisearchUpload } from './meilisearch-upload.js';
import { refOf, sendParts } from './parts.js';
import { indexAtAcceptance, type Swap, swapsOf } from './renamed-tasks.js';
import { isObject, keyOf, toHitPage, toSearchRequest, withoutAdded } from './search-request.js';
import { isSettingsDocument, toIndexSettings } from './settings-document.js';
import { addTexts, parsedOf } from './stored-texts.js';
import { toTaskError } from './task-error.js';
import { outcomesOf, type SeenTask, type TaskLook } from './task-waiter.js';

export interface WaitTaskOptions extends CallOptions {
  /** Milliseconds to wait for the task's end; default 30 000. At least one look always happens. */
  readonly timeoutMs?: number;
}

/** Ids in one `GET /tasks`: the address stays below 8 KB, which every gateway takes. */
const TASKS_A_LOOK = 500;
/** Swaps looked through for the old name of an index. Beyond them a renamed task is unknown, which is safe. */
const SWAPS_A_LOOK = 1000;
/** Documents in one page of a scan where the caller names no size. */
const SCAN_PAGE = 1000;
const KEYS_A_PAGE = 20_000;
/** Keys in one `documents/fetch`. */
const KEYS_A_FETCH = 5000;

/**
 * A Meilisearch server as a backend, and the engine's own API beside the common one: `client`, `task`, `waitTask`,
 * `createIndex`, `applySettings`, `swap`, `rawSearch`. Made by `meilisearch()`.
 * Failures are `ScrypathError`s; where the engine said something, its words are the `cause`, an
 * {@link EngineAnswerError}.
 * @example
 * const backend = meilisearch({ host: 'http://localhost:7700', apiKey });
 * const [task] = await backend.upsert('movies', [{ key: '1', data: { title: 'Alien' }, source: 'fields' }]);
 */
export class MeilisearchBackend implements Backend {
  readonly name = 'meilisearch';
  readonly documents: DocumentReader;
  readonly indexes: IndexAdmin;
  readonly #options: ResolvedMeilisearchOptions;
  readonly #connection: Connection;
  readonly #closing = new AbortController();
  #client: Meilisearch | null = null;

  /** @throws ScrypathError `OPTION_INVALID` with every problem of the options; `PEER_MISSING` */
  constructor(options: MeilisearchOptions) {
    this.#options = resolveMeilisearchOptions(options);
    this.#connection = new Connection(this.#options);
    // Every call that waits listens to it, and any number may wait.
    setMaxListeners(0, this.#closing.signal);
    this.documents = {
      scan: (index, options) => this.#scan(index, options),
      keys: (index, options) => this.#keys(index, options),
      fetch: (index, keys, options) => this.#fetch(index, keys, options),
      texts: (index, keys, options) => this.#texts(index, keys, options),
      extent: (index, options) => this.#extent(index, options),
    };
    this.indexes = {
      create: async (index, options) => refOf(index, await this.createIndex(index, options)),
      get: (index, options) => this.#indexInfo(index, options),
      settings: (index, options) => this.#settings(index, options),
      apply: async (index, settings, options) =>
        refOf(index, await this.applySettings(index, settings as Settings, options)),
      swap: async (left, right, options) => refOf(left, await this.swap([[left, right]], options)),
      drop: async (index, options) => refOf(index, await this.#enqueue(requests.dropIndexRequest(index), options)),
      stats: (index, options) => this.#stats(index, options),
    };
  }

  get address(): string {
    return this.#options.host.href;
  }

  /**
   * The official client, for what this class has no member for, with the same server, credentials and headers. Its
   * errors are its own, its `timeout` holds for calls without a signal only, and `close()` does not touch it.
   */
  get client(): Meilisearch {
    this.#client ??= this.#connection.plainClient();
    return this.#client;
  }

  /** As the seam says; a batch above `maxPayloadBytes` becomes several tasks, sent one after the other. */
  async upsert(
    index: string,
    documents: readonly SearchDocument[],
    options?: WriteOptions,
  ): Promise<readonly TaskRef[]> {
    const upload = this.upload(index);
    for (const document of documents) upload.add(document);
    return upload.send(options);
  }

  upload(index: string): Upload {
    this.#closing.signal.throwIfAborted();
    const { maxPayloadBytes } = this.#options;
    return new MeilisearchUpload(checkedIndexName(index), maxPayloadBytes, (lines, options) =>
      this.#enqueue(requests.upsertRequest(index, lines, options.batch), options),
    );
  }

  async remove(index: string, keys: readonly DocumentKey[], options: WriteOptions = {}): Promise<readonly TaskRef[]> {
    this.#closing.signal.throwIfAborted();
    const parts = keyPayloads(checkedIndexName(index), keys, this.#options.maxPayloadBytes);
    const accepted: TaskRef[] = [];
    const enqueue = (body: string) => this.#enqueue(requests.removeRequest(index, body, options.batch), options);
    await sendParts(index, parts, enqueue, accepted, options);
    return accepted;
  }

  /**
   * As the seam says. It takes `waitMs` and at most one request more. With a key that is scoped to indexes the engine
   * hides the tasks of a swap: they are `unknown` here, although they ran, and so is an older task of the indexes swapped
   * where its reference has no batch.
   */
  async outcomes(tasks: readonly TaskRef[], options: OutcomesOptions = {}): Promise<readonly TaskOutcome[]> {
    this.#closing.signal.throwIfAborted();
    if (tasks.length === 0) return [];
    const { signal, waitMs = 0 } = options;
    const facts: TaskWaitSpan = { tasks: tasks.map((task) => task.id), polls: 0 };
    const about = whatTheyShare(tasks);
    return span('scrypath:meilisearch:task_wait', facts, async (context) => {
      const outcomes = await outcomesOf(tasks, {
        look: async (ids) => this.#withOldNames(await this.#look(ids, about, signal), tasks, signal),
        pause: (ms) => pause(ms, [this.#closing.signal, signal]),
        looked: () => {
          context.polls += 1;
        },
        pollMs: this.#options.pollMs,
        waitMs,
      });
      context.outcome = waitOutcome(outcomes);
      return outcomes;
    });
  }

  /** As the seam says: of the whole server, whatever indexes the key covers. */
  async backlog(options?: CallOptions): Promise<number> {
    const request = requests.backlogRequest();
    const answer = await this.#send(request, options);
    if (isObject(answer) && typeof answer.total === 'number') return answer.total;
    throw brokenAnswer(request, 'no count of tasks');
  }

  async failures(
    index: string,
    { limit, before, signal }: CallOptions & { readonly limit: number; readonly before?: number | undefined },
  ) {
    const request = requests.failuresRequest(index, limit, before);
    const answer = await this.#connection.send(request, signal);
    if (!isObject(answer) || !Array.isArray(answer.results) || typeof answer.total !== 'number')
      throw brokenAnswer(request, 'no tasks');
    const tasks = (answer.results as readonly Task[]).map((task) => ({
      id: task.uid,
      index,
      batch: task.customMetadata ?? null,
      error: toTaskError(task.error ?? {}),
      failedAt: task.finishedAt === null ? null : String(task.finishedAt),
    }));
    return { tasks, total: answer.total };
  }

  /** As the seam says, by some requests for each index that the engine refuses or that read nothing. */
  async examine(indexes: readonly string[], options?: CallOptions): Promise<EngineExamination> {
    return examine((request, given) => this.#send(request, given), indexes.map(checkedIndexName), options);
  }

  async search(index: string, query: SearchQuery, options?: CallOptions): Promise<HitPage> {
    const request = requests.searchRequest(index, toSearchRequest(query));
    const page = toHitPage(await this.#send(request, options));
    if (page === null) throw brokenAnswer(request, `no hits, or a hit that does not show "${KEY_ATTRIBUTE}"`);
    return page;
  }

  /** Ends what is under way, and every later call, with `CLOSED`. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    this.#connection.close();
  }

  /**
   * The engine's own account of a task, whole.
   * @throws ScrypathError `TASK_UNKNOWN` where the engine does not list it (any more)
   */
  async task(id: number, options?: CallOptions): Promise<Task> {
    const request = requests.taskRequest(id);
    const task = await this.#send(request, options).catch((failure: unknown) => {
      throw isMissing('task_not_found', failure) ? taskUnknown(id, failure) : failure;
    });
    if (!isObject(task) || typeof task.uid !== 'number') throw brokenAnswer(request, 'no task');
    return task as unknown as Task;
  }

  /**
   * Waits for the end of a task and gives the engine's own account of it. A failed task is no error here: look at its
   * `status`.
   * @throws ScrypathError `TASK_TIMEOUT` with the task, `TASK_UNKNOWN`
   * @example const { status, error } = await backend.waitTask(taskUid, { timeoutMs: 60_000 });
   */
  async waitTask(id: number, options: WaitTaskOptions = {}): Promise<Task> {
    const { timeoutMs = 30_000, signal } = options;
    await this.outcomes([{ id, index: '' }], { waitMs: timeoutMs, signal });
    const task = await this.task(id, { signal });
    if (isTerminal(task.status)) return task;
    throw new ScrypathError({
      code: 'TASK_TIMEOUT',
      happened: `Task ${id} (${task.type}) was still ${task.status} after ${timeoutMs} ms.`,
      remedy: 'It may yet complete: look again with task(), or wait longer.',
      index: task.indexUid ?? undefined,
      task: { id, index: task.indexUid ?? '' },
    });
  }

  /** Asks for an index; `primaryKey` is by default the attribute of our keys. Resolves when the engine took the task. */
  async createIndex(index: string, options?: CallOptions & { readonly primaryKey?: string }): Promise<EnqueuedTask> {
    return this.#enqueue(requests.createIndexRequest(index, options?.primaryKey ?? KEY_ATTRIBUTE), options);
  }

  /**
   * Changes the settings given and leaves the others: any that the engine knows, embedders included. Resolves when the
   * engine took the task.
   */
  async applySettings(index: string, settings: Settings, options?: CallOptions): Promise<EnqueuedTask> {
    return this.#enqueue(requests.applySettingsRequest(index, settings), options);
  }

  /** Exchanges pairs of existing indexes, all of them in one step. Resolves when the engine took the task. */
  async swap(pairs: readonly (readonly [string, string])[], options?: CallOptions): Promise<EnqueuedTask> {
    return this.#enqueue(requests.swapRequest(pairs), options);
  }

  /**
   * A search in the engine's own words, with its own answer. The filter goes out as it is given: quoting is the
   * caller's.
   * @example const { hits } = await backend.rawSearch('movies', { q: 'space', showRankingScore: true });
   */
  async rawSearch<T extends Record<string, unknown> = Record<string, unknown>>(
    index: string,
    body: SearchParams,
    options?: CallOptions,
  ): Promise<SearchResponse<T>> {
    return (await this.#send(requests.searchRequest(index, body), options)) as SearchResponse<T>;
  }

  #send(request: EngineRequest, options: CallOptions | undefined): Promise<unknown> {
    return this.#connection.send(request, options?.signal);
  }

  async #enqueue(request: EngineRequest, options: CallOptions | undefined): Promise<EnqueuedTask> {
    const answer = await this.#send(request, options);
    if (isObject(answer) && typeof answer.taskUid === 'number') return answer as unknown as EnqueuedTask;
    throw brokenAnswer(request, 'no task');
  }

  async #look(
    ids: readonly number[],
    about: Pick<EngineRequest, 'index' | 'task'>,
    signal: AbortSignal | undefined,
  ): Promise<Map<number, SeenTask>> {
    const look = new Map<number, SeenTask>();
    for (let start = 0; start < ids.length; start += TASKS_A_LOOK) {
      const request = requests.tasksRequest(ids.slice(start, start + TASKS_A_LOOK), about);
      for (const task of await this.#tasks(request, signal)) look.set(task.uid, seen(task));
    }
    return look;
  }

  /** Undoes the renaming by swaps where an index would otherwise look like another; asks for the swaps only then. */
  async #withOldNames(
    look: Map<number, SeenTask>,
    tasks: readonly TaskRef[],
    signal: AbortSignal | undefined,
  ): Promise<TaskLook> {
    const renamed = new Map<number, SeenTask & { readonly index: string }>();
    for (const task of tasks) {
      const found = look.get(task.id);
      if (found !== undefined && mayBeRenamed(task, found)) renamed.set(task.id, found);
    }
    if (renamed.size === 0) return look;
    const swaps = await this.#swaps(signal);
    for (const [id, task] of renamed) {
      look.set(id, { ...task, index: indexAtAcceptance({ id, index: task.index }, swaps) });
    }
    return look;
  }

  async #swaps(signal: AbortSignal | undefined): Promise<readonly Swap[]> {
    return swapsOf(await this.#tasks(requests.swapsRequest(SWAPS_A_LOOK), signal));
  }

  async #tasks(request: EngineRequest, signal: AbortSignal | undefined): Promise<readonly Task[]> {
    const answer = await this.#connection.send(request, signal);
    if (!isObject(answer) || !Array.isArray(answer.results)) throw brokenAnswer(request, 'no tasks');
    return answer.results as readonly Task[];
  }

  #scan(
    index: string,
    { pageSize = SCAN_PAGE, signal }: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<readonly StoredDocument[]> {
    return this.#pages((offset) => requests.scanRequest(index, offset, pageSize), pageSize, signal);
  }

  async *#keys(
    index: string,
    { pageSize = KEYS_A_PAGE, signal }: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<readonly DocumentKey[]> {
    const pages = this.#pages((offset) => requests.keysRequest(index, offset, pageSize), pageSize, signal);
    for await (const page of pages) yield page.map(({ key }) => key);
  }

  async *#pages(
    requestAt: (offset: number) => EngineRequest,
    pageSize: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredDocument[]> {
    for (let offset = 0; ; offset += pageSize) {
      const page = await this.#stored(requestAt(offset), signal);
      if (page.length > 0) yield page;
      if (page.length < pageSize) return;
    }
  }

  async #fetch(index: string, keys: readonly DocumentKey[], options?: CallOptions): Promise<readonly StoredDocument[]> {
    this.#closing.signal.throwIfAborted();
    const wanted = [...new Set(keys)].map((key) => checkedKey(key, checkedIndexName(index)));
    const found: StoredDocument[] = [];
    for (let start = 0; start < wanted.length; start += KEYS_A_FETCH) {
      const request = requests.fetchRequest(index, wanted.slice(start, start + KEYS_A_FETCH));
      found.push(...(await this.#stored(request, options?.signal)));
    }
    return found;
  }

  async #texts(
    index: string,
    keys: readonly DocumentKey[],
    options?: CallOptions,
  ): Promise<ReadonlyMap<DocumentKey, string>> {
    this.#closing.signal.throwIfAborted();
    const wanted = [...new Set(keys)].map((key) => checkedKey(key, checkedIndexName(index)));
    const found = new Map<DocumentKey, string>();
    for (let start = 0; start < wanted.length; start += KEYS_A_FETCH) {
      const request = requests.fetchRequest(index, wanted.slice(start, start + KEYS_A_FETCH));
      const answer = (await this.#connection.send({ ...request, asText: true }, options?.signal)) as string;
      if (addTexts(answer, found)) continue;
      for (const { key, data } of this.#storedIn(parsedOf(answer), request))
        found.set(key, JSON.stringify(data).slice(1, -1));
    }
    return found;
  }

  async #extent(index: string, options?: CallOptions): Promise<{ readonly documents: number; readonly mark: string }> {
    const count = requests.countRequest(index);
    const counted = await this.#send(count, options);
    if (!isObject(counted) || typeof counted.total !== 'number') throw brokenAnswer(count, 'no count of documents');
    // Behind the count: where this is what it was before something else was read, so was the count.
    const request = requests.indexRequest(index);
    const info = await this.#send(request, options);
    if (!isObject(info) || typeof info.updatedAt !== 'string') throw brokenAnswer(request, 'no index');
    return { documents: counted.total, mark: `${String(info.createdAt)} ${info.updatedAt}` };
  }

  async #stored(request: EngineRequest, signal: AbortSignal | undefined): Promise<readonly StoredDocument[]> {
    return this.#storedIn(await this.#connection.send(request, signal), request);
  }

  #storedIn(answer: unknown, request: EngineRequest): readonly StoredDocument[] {
    if (!isObject(answer) || !Array.isArray(answer.results)) throw brokenAnswer(request, 'no documents');
    return answer.results.map((document: unknown) => {
      const key = isObject(document) ? keyOf(document) : null;
      if (key === null) throw brokenAnswer(request, `a document that does not show "${KEY_ATTRIBUTE}"`);
      return { key, data: withoutAdded(document as Record<string, unknown>) };
    });
  }

  async #indexInfo(index: string, options?: CallOptions): Promise<IndexInfo | null> {
    const request = requests.indexRequest(index);
    try {
      const info = await this.#send(request, options);
      if (!isObject(info) || typeof info.createdAt !== 'string') throw brokenAnswer(request, 'no index');
      return { name: index, createdAt: info.createdAt, primaryKey: (info.primaryKey as string | null) ?? null };
    } catch (failure) {
      if (ScrypathError.is(failure, 'INDEX_NOT_FOUND')) return null;
      throw failure;
    }
  }

  async #settings(index: string, options?: CallOptions): Promise<Required<IndexSettings>> {
    const request = requests.settingsRequest(index);
    const settings = await this.#send(request, options);
    if (isSettingsDocument(settings)) return toIndexSettings(settings);
    throw brokenAnswer(request, 'no settings');
  }

  async #stats(index: string, options?: CallOptions): Promise<{ documents: number; indexing: boolean }> {
    const request = requests.statsRequest(index);
    const stats = await this.#send(request, options);
    if (!isObject(stats) || typeof stats.numberOfDocuments !== 'number') throw brokenAnswer(request, 'no stats');
    return { documents: stats.numberOfDocuments, indexing: stats.isIndexing === true };
  }
}

const seen = (task: Task): SeenTask => ({
  status: task.status as TaskStatus,
  error: task.error === null ? null : toTaskError(task.error ?? {}),
  batch: task.customMetadata ?? null,
  index: task.indexUid ?? null,
});

/** A swap runs after every older task of its indexes, so one that has not ended has its first name. */
const mayBeRenamed = (task: TaskRef, found: SeenTask): found is SeenTask & { readonly index: string } =>
  task.batch === undefined &&
  task.index !== '' &&
  found.index !== null &&
  found.index !== task.index &&
  isTerminal(found.status);

/** The index that all of them work on, and the task where it is only one: what an error about them may name. */
const whatTheyShare = ([first, ...others]: readonly TaskRef[]): Pick<EngineRequest, 'index' | 'task'> => ({
  index: (others.every((task) => task.index === first?.index) && first?.index) || null,
  task: others.length === 0 ? first : undefined,
});

const isMissing = (code: string, failure: unknown): boolean =>
  ScrypathError.is(failure) && failure.cause instanceof EngineAnswerError && failure.cause.code === code;

const taskUnknown = (id: number, cause: unknown): ScrypathError =>
  new ScrypathError({
    code: 'TASK_UNKNOWN',
    happened: `Meilisearch does not list task ${id}.`,
    remedy: 'It was never accepted, is long finished and forgotten, or the API key does not cover it.',
    task: { id, index: '' },
    cause,
  });

/** Ends early, with the reason, when one of the signals is aborted. Leaves no timer and no listener behind. */
function pause(ms: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const watched = signals.filter((signal) => signal !== undefined);
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      for (const signal of watched) signal.removeEventListener('abort', abort);
      end();
    };
    const abort = (): void => settle(() => reject(watched.find((signal) => signal.aborted)?.reason));
    const timer = setTimeout(() => settle(resolve), ms);
    for (const signal of watched) signal.addEventListener('abort', abort, { once: true });
    if (watched.some((signal) => signal.aborted)) abort();
  });
}
