import type { JsonObject } from '../document/json.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { SearchQuery } from '../query/search-query.js';
import type { FailedTask, TaskOutcome, TaskRef } from './task.js';

/** Given to any call that may take long. An aborted call rejects with the signal's reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** Our own id of the batch, not empty: the engine keeps it with every task of the call. */
  readonly batch?: string | undefined;
  /** Told of each task as soon as it is accepted: of what the engine took before a call of several tasks failed. */
  readonly onAccepted?: ((task: TaskRef) => void) | undefined;
  /** Of an upload: awaited before each request. Where it rejects, no more is sent, and the call rejects with that. */
  readonly beforeRequest?: (() => Promise<void>) | undefined;
}

/**
 * Documents that are collected until they are sent together, in the order in which they were added. Who fills it keeps no
 * document: an engine behind a network keeps the bytes that it will be sent.
 */
export interface Upload {
  readonly count: number;
  /** What the documents take in a request, exactly or estimated. */
  readonly bytes: number;
  /** Throws `BACKEND_REJECTED` or `KEY_INVALID` where the document cannot be sent, and leaves it out. */
  add(document: SearchDocument): void;
  /**
   * Sends what was added, as `upsert` does. Resolves with all tasks when the engine has accepted all of it. Where it rejects,
   * it may be called again: what the engine has accepted is not sent again.
   */
  send(options?: WriteOptions): Promise<readonly TaskRef[]>;
  /** Empties it, to be filled anew. Not while it is being sent. */
  clear(): void;
}

export interface OutcomesOptions extends CallOptions {
  /** Milliseconds to wait for every task to end; 0 looks once. At least one look always happens. */
  readonly waitMs?: number;
}

/** One match, as a backend found it. */
export interface RawHit {
  readonly key: DocumentKey;
  readonly data: JsonObject;
  /** The marked fields of the document, numbers as text; null where no highlight was asked for, or no field has one. */
  readonly formatted: JsonObject | null;
}

/** The answer of a backend to one search. Either the exact totals or the estimate is there, never both. */
export interface HitPage {
  readonly hits: readonly RawHit[];
  readonly totalHits?: number;
  readonly totalPages?: number;
  readonly estimatedTotalHits?: number;
  /** Count of documents a value, for each facet asked for; values are the strings that the engine shows. */
  readonly facets: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Smallest and largest number, for each facet asked for that has numbers. */
  readonly facetStats: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** The engine's answer as it came, for what the common form leaves out. */
  readonly raw: unknown;
}

export interface StoredDocument {
  readonly key: DocumentKey;
  readonly data: JsonObject;
}

export interface DocumentReader {
  /** Every document of an index in the engine's own order, page by page. */
  scan(index: string, options?: CallOptions & { readonly pageSize?: number }): AsyncIterable<readonly StoredDocument[]>;
  /** The keys of every document of an index, in the same order, without what is in them. */
  keys(index: string, options?: CallOptions & { readonly pageSize?: number }): AsyncIterable<readonly DocumentKey[]>;
  /** Documents by key, in no particular order; a key without a document is left out. */
  fetch(index: string, keys: readonly DocumentKey[], options?: CallOptions): Promise<readonly StoredDocument[]>;
  /**
   * As `fetch`, each document as its JSON text without the key and the outer braces, as the engine wrote it: who compares
   * text with text need not read either. An engine in the process lacks it.
   */
  texts?(index: string, keys: readonly DocumentKey[], options?: CallOptions): Promise<ReadonlyMap<DocumentKey, string>>;
  /**
   * How many documents an index has, exactly, and a mark: between two equal marks nothing was written to it. An engine that
   * cannot tell lacks it.
   */
  extent?(index: string, options?: CallOptions): Promise<{ readonly documents: number; readonly mark: string }>;
}

export interface IndexInfo {
  readonly name: string;
  /** ISO 8601; travels with the physical index through a swap. An index that is dropped and created again has another. */
  readonly createdAt: string;
  /** The attribute that holds the key, or null where no document was written yet and none was named. */
  readonly primaryKey: string | null;
}

