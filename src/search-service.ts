import type { EntityManager } from 'typeorm';
import {
  checkDocumentKeys,
  checkList,
  checkRecord,
  checkRecords,
  checkReindexOptions,
  checkSearchOptions,
  checkSyncOptions,
  hydrationOf,
} from './call-arguments.js';
import { type DirtyRows, markAllDirty, markDirty } from './capture/mark-dirty.js';
import type { DocumentKey, SearchDocument } from './document/search-document.js';
import { ScrypathError } from './errors/scrypath-error.js';
import { type BackfillOptions, type FilledIndex, type FillSite, fillIndex } from './fill-index.js';
import type { Hydrate } from './hydration/hydrate.js';
import type { FieldPath } from './metadata/field-path.js';
import { indexNameOf, isIndexName } from './metadata/index-name.js';
import type { IndexSettings } from './metadata/index-settings.js';
import type { PrimaryKey } from './metadata/primary-key.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import type { SyncMode } from './metadata/sync-mode.js';
import { checkedDriftOptions, type DriftOptions, readDrift } from './operator/drift.js';
import type { DriftReport } from './operator/drift-report.js';
import { operatorVerbsOf } from './operator/operator-verbs.js';
import { type ReconcileOptions, type Reconciliation, reconcile } from './operator/reconcile.js';
import { type RepairOptions, type RepairReport, repair } from './operator/repair.js';
import {
  readStatus,
  type ServiceStatus,
  type StatusOptions,
  type StatusSite,
  serviceStatusOf,
} from './operator/status.js';
import type { CommittedMarks } from './outbox/commit-watch.js';
import type { Rebuild } from './reindex/rebuild.js';
import { assertNoRebuild, findRebuild, reindex } from './reindex/reindex.js';
import type { ReindexOptions } from './reindex/reindex-options.js';
import type { ReindexSite } from './reindex/reindex-site.js';
import type { JsonOf } from './search/json-of.js';
import { runSearch } from './search/run-search.js';
import type { SearchOptions, SearchResult } from './search/search-result.js';
import {
  type AppliedSettings,
  type ApplySettingsOptions,
  applyLive,
  planSettings,
  type SettingsPlan,
  type SettingsPlanOptions,
} from './settings/index-settings-plan.js';
import { readSettings } from './settings/read-settings.js';
import { checkApplyOptions, checkPlanOptions } from './settings/settings-options.js';
import { markIn } from './sync/outbox-sync.js';
import type { SyncResult } from './sync/sync-result.js';
import { deleteKeys, type SyncCall, type SyncSite, syncKeys, syncRecords } from './sync/sync-verbs.js';
import { type VerifyOptions, verifyIndex } from './verify/verify-index.js';
import type { VerifyReport } from './verify/verify-report.js';
import type { VerifySite } from './verify/verify-site.js';
import type { FailedWorkOptions, FailedWorkReport } from './worker/failed-work.js';

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

/** Options of one verification; `index` and `prefix` name another index than the entity's own. */
export type ServiceVerifyOptions = VerifyOptions & { readonly prefix?: string };

export interface WaitOptions {
  /** Longest wait, in milliseconds; default `sync.timeoutMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface MarkOptions {
  /** Whose transaction the marks join. */
  readonly manager?: EntityManager;
}

/** What was marked dirty. */
export interface Marked {
  /** What `waitForCompletion` takes; null where no row matched. */
  readonly token: string | null;
  readonly count: number;
}

/** What filters, sorts and facets may name: the entity's paths, and those of a hook's document. */
export type Searched<E, D> = [JsonOf<E>] extends [D] ? E : Omit<E, keyof D> & D;

/** What a service needs of the instance that made it. */
export interface ServiceSite extends SyncSite {
  readonly defaults: { readonly mode: SyncMode; readonly timeoutMs: number };
  readonly open: () => void;
  /** Takes the index that is there now for the one to write to. */
  readonly adopt: (index: string) => Promise<void>;
  /** What a backfill works with. */
  readonly fillSite: () => FillSite;
  /** What a verification works with. */
  readonly verifySite: () => VerifySite;
  /** What a rebuild works with. */
  readonly reindexSite: () => ReindexSite;
  readonly waitForCompletion: (token: string, options?: WaitOptions) => Promise<void>;
  readonly failedWork: (options: FailedWorkOptions) => Promise<FailedWorkReport>;
  /** What a look at the status works with. */
  readonly statusSite: () => StatusSite;
  readonly retry: (id: string) => Promise<boolean>;
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

