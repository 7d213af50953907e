import type { DataSource, EntityMetadata, EntitySchema, MigrationInterface } from 'typeorm';
import type { TaskRef } from './backend/task.js';
import { captureFromOrm } from './capture/orm-capture.js';
import { withoutCapture } from './capture/without-capture.js';
import { ScrypathError } from './errors/scrypath-error.js';
import type { EntityClass } from './metadata/declaration.js';
import { MetadataRegistry } from './metadata/metadata-registry.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import { type DoctorReport, examineAll } from './operator/doctor.js';
import type { DriftOptions } from './operator/drift.js';
import type { DriftReport } from './operator/drift-report.js';
import { type PreparedIndex, prepareIndex } from './operator/prepare-indexes.js';
import { noSuchEntity, type ReconcileOptions, type Reconciliation } from './operator/reconcile.js';
import { type LookOptions, readStatus, type Status, type StatusOptions, type StatusSite } from './operator/status.js';
import { type ResolvedOptions, resolveOptions, type ScrypathOptions } from './options/scrypath-options.js';
import { joinTokens, splitTokens } from './outbox/mark-id.js';
import { outboxMigrationSource } from './outbox/migration-source.js';
import { OutboxWiring } from './outbox-wiring.js';
import { type Projection, projectionOf } from './projection/projection.js';
import type { JsonOf } from './search/json-of.js';
import { SearchService, type WaitOptions } from './search-service.js';
import { watchTransactions } from './sync/transaction-guard.js';
import { type Logger, safely } from './telemetry/logger.js';
import { type GenerateOptions, generateTriggersMigration } from './triggers/generate.js';
import { type TriggersMigrationOptions, triggersMigration } from './triggers/install.js';
import { type TriggerReport, verifyTriggers } from './triggers/verify.js';
import type { VerifySite } from './verify/verify-site.js';
import { readConnection } from './worker/background-runner.js';
import type { FailedWorkOptions, FailedWorkReport } from './worker/failed-work.js';
import type { Worker, WorkerOptions } from './worker/worker.js';

/** What `start` and `prepare` found and made. */
export interface Preparation {
  readonly indexes: readonly PreparedIndex[];
}

/**
 * Keeps search indexes equal to the entities of one DataSource.
 * @example
 * const scrypath = new Scrypath({ dataSource, backend: embedded(), capture: 'orm' });
 * await scrypath.start();
 * const { hits } = await scrypath.for(Movie).search('kubrik');
 * await scrypath.close();
 */
export class Scrypath {
  readonly #options: ResolvedOptions;
  readonly #logger: Logger;
  readonly #registry: MetadataRegistry;
  readonly #services = new Map<SearchMetadata, SearchService<object, unknown>>();
  readonly #pending = new Set<Promise<unknown>>();
  /** The last task accepted on each index; tasks of one index end in order. */
  readonly #lastTasks = new Map<string, TaskRef>();
  readonly #outbox: OutboxWiring | null;
  #stopCapture: (() => void) | null = null;
  #closed = false;

