import type { EntityManager } from 'typeorm';
import {
  checkDocumentKeys,
  checkList,
  checkRecord,
  checkRecords,
  checkSearchOptions,
  checkSyncOptions,
  hydrationOf,
} from './call-arguments.js';
import type { DocumentKey, SearchDocument } from './document/search-document.js';
import { ScrypathError } from './errors/scrypath-error.js';
import type { Hydrate } from './hydration/hydrate.js';
import type { FieldPath } from './metadata/field-path.js';
import { indexNameOf, isIndexName } from './metadata/index-name.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import type { SyncMode } from './metadata/sync-mode.js';
import type { JsonOf } from './search/json-of.js';
import { runSearch } from './search/run-search.js';
import type { SearchOptions, SearchResult } from './search/search-result.js';
import type { SyncResult } from './sync/sync-result.js';
import { deleteKeys, type SyncCall, type SyncSite, syncKeys, syncRecords } from './sync/sync-verbs.js';

/** Options of one sync call; they win over the entity's and the instance's. */
export interface SyncOptions {
  readonly mode?: SyncMode;
  /** Reads records (`syncKeys`), and tells whether a transaction is open. */
  readonly manager?: EntityManager;
  /** Longest wait for the engine in `inline` mode, in milliseconds. */
  readonly timeoutMs?: number;
  /** Another index than the entity's own, without prefix. */
  readonly index?: string;
  /** Another prefix than the entity's and the instance's. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** A record's primary key: the value where it has one field, else (or too) an object of its fields. */
export type PrimaryKey<E> = string | number | bigint | Date | Uint8Array | Partial<E>;

/** What filters, sorts and facets may name: the entity's paths, and those of a hook's document. */
export type Searched<E, D> = [JsonOf<E>] extends [D] ? E : Omit<E, keyof D> & D;

/** What a service needs of the instance that made it. */
export interface ServiceSite extends SyncSite {
  readonly defaults: { readonly mode: SyncMode; readonly timeoutMs: number };
  readonly open: () => void;
}

/**
 * Everything about the index of one entity: syncing records into it and searching it. Made by `scrypath.for(Movie)`.
 * @typeParam E the entity
 * @typeParam D the document: the JSON form of the entity, or what its projection hook returns
 * @example
 * const movies = scrypath.for(Movie);
 * await movies.syncRecord(movie);
 * const { hits, page } = await movies.search('space', { filter: { year: { gte: 1970 } } });
 */
export class SearchService<E extends object, D = JsonOf<E>> {
  /** Everything that is known of the entity and its index. */
  readonly metadata: SearchMetadata;
  readonly #site: ServiceSite;

  /** @internal */
  constructor(site: ServiceSite) {
    this.metadata = site.metadata;
    this.#site = site;
  }

  /** Full name of the entity's index. */
  get indexName(): string {
    return this.metadata.indexName;
  }

  /**
   * The document of a record, as its projection makes it: frozen, with its key. Loads nothing, sends nothing.
   * @throws ScrypathError `PROJECTION_FAILED`, `RELATION_NOT_LOADED`, `KEY_MISSING`
   */
  document(record: E): SearchDocument {
    checkRecord(this.metadata.entity, 'document', record);
    return this.#site.projection.document(record);
  }

  /** The document key of a record or a primary key. Throws `KEY_MISSING`, `KEY_INVALID`. */
  keyOf(record: E | PrimaryKey<E>): DocumentKey {
    return this.metadata.key.from(record);
  }

  /**
   * Writes the record's document to the index; removes it where the entity's `when` is false for the record. Call it
   * after the record's transaction has committed.
   * @throws ScrypathError `SYNC_IN_TRANSACTION`, `PROJECTION_FAILED`, `RELATION_NOT_LOADED`, `TASK_…`, `BACKEND_…`
   * @example await movies.syncRecord(movie, { mode: 'manual' });
   */
  syncRecord(record: E, options: SyncOptions = {}): Promise<SyncResult> {
    return this.syncRecords([record], options);
  }

