import type { EntityMetadata, EntitySchema } from 'typeorm';
import type { TaskRef } from './backend/task.js';
import { captureFromOrm } from './capture/orm-capture.js';
import { ScrypathError } from './errors/scrypath-error.js';
import type { EntityClass } from './metadata/declaration.js';
import { MetadataRegistry } from './metadata/metadata-registry.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import { type PreparedIndex, prepareIndex } from './operator/prepare-indexes.js';
import { type ResolvedOptions, resolveOptions, type ScrypathOptions } from './options/scrypath-options.js';
import { projectionOf } from './projection/projection.js';
import type { JsonOf } from './search/json-of.js';
import { SearchService } from './search-service.js';
import { watchTransactions } from './sync/transaction-guard.js';
import { type Logger, safely } from './telemetry/logger.js';

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
  }

  /**
   * Checks every declaration, prepares the indexes, and starts capture where it is on.
   * @throws ScrypathError `DECLARATION_INVALID` with all mistakes of all entities, `DATA_SOURCE_NOT_READY`, `BACKEND_…`
   */
  async start(): Promise<Preparation> {
    const preparation = await this.prepare();
    if (this.#options.capture === 'orm' && this.#stopCapture === null) this.#stopCapture = this.#startCapture();
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
    const indexes = await Promise.all(metadatas.map((metadata) => prepareIndex(backend, metadata, timeoutMs)));
    for (const { entity, index, differences } of indexes)
      if (differences.length > 0)
        this.#logger.warn(`The index "${index}" of ${entity} has other settings than declared.`, {
          entity,
          index,
          differences,
        });
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

  /** Stops capture, waits for what is under way, and closes the backend. Verbs refuse afterwards. The DataSource stays open. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#stopCapture?.();
    this.#stopCapture = null;
    this.#closed = true;
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    await this.#options.backend.close?.();
  }

  #serviceOf(metadata: SearchMetadata): SearchService<object, unknown> {
    let service = this.#services.get(metadata);
    if (service === undefined) {
      const { backend, dataSource, mode, timeoutMs } = this.#options;
      service = new SearchService<object, unknown>({
        backend,
        metadata,
        projection: projectionOf(metadata),
        manager: dataSource.manager,
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
