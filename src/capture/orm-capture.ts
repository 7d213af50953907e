import type { DataSource, EntityManager, EntityMetadata, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Logger } from '../telemetry/logger.js';
import { type WriteEvent, writtenKey } from './written-key.js';

/** What capture needs of the instance that it serves. */
export interface CaptureTarget {
  /** The indexes that a written row belongs to: of its own entity, and of a single-table root above it. */
  readonly indexesOf: (entity: EntityMetadata) => readonly SearchMetadata[];
  /** Syncs keys as `syncKeys` does; a record that cannot become a document is told of, and keeps out no other. */
  readonly sync: (
    metadata: SearchMetadata,
    keys: readonly DocumentKey[],
    manager: EntityManager,
    unprojectable: (error: unknown) => void,
  ) => Promise<unknown>;
  readonly logger: Logger;
}

/** Keys that were written, by the index that they belong to. */
class DirtyKeys {
  readonly #keys = new Map<SearchMetadata, Set<DocumentKey>>();

  add(metadata: SearchMetadata, keys: Iterable<DocumentKey>): void {
    const known = this.#keys.get(metadata) ?? new Set();
    for (const key of keys) known.add(key);
    this.#keys.set(metadata, known);
  }

  /** Takes all keys of one index out, or nothing where none is left. */
  take(): { readonly metadata: SearchMetadata; readonly keys: readonly DocumentKey[] } | null {
    for (const [metadata, keys] of this.#keys) {
      this.#keys.delete(metadata);
      return { metadata, keys: [...keys] };
    }
    return null;
  }

  moveTo(other: DirtyKeys): void {
    for (const [metadata, keys] of this.#keys) other.add(metadata, keys);
    this.#keys.clear();
  }

  clear(): void {
    this.#keys.clear();
  }
}

/** What one query runner's transaction has written, and what earlier ones committed that is not synced yet. */
interface RunnerState {
  readonly open: DirtyKeys;
  readonly committed: DirtyKeys;
}

/**
 * Hears of what `save`, `remove`, `softRemove` and `recover` wrote, remembers keys only, and syncs them once their
 * transaction has committed. It reads nothing from the event's entity but its key, and never throws into a write.
 * @returns a function that stops it
 */
export function captureFromOrm(dataSource: DataSource, target: CaptureTarget): () => void {
  // One DataSource has many transactions at a time; what each wrote belongs to its query runner.
  const states = new WeakMap<QueryRunner, RunnerState>();
  const stateOf = (runner: QueryRunner): RunnerState => {
    const state = states.get(runner) ?? { open: new DirtyKeys(), committed: new DirtyKeys() };
    states.set(runner, state);
    return state;
  };

  const tell = ({ entity, indexName: index }: SearchMetadata, count: number, error: unknown) =>
    target.logger.error(`The sync of ${count} committed ${entity} failed.`, { entity, index, error });

  const syncAll = async (
    metadata: SearchMetadata,
    keys: readonly DocumentKey[],
    runner: QueryRunner,
  ): Promise<void> => {
    try {
      await target.sync(metadata, keys, runner.manager, (error) => tell(metadata, 1, error));
    } catch (error) {
      if (ScrypathError.is(error, 'SYNC_IN_TRANSACTION')) {
        // Another transaction has begun on the connection; its end brings us back.
        stateOf(runner).committed.add(metadata, keys);
      } else if (keys.length > 1 && ScrypathError.is(error, 'KEY_INVALID')) {
        // One row whose key cannot be read exactly: halves find it, and keep it from the others.
        const middle = Math.ceil(keys.length / 2);
        await syncAll(metadata, keys.slice(0, middle), runner);
        await syncAll(metadata, keys.slice(middle), runner);
      } else tell(metadata, keys.length, error);
    }
  };

  const flush = async (runner: QueryRunner): Promise<void> => {
    const { committed } = stateOf(runner);
    while (!runner.isTransactionActive) {
      const next = committed.take();
      if (next === null) return;
      await syncAll(next.metadata, next.keys, runner);
    }
  };

  const written = async (event: WriteEvent & { readonly queryRunner: QueryRunner }): Promise<void> => {
    try {
      const { queryRunner, metadata: entity } = event;
      const state = stateOf(queryRunner);
      const dirty = queryRunner.isTransactionActive ? state.open : state.committed;
      for (const metadata of target.indexesOf(entity)) {
        const key = writtenKey(metadata, event);
        if (key !== null) dirty.add(metadata, [key]);
        else target.logger.warn(`A write to ${entity.name} named no key and was not synced.`, { entity: entity.name });
      }
      await flush(queryRunner);
    } catch (error) {
      target.logger.error(`A write to ${event.metadata.name} was not captured.`, {
        entity: event.metadata.name,
        error,
      });
    }
  };

  const subscriber: EntitySubscriberInterface = {
    afterInsert: written,
    afterUpdate: written,
    afterRemove: written,
    afterSoftRemove: written,
    afterRecover: written,
    // Both hooks also run for savepoints; then the transaction around them is still active.
    afterTransactionCommit: async ({ queryRunner }) => {
      if (queryRunner.isTransactionActive) return;
      const { open, committed } = stateOf(queryRunner);
      open.moveTo(committed);
      await flush(queryRunner);
    },
    afterTransactionRollback: async ({ queryRunner }) => {
      // Keys of a rolled-back savepoint may stay: reading an unchanged row again does no harm.
      if (queryRunner.isTransactionActive) return;
      stateOf(queryRunner).open.clear();
      await flush(queryRunner);
    },
  };
  return keepSubscribed(dataSource, subscriber);
}

/** Subscribes, and again whenever the DataSource is initialized anew, which forgets its subscribers. */
function keepSubscribed(dataSource: DataSource, subscriber: EntitySubscriberInterface): () => void {
  const initialize = dataSource.initialize;
  let stopped = false;
  const subscribe = () => {
    // Another instance may still hold this one's wrapper of initialize.
    if (!stopped && !dataSource.subscribers.includes(subscriber)) dataSource.subscribers.push(subscriber);
  };
  const initializeAndSubscribe = async (): Promise<DataSource> => {
    await initialize.call(dataSource);
    subscribe();
    return dataSource;
  };
  dataSource.initialize = initializeAndSubscribe;
  subscribe();
  return () => {
    stopped = true;
    if (dataSource.initialize === initializeAndSubscribe) dataSource.initialize = initialize;
    const at = dataSource.subscribers.indexOf(subscriber);
    if (at >= 0) dataSource.subscribers.splice(at, 1);
  };
}