  /** @throws ScrypathError `OPTION_INVALID`, naming every option that does not hold */
  constructor(options: ScrypathOptions) {
    this.#options = resolveOptions(options);
    this.#logger = safely(this.#options.logger);
    const { dataSource, entities, prefix } = this.#options;
    this.#registry = new MetadataRegistry(dataSource, entities, {
      prefix,
    });
    watchTransactions(dataSource);
    const { outbox } = this.#options;
    this.#outbox =
      outbox &&
      new OutboxWiring(
        this.#options,
        outbox,
        this.#logger,
        () => this.#registry.all(),
        (work) => void this.#track(work),
      );
  }

  /**
   * Checks every declaration, prepares the indexes and the outbox, and starts capture where it is on.
   * @throws ScrypathError `DECLARATION_INVALID` with all mistakes of all entities, `DATA_SOURCE_NOT_READY`, `BACKEND_…`,
   * `OUTBOX_MISSING`, `OUTBOX_MISMATCH`, `TRIGGERS_MISSING`
   */
  async start(): Promise<Preparation> {
    const preparation = await this.prepare();
    await this.#outbox?.startQueue();
    if (this.#outbox) await this.#outbox.startCapture();
    else if (this.#options.capture === 'orm' && this.#stopCapture === null) this.#stopCapture = this.#startCapture();
    return preparation;
  }

  /**
   * Creates the indexes that are missing, with their settings. An index that is there keeps its settings: where they
   * differ from the declared ones, the report says so and a warning is logged.
   */
  async prepare(): Promise<Preparation> {
    this.#open();
    const { backend, timeoutMs } = this.#options;
    const metadatas = this.#registry.all();
    await this.#outbox?.prepareTables();
    const indexes = await Promise.all(metadatas.map((metadata) => prepareIndex(backend, metadata, timeoutMs)));
    for (const { entity, index, differences } of indexes)
      if (differences.length > 0)
        this.#logger.warn(`The index "${index}" of ${entity} has other settings than declared.`, {
          entity,
          index,
          differences,
        });
    await this.#outbox?.adoptIndexes(indexes);
    return Object.freeze({ indexes: Object.freeze(indexes) });
  }

  /**
   * The service of one entity. With a projection hook, give the type of its document: `for<Movie, MovieDocument>(Movie)`.
   * @throws ScrypathError `ENTITY_UNKNOWN`, `DECLARATION_INVALID`, `DATA_SOURCE_NOT_READY`
   */
  for<E extends object, D = JsonOf<E>>(entity: EntityClass<E> | EntitySchema<E>): SearchService<E, D> {
    this.#open();
    return this.#serviceOf(this.#registry.of(entity)) as unknown as SearchService<E, D>;
  }

  /**
   * The service of every entity that has an index, in the order of the DataSource's entities.
   * @throws ScrypathError `DECLARATION_INVALID`, `DATA_SOURCE_NOT_READY`
   * @example for (const { metadata, indexName } of scrypath.services()) console.log(metadata.entity, indexName);
   */
  services(): readonly SearchService<object, unknown>[] {
    this.#open();
    return Object.freeze(this.#registry.all().map((metadata) => this.#serviceOf(metadata)));
  }

  /** The DataSource that the instance was made with. It is the application's: `close` leaves it open. */
  get dataSource(): DataSource {
    return this.#options.dataSource;
  }

  /** Whether dirty keys go through an outbox: only then there is work for a worker, and a backlog in `status`. */
  get hasOutbox(): boolean {
    return this.#outbox !== null;
  }

  /**
   * Resolves when everything that this instance has begun is over: syncs under way, captured ones too, and the tasks that
   * the engine has accepted. It says nothing of success.
   */
  async drain(): Promise<void> {
    this.#open();
    const { backend, timeoutMs } = this.#options;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    const tasks = [...this.#lastTasks.values()];
    if (tasks.length === 0) return;
    const outcomes = await backend.outcomes(tasks, { waitMs: timeoutMs });
    for (const { id, index } of outcomes) if (this.#lastTasks.get(index)?.id === id) this.#lastTasks.delete(index);
  }

  /**
   * A worker that brings what is dirty to the engine, until it is stopped. Any number of them share the work, in one process
   * or in many.
   * @throws ScrypathError `OPTION_INVALID` where the instance has no outbox, or an option does not hold
   */
  worker(options: WorkerOptions = {}): Worker {
    return this.#theOutbox().delivery.worker(options);
  }

  /**
   * Runs `fn`, and gives the token of everything that was committed into the outbox in it, by capture or by verbs; null
   * where nothing was.
   * @example
   * const { token } = await scrypath.track(() => repository.save(movie));
   * if (token !== null) await scrypath.waitForCompletion(token);
   */
  async track<T>(fn: () => T | Promise<T>): Promise<{ readonly value: T; readonly token: string | null }> {
    const { value, tokens } = await this.#theOutbox().track(fn);
    return { value, token: tokens.size === 0 ? null : joinTokens(tokens) };
  }

  /**
   * Resolves when the engine has reported the success of all work of a token: a search shows it. Where no worker of this
   * instance runs, it brings the work to the engine itself; failures are tried again until the time is over.
   * @param options.timeoutMs longest wait, in milliseconds; default `sync.timeoutMs`
   * @throws ScrypathError `WORK_TIMEOUT`, `WORK_DISCARDED`, `OPTION_INVALID`
   */
  async waitForCompletion(
    token: string,
    { timeoutMs = this.#options.timeoutMs, signal }: WaitOptions = {},
  ): Promise<void> {
    const waiting = { goal: 'completed', timeoutMs, signal, failFast: false, drains: false } as const;
    await this.#track(this.#theOutbox().delivery.wait(splitTokens(token), waiting));
  }

  /**
   * What is known of every entity: documents against rows, the backlog, its oldest work, the last success, workers, the
   * engine's queue, rebuilds. It changes nothing, and says of each figure whether it was observed: where the engine or the
   * database is away, why not.
   * @param options.count whether rows and documents are counted, which costs most on large tables; default true
   * @example
   * const { engineQueue, entities } = await scrypath.status();
   * for (const { entity, documents, rows } of entities) console.log(entity, documents, rows);
   */
  async status(options: StatusOptions = {}): Promise<Status> {
    this.#open();
    return this.#track(readStatus(this.#statusSite(), this.#registry.all(), options));
  }

  /**
   * Looks at connections, versions, permissions of the engine's key, tables, triggers, the queue, workers and indexes, and
   * says of each what is wrong and what to do. It changes nothing.
   * @example
   * const { healthy, findings } = await scrypath.doctor();
   * if (!healthy) for (const { state, happened, remedy } of findings) console.log(state, happened, remedy);
   */
  async doctor(options: LookOptions = {}): Promise<DoctorReport> {
    this.#open();
    const outbox = this.#outbox;
    const { capture, dataSource } = this.#options;
    const site = {
      ...this.#statusSite(),
      dataSource,
      metadatas: () => this.#registry.all(),
      shards: this.#options.outbox?.shards ?? null,
      triggers: outbox !== null && capture === 'triggers' ? () => verifyTriggers(dataSource, outbox.fanOut) : null,
      unresolvedWrites: this.unresolvedWrites,
    };
    return this.#track(examineAll(site, options));
  }

  /** As `drift` of each entity's service, one after the other. */
  async drift(options: DriftOptions = {}): Promise<readonly DriftReport[]> {
    this.#open();
    const reports: DriftReport[] = [];
    for (const metadata of this.#registry.all()) reports.push(await this.#serviceOf(metadata).drift(options));
    return Object.freeze(reports);
  }

  /**
   * As `reconcile` of each entity's service, one after the other; with `apply` of the one that the action names.
   * @throws ScrypathError `ACTION_NOT_OFFERED`, `OPTION_INVALID`; and whatever the action throws
   */
  async reconcile(options: ReconcileOptions = {}): Promise<readonly Reconciliation[]> {
    this.#open();
    const { apply } = options;
    const all = this.#registry.all();
    const named = apply === undefined ? all : all.filter(({ entity }) => apply.endsWith(`:${entity}`));
    if (named.length === 0 && apply !== undefined) throw noSuchEntity(apply);
    const reports: Reconciliation[] = [];
    for (const metadata of named) reports.push(await this.#serviceOf(metadata).reconcile(options));
    return Object.freeze(reports);
  }

  /**
   * Work that failed and is tried again, and work that was discarded, by pages; behind it the failed jobs of the queue, and
   * behind those the tasks that the engine failed and that no row stands behind. No page leaves anything out: what could not
   * be listed is the next page, which throws.
   * @throws ScrypathError `OPTION_INVALID`
   */
  async failedWork(options: FailedWorkOptions = {}): Promise<FailedWorkReport> {
    return this.#theOutbox().failed.page(options);
  }

  /**
   * Makes failed work due at once, discarded work too. Resolves to whether there was such work.
   * @throws ScrypathError `OPTION_INVALID` for a task of the engine: nothing of it is left to send
   */
  async retry(id: string): Promise<boolean> {
    const { delivery, failed } = this.#theOutbox();
    const found = await failed.retry(id);
    if (found) delivery.committed();
    return found;
  }

  /**
   * Gives failed work up: what is tried again becomes discarded, what is discarded leaves the list. The document stays as
   * it is. Resolves to whether there was such work.
   * @throws ScrypathError `OPTION_INVALID` for a task of the engine: its list is the engine's
   */
  async discard(id: string): Promise<boolean> {
    return this.#theOutbox().failed.discard(id);
  }

  /**
   * Runs `fn`, whose writes are not captured: for seeds and imports. Each entity written in it is reported as unresolved,
   * with the reason.
   */
  withoutCapture<T>(reason: string, fn: () => T): T {
    return withoutCapture(reason, fn);
  }

  /**
   * The source text of a migration that makes the tables of the outbox, with the number of shards of this instance.
   * @throws ScrypathError `OPTION_INVALID` where the instance has no outbox
   * @example const source = scrypath.generateOutboxMigration();
   */
  generateOutboxMigration({ language = 'typescript' }: Pick<GenerateOptions, 'language'> = {}): string {
    this.#theOutbox();
    return outboxMigrationSource(this.#options.outbox!.shards, language);
  }

  /**
   * The source text of a migration with the SQL of every trigger that `capture: 'triggers'` needs, to review and to commit.
   * @example const source = await scrypath.generateTriggersMigration();
   */
  generateTriggersMigration(options: GenerateOptions = {}): Promise<string> {
    return generateTriggersMigration(this.#options.dataSource, this.#theOutbox().fanOut, options);
  }

  /** The same as a class for the `migrations` of a DataSource: what it does is decided when it runs. */
  triggersMigration(options: TriggersMigrationOptions = {}): new () => MigrationInterface {
    return triggersMigration(this.#theOutbox().fanOut, options);
  }

  /** Compares the triggers in the database with those that the declarations ask for. It changes nothing. */
  verifyTriggers(): Promise<TriggerReport> {
    return verifyTriggers(this.#options.dataSource, this.#theOutbox().fanOut);
  }

  /** Writes that capture could not resolve to keys, since the instance was made. */
  get unresolvedWrites(): number {
    return this.#outbox?.unresolvedWrites ?? 0;
  }

  /** Stops capture and workers, waits for what is under way, and closes the backend. Verbs refuse afterwards. The DataSource stays open. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#stopCapture?.();
    this.#stopCapture = null;
    // Before the wait: in the modes that bring captured writes, each commit would add to it.
    this.#outbox?.stopCapture();
    this.#closed = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await this.#outbox?.close();
    await this.#options.backend.close?.();
  }

  #serviceOf(metadata: SearchMetadata): SearchService<object, unknown> {
    let service = this.#services.get(metadata);
    if (service === undefined) {
      const { backend, dataSource, mode, timeoutMs } = this.#options;
      const projection = projectionOf(metadata);
      service = new SearchService<object, unknown>({
        backend,
        metadata,
        projection,
        manager: dataSource.manager,
        outbox: this.#outbox,
        verifySite: () => this.#verifySite(metadata, projection),
        fillSite: () => ({
          backend,
          metadata,
          projection,
          dataSource,
          delivery: this.#outbox?.delivery ?? null,
          timeoutMs,
        }),
        reindexSite: () => ({
          backend,
          metadata,
          projection,
          dataSource,
          verifySite: () => this.#verifySite(metadata, projection),
          logger: this.#logger,
          timeoutMs,
          outbox: this.#outbox && { delivery: this.#outbox.delivery, timing: this.#outbox.timing },
        }),
        waitForCompletion: (token, options) => this.waitForCompletion(token, options),
        failedWork: (options) => this.failedWork(options),
        statusSite: () => this.#statusSite(),
        retry: (id) => this.retry(id),
        adopt: (index) => this.#theOutbox().adoptIndex(index),
        defaults: { mode, timeoutMs },
        open: () => this.#open(),
        accepted: (tasks) => {
          for (const task of tasks)
            if (task.id > (this.#lastTasks.get(task.index)?.id ?? -1)) this.#lastTasks.set(task.index, task);
        },
        track: (work) => this.#track(work),
      });
      this.#services.set(metadata, service);
    }
    return service;
  }

  #startCapture(): () => void {
    const { dataSource } = this.#options;
    const metadatas = this.#registry.all();
    const indexesOf = (entity: EntityMetadata) =>
      metadatas.filter(
        ({ target }) => target === entity.target || entity.inheritanceTree.includes(target as () => void),
      );
    return captureFromOrm(dataSource, {
      logger: this.#logger,
      indexesOf,
      sync: (metadata, keys, manager, unprojectable) =>
        this.#serviceOf(metadata).syncCaptured(keys, manager, unprojectable),
    });
  }

  #statusSite(): StatusSite {
    const { backend, queue, dataSource } = this.#options;
    const outbox = this.#outbox;
    return {
      backend,
      queue,
      hasOutbox: outbox !== null,
      // With an outbox over its own connections: status must answer where the application's pool is exhausted.
      connect: async () =>
        outbox === null
          ? readConnection(dataSource)
          : { queryRunner: await outbox.delivery.sender.source.aside('look'), end: () => Promise.resolve() },
    };
  }

  #verifySite(metadata: SearchMetadata, projection: Projection): VerifySite {
    const { backend, dataSource } = this.#options;
    const dependencies = this.#outbox?.dependenciesOf(metadata) ?? null;
    return {
      metadata,
      projection,
      backend,
      connect: () => readConnection(dataSource),
      outbox: dependencies && { dependencies },
    };
  }

  #theOutbox(): OutboxWiring {
    this.#open();
    if (this.#outbox !== null) return this.#outbox;
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: 'This Scrypath instance has no outbox.',
      remedy: 'Give it the option outbox: true.',
    });
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const forget = () => this.#pending.delete(work);
    work.then(forget, forget);
    return work;
  }

  #open(): void {
    if (this.#closed)
      throw new ScrypathError({
        code: 'CLOSED',
        happened: 'This Scrypath instance is closed.',
        remedy: 'Make a new one.',
      });
  }
}