export interface IndexAdmin {
  /** Creates an index whose primary key is `KEY_ATTRIBUTE`. The task fails where the index exists. */
  create(index: string, options?: CallOptions): Promise<TaskRef>;
  get(index: string, options?: CallOptions): Promise<IndexInfo | null>;
  /** Every member of the settings, the engine's defaults included. Throws `INDEX_NOT_FOUND`. */
  settings(index: string, options?: CallOptions): Promise<Required<IndexSettings>>;
  /** Changes the members given, leaves the others. */
  apply(index: string, settings: IndexSettings, options?: CallOptions): Promise<TaskRef>;
  /** Exchanges the documents and settings of two existing indexes, in one step. */
  swap(left: string, right: string, options?: CallOptions): Promise<TaskRef>;
  drop(index: string, options?: CallOptions): Promise<TaskRef>;
  /** Throws `INDEX_NOT_FOUND`. */
  stats(index: string, options?: CallOptions): Promise<{ readonly documents: number; readonly indexing: boolean }>;
}

/** What an engine says of itself and of the credentials that it was given. */
export interface EngineExamination {
  /** Null where the credentials do not allow to ask. */
  readonly version: string | null;
  /** The oldest version that has what this package needs. */
  readonly oldest: string;
  readonly permissions: readonly {
    /** In the engine's own words. */
    readonly action: string;
    /** The index that it was asked for; null for what belongs to none. */
    readonly index: string | null;
    /** Null where the engine gave no answer. */
    readonly allowed: boolean | null;
  }[];
}

/**
 * What Scrypath asks of a search engine. Writes are tasks: a call resolves when the engine has accepted the work, and
 * `outcomes` tells how it ended. Tasks of one index are carried out in the order in which they were accepted.
 * Failures are `ScrypathError`s with a `BACKEND_…`, `INDEX_…` or `TASK_…` code.
 * The seam is not under semantic versioning; `scrypath/testing` exports the conformance suite that every backend passes.
 */
export interface Backend {
  readonly name: string;
  /** Where the engine is, without credentials: two backends of one address write the same indexes. One in the process lacks it. */
  readonly address?: string;
  /** Writes whole documents: one that has the same key is replaced. An index that is missing is created. */
  upsert(index: string, documents: readonly SearchDocument[], options?: WriteOptions): Promise<readonly TaskRef[]>;
  /**
   * An empty upload to an index, whose documents are kept as they are sent. An engine that takes documents as objects lacks
   * it, and may: what is uploaded then goes through `upsert`.
   */
  upload?(index: string): Upload;
  /** Removes documents by key; a key without a document is no error. The task fails where the index is missing. */
  remove(index: string, keys: readonly DocumentKey[], options?: WriteOptions): Promise<readonly TaskRef[]>;
  /**
   * One outcome for each task, in the order given. Resolves when every task has ended or the wait is over. A task of
   * another batch than the reference names, or without one of another index, is `unknown`: the engine gave its id twice.
   */
  outcomes(tasks: readonly TaskRef[], options?: OutcomesOptions): Promise<readonly TaskOutcome[]>;
  /** Throws `INDEX_NOT_FOUND`. */
  search(index: string, query: SearchQuery, options?: CallOptions): Promise<HitPage>;
  readonly documents: DocumentReader;
  readonly indexes: IndexAdmin;
  /** How many tasks, of every index, have not ended. An engine that cannot tell lacks it. */
  backlog?(options?: CallOptions): Promise<number>;
  /**
   * The newest tasks of an index that failed, as far as the engine remembers any, up to `limit`, where `before` is given of
   * those with a lower id; and how many there are, whatever `before` is. An engine that cannot list them lacks it.
   */
  failures?(
    index: string,
    options: CallOptions & { readonly limit: number; readonly before?: number | undefined },
  ): Promise<{ readonly tasks: readonly FailedTask[]; readonly total: number }>;
  /** Asks what the engine is and what the credentials allow, and changes nothing. An engine without either lacks it. */
  examine?(indexes: readonly string[], options?: CallOptions): Promise<EngineExamination>;
  /** Lets go of connections, timers and files. A closed backend refuses every call with `CLOSED`. */
  close?(): Promise<void>;
}