  /**
   * Compares the index with the database by content, key by key, and changes nothing. Writes under way are waited for, and
   * what is still on its way is counted as pending.
   * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`, `OPTION_INVALID`; and whatever the database throws
   * @example
   * const { clean, counts, differences } = await movies.verify();
   * if (!clean) console.log(counts, differences);
   */
  async verify(options: ServiceVerifyOptions = {}): Promise<VerifyReport> {
    this.#site.open();
    const { index, prefix, ...asked } = options;
    const name = this.#indexName(index, prefix);
    return this.#site.track(verifyIndex(this.#site.verifySite(), { ...asked, index: name }));
  }

  /**
   * The settings that the live index has now, every one of them. Keys of embedders, and what headers say, are hidden.
   * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`
   * @example
   * const { searchableAttributes, synonyms } = await movies.settings();
   * console.log(searchableAttributes, synonyms);
   */
  async settings(options: { readonly signal?: AbortSignal } = {}): Promise<Required<IndexSettings>> {
    this.#site.open();
    return this.#site.track(readSettings(this.#site.backend, this.indexName, options));
  }

  /**
   * What it takes to give the index the settings that are declared: each difference, whether it is free, and what was made on
   * the index elsewhere. It changes nothing.
   * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`, `OPTION_INVALID`
   * @example
   * const { cost, changes } = await movies.settingsPlan();
   * for (const { setting, live, declared, because } of changes) console.log(setting, live, declared, because);
   */
  async settingsPlan(options: SettingsPlanOptions = {}): Promise<SettingsPlan> {
    this.#site.open();
    const { backend, metadata } = this.#site;
    checkPlanOptions(metadata.entity, options);
    return this.#site.track(planSettings(backend, metadata, options));
  }

  /**
   * Gives the live index the declared settings, as far as that is free, and waits until searches have them. Where a setting
   * makes the engine go through all documents it must be named in `reindexInPlace`; where documents must be made anew it
   * needs `reindex()`. What is not allowed is refused before anything is sent.
   * @throws ScrypathError `SETTINGS_REFUSED`, `REBUILD_RUNNING`, `INDEX_NOT_FOUND`, `TASK_…`, `BACKEND_…`, `OPTION_INVALID`
   * @example
   * const { applied } = await movies.applySettings({ reindexInPlace: ['stopWords'], timeoutMs: 600_000 });
   */
  async applySettings(options: ApplySettingsOptions = {}): Promise<AppliedSettings> {
    this.#site.open();
    const { backend, metadata, defaults } = this.#site;
    checkApplyOptions(metadata.entity, options);
    const { timeoutMs = defaults.timeoutMs } = options;
    await this.#site.track(assertNoRebuild(this.#site.reindexSite()));
    return this.#site.track(applyLive(backend, metadata, { ...options, timeoutMs }));
  }

  /**
   * Writes every record that belongs in the index, at the engine's own speed and with flat memory. Into the live index with
   * an outbox it loses nothing that is written meanwhile: what workers send beside it is sent once more behind it. It
   * removes no document whose row is gone: `verify` finds those.
   *
   * Where it stops it rejects with the reason, `backfillReportOf(error)` says how far it had got, and `resume: true` goes on.
   * @throws ScrypathError `BACKFILL_RUNNING`, `WORK_TIMEOUT`, `INDEX_NOT_FOUND`, `PROJECTION_FAILED`, `TASK_…`, `BACKEND_…`
   * @example
   * const { documents, replayed } = await movies.backfill({ onProgress: ({ rows, total }) => console.log(rows, total) });
   */
  async backfill(options: BackfillOptions = {}): Promise<FilledIndex> {
    this.#site.open();
    return this.#site.track(fillIndex(this.#site.fillSite(), this.#indexName(options.into, undefined), options));
  }