  /** As {@link syncRecord}, for many records in one batch. Of two records with one key the later one counts. */
  async syncRecords(records: readonly E[], options: SyncOptions = {}): Promise<SyncResult> {
    checkRecords(this.metadata.entity, 'syncRecords', records);
    return syncRecords(this.#site, records, this.#call(options));
  }

  /**
   * Reads the records of the primary keys again, with the relations that their projection needs, in one query, and syncs
   * them; a key without a record is removed from the index.
   */
  async syncKeys(primaryKeys: readonly PrimaryKey<E>[], options: SyncOptions = {}): Promise<SyncResult> {
    checkList(this.metadata.entity, 'syncKeys', primaryKeys, 'primary keys');
    return syncKeys(this.#site, primaryKeys.map(this.metadata.key.from), this.#call(options));
  }

  /** `syncKeys` for keys that a committed transaction wrote; a record that cannot become a document is left out. @internal */
  async syncCaptured(
    keys: readonly DocumentKey[],
    manager: EntityManager,
    unprojectable: (error: unknown) => void,
  ): Promise<SyncResult> {
    return syncKeys(this.#site, keys, { ...this.#call({ manager }), unprojectable });
  }

  /** Removes the record's document, by entity or primary key. The row is not read, and need not exist any more. */
  deleteRecord(record: E | PrimaryKey<E>, options: SyncOptions = {}): Promise<SyncResult> {
    return this.deleteRecords([record], options);
  }

  /** As {@link deleteRecord}, for many. An entity whose key `remove()` has stripped is `KEY_MISSING`. */
  async deleteRecords(records: readonly (E | PrimaryKey<E>)[], options: SyncOptions = {}): Promise<SyncResult> {
    checkList(this.metadata.entity, 'deleteRecords', records, 'records or primary keys');
    return deleteKeys(this.#site, records.map(this.metadata.key.from), this.#call(options));
  }

  /** Removes a document by its document key, as `missingIds` has it. */
  deleteDocument(key: DocumentKey, options: SyncOptions = {}): Promise<SyncResult> {
    return this.deleteDocuments([key], options);
  }

  /**
   * As {@link deleteDocument}, for many.
   * @example await movies.deleteDocuments(result.missingIds);
   */
  async deleteDocuments(keys: readonly DocumentKey[], options: SyncOptions = {}): Promise<SyncResult> {
    checkDocumentKeys(this.metadata.entity, 'deleteDocuments', keys);
    return deleteKeys(this.#site, keys, this.#call(options));
  }

  /**
   * Searches the index: full text, and filter, sort, page, facets over declared fields. Reads no row unless `hydrate`
   * asks for it; then the result has `records` in the order of the hits, and `missingIds` of hits without a row.
   * @throws ScrypathError `QUERY_INVALID`, `FIELD_NOT_DECLARED` before anything is sent; `INDEX_NOT_FOUND`, `BACKEND_…`
   * @example
   * const { records, page } = await movies.search('space', {
   *   filter: { year: { gte: 1970, lt: 1990 } }, sort: { year: 'desc' }, facets: ['genres'], hydrate: true,
   * });
   */
  async search<
    const F extends FieldPath<Searched<E, D>> = never,
    const H extends Hydrate<E> | false | undefined = undefined,
  >(text: string, options: SearchOptions<Searched<E, D>, F, H> = {}): Promise<SearchResult<E, D, F, H>> {
    this.#site.open();
    const { backend, metadata, manager } = this.#site;
    checkSearchOptions(metadata, options);
    const { hydrate, index, prefix, signal, ...query } = options;
    const site = { backend, metadata, manager, indexName: this.#indexName(index, prefix) };
    const result = await this.#site.track(
      runSearch(site, text, { hydrate: hydrationOf(metadata, manager, hydrate), signal, query }),
    );
    return result as SearchResult<E, D, F, H>;
  }

  #call(options: SyncOptions): SyncCall {
    this.#site.open();
    checkSyncOptions(this.metadata.entity, options);
    const { mode = this.metadata.mode ?? this.#site.defaults.mode, timeoutMs = this.#site.defaults.timeoutMs } =
      options;
    const { manager, signal } = options;
    return { mode, timeoutMs, manager, signal, index: this.#indexName(options.index, options.prefix) };
  }

  #indexName(index: string | undefined, prefix: string | undefined): string {
    const { metadata } = this;
    const name = indexNameOf(prefix ?? metadata.prefix, index ?? metadata.index);
    if (isIndexName(name)) return name;
    throw new ScrypathError({
      code: 'INDEX_NAME_INVALID',
      entity: metadata.entity,
      happened: 'The index or prefix given cannot be the name of an index.',
      remedy: 'Use 1 to 400 of A-Z a-z 0-9 _ -.',
    });
  }
}