  /**
   * Builds an index beside the live one, fills it, verifies it by content, and makes it the live one in one step of the
   * engine. Searches see the old index until then, and the new one from then on. With an outbox, writes that come meanwhile
   * go to both indexes, and what an older page may have been written over is sent again; the old index stays beside the new
   * one, as current as that, until `finish()` or `rollback()`. Where it stops it rejects with the reason, the live index is
   * as it was, and `resume: true` goes on. One rebuild of an entity at a time, its kept index included.
   * @throws ScrypathError `REBUILD_RUNNING`, `REBUILD_DIFFERS`, `BACKFILL_RUNNING`, `INDEX_REPLACED`, `PROJECTION_FAILED`,
   * `TASK_…`, `BACKEND_…`
   * @example
   * const rebuild = await movies.reindex({ onProgress: (progress) => console.log(progress) });
   * console.log(rebuild.audit.documents, rebuild.audit.cutover.happened);
   * await rebuild.finish();
   */
  async reindex(options: ReindexOptions = {}): Promise<Rebuild> {
    this.#site.open();
    return this.#site.track(reindex(this.#site.reindexSite(), checkReindexOptions(this.metadata.entity, options)));
  }

  /**
   * A rebuild by its id; without an id the one that has not come to its end. Null where there is none. Without an outbox
   * those of this process alone are known.
   * @example
   * const rebuild = await movies.rebuild();
   * if (rebuild?.state === 'kept') await rebuild.rollback();
   */
  async rebuild(id?: string): Promise<Rebuild | null> {
    this.#site.open();
    return this.#site.track(findRebuild(this.#site.reindexSite(), id));
  }

  /** As `scrypath.waitForCompletion`. */
  waitForCompletion(token: string, options?: WaitOptions): Promise<void> {
    return this.#site.waitForCompletion(token, options);
  }

  /**
   * As `scrypath.status`, of this entity.
   * @example
   * const { documents, rows, backlog } = await movies.status();
   * if (!documents.observed) console.log(documents.why);
   */
  async status(options: StatusOptions = {}): Promise<ServiceStatus> {
    this.#site.open();
    return this.#site.track(readStatus(this.#site.statusSite(), [this.metadata], options).then(serviceStatusOf));
  }

  /**
   * How far the index is from the database and the declarations: by content, as `verify`, and by settings, contract, counts,
   * discarded work and rebuilds. It changes nothing; what it could not look at, it says.
   * @throws ScrypathError `OPTION_INVALID`
   * @example
   * const { clean, signals } = await movies.drift();
   * if (!clean) for (const { kind, why } of signals) console.log(kind, why);
   */
  async drift(options: DriftOptions = {}): Promise<DriftReport> {
    this.#site.open();
    checkedDriftOptions(this.metadata.entity, options);
    return this.#site.track(readDrift(this.#operatorSite(), options));
  }

  /**
   * As `drift`, with what to do about it: each action that is recommended now, and why. With `apply` it looks again, and
   * carries out that one action where it is recommended still. Without it nothing is changed.
   * @throws ScrypathError `ACTION_NOT_OFFERED`, `OPTION_INVALID`; and whatever the action throws
   * @example
   * const { actions } = await movies.reconcile();
   * for (const { id, why } of actions) console.log(id, why);
   * const { applied } = await movies.reconcile({ apply: 'repair:Movie' });
   */
  async reconcile(options: ReconcileOptions = {}): Promise<Reconciliation> {
    this.#site.open();
    const { defaults, failedWork } = this.#site;
    const { entity } = this.metadata;
    const site = {
      ...this.#operatorSite(),
      verbs: operatorVerbsOf(this, this.#site, this.#site.verifySite, this.#site.retry),
      timeoutMs: defaults.timeoutMs,
      failedWork: () => failedWork({ entity, engine: false }),
    };
    return this.#site.track(reconcile(site, options));
  }

  /**
   * Compares the index with the database by content, and mends the keys that differ as they are found, until its budget is
   * spent. With an outbox it marks them dirty, and gives the token to wait for. Where nothing differs, and nobody knew by which
   * declarations the index was made, it notes that it was by these.
   * @throws ScrypathError `OPTION_INVALID`, `INDEX_NOT_FOUND`, `BACKEND_…`; without an outbox as `syncKeys`
   * @example
   * const { mended, token, ended } = await movies.repair({ maxKeys: 1_000, maxSeconds: 60 });
   * if (token !== null) await movies.waitForCompletion(token);
   */
  async repair(options: RepairOptions = {}): Promise<RepairReport> {
    this.#site.open();
    const { defaults, verifySite } = this.#site;
    const site = {
      ...{ operator: this.#operatorSite(), sync: this.#site, verify: verifySite() },
      timeoutMs: defaults.timeoutMs,
    };
    return this.#site.track(repair(site, options));
  }

  #operatorSite() {
    return { ...this.#site.statusSite(), metadata: this.metadata, verifySite: this.#site.verifySite };
  }

  /** As `scrypath.failedWork`, of this entity's documents. */
  failedWork(options: Omit<FailedWorkOptions, 'entity'> = {}): Promise<FailedWorkReport> {
    return this.#site.failedWork({ ...options, entity: this.metadata.entity });
  }

  /**
   * Marks the records of the rows that match dirty, by one statement: for writes that capture cannot see. Soft-deleted rows
   * are among them. They are sent as queued work, whatever the mode.
   * @param options.manager whose transaction the marks join
   * @throws ScrypathError `OPTION_INVALID` without a condition or an outbox, `SYNC_IN_TRANSACTION`, `KEY_INVALID`
   * @example await movies.markDirty({ year: 1982 });
   */
  markDirty(rows: DirtyRows<E>, options: MarkOptions = {}): Promise<Marked> {
    return this.#mark(options, (manager) => markDirty(this.metadata, rows as DirtyRows, manager));
  }

  /**
   * As {@link markDirty}, for every row. Documents without a row are not found so.
   * @example const { count } = await movies.markAllDirty();
   */
  markAllDirty(options: MarkOptions = {}): Promise<Marked> {
    return this.#mark(options, (manager) => markAllDirty(this.metadata, manager));
  }

  async #mark(options: MarkOptions, mark: (manager: EntityManager) => Promise<CommittedMarks>): Promise<Marked> {
    this.#site.open();
    checkSyncOptions(this.metadata.entity, options);
    const { outbox } = this.#site;
    if (outbox === null)
      throw new ScrypathError({
        code: 'OPTION_INVALID',
        entity: this.metadata.entity,
        happened: `Rows of ${this.metadata.entity} were to be marked dirty, and this Scrypath instance has no outbox.`,
        remedy: 'Give it the option outbox: true, or call syncKeys.',
      });
    const { token, count } = await this.#site.track(markIn(outbox, this.#site, options.manager, mark));
    return Object.freeze({ token: count === 0 ? null : token, count });
  }

  /**
   * Takes the index that is there now for the one to write to, after `INDEX_REPLACED`. What the index lacks it goes on
   * lacking: mark everything dirty, or rebuild it.
   * @throws ScrypathError `INDEX_NOT_FOUND`, `OPTION_INVALID` without an outbox
   */
  async adoptIndex(): Promise<void> {
    this.#site.open();
    await this.#site.adopt(this.indexName);
  }

  /**
   * Removes the record's document, by entity or primary key. Without an outbox the row is not read, and need not exist any
   * more; with one the document is removed where the row is gone.
   */
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
    this.#checkOutbox(mode, options);
    return { mode, timeoutMs, manager, signal, index: this.#indexName(options.index, options.prefix) };
  }

  #checkOutbox(mode: SyncMode, { index, prefix }: SyncOptions): void {
    const { entity } = this.metadata;
    if (this.#site.outbox === null && mode === 'queued')
      throw new ScrypathError({
        code: 'OPTION_INVALID',
        entity,
        happened: `A queued sync of ${entity} was asked for, and this Scrypath instance has no outbox.`,
        remedy: 'Give it the option outbox: true.',
      });
    if (this.#site.outbox !== null && (index !== undefined || prefix !== undefined))
      throw new ScrypathError({
        code: 'OPTION_INVALID',
        entity,
        happened: `A sync of ${entity} was given another index; with an outbox a record belongs to its entity's index.`,
        remedy: 'Leave index and prefix out, or use an instance without an outbox.',
      });
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
