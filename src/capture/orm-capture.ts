import type {
  DataSource,
  EntityManager,
  EntityMetadata,
  EntitySubscriberInterface,
  ObjectLiteral,
  QueryRunner,
} from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Logger } from '../telemetry/logger.js';

/** What capture needs of the instance that it serves. */
export interface CaptureTarget {
  /** The indexes that a written row belongs to: of its own entity, and of a single-table root above it. */
  readonly indexesOf: (entity: EntityMetadata) => readonly SearchMetadata[];
  /** Syncs keys by the public verb; resolves and rejects as it does. */
  readonly sync: (metadata: SearchMetadata, keys: readonly DocumentKey[], manager: EntityManager) => Promise<unknown>;
  readonly logger: Logger;
}

type Dirty = Map<SearchMetadata, Set<DocumentKey>>;

/** A write as a subscriber hears of it: the hooks carry the record in different members. */
interface WriteEvent {
  readonly metadata: EntityMetadata;
  readonly queryRunner: QueryRunner;
  readonly entity?: ObjectLiteral | undefined;
  readonly databaseEntity?: ObjectLiteral | undefined;
  readonly entityId?: unknown;
}

/**
 * Hears of what `save`, `remove`, `softRemove` and `recover` wrote, remembers keys only, and syncs them once their
 * transaction has committed. It reads nothing from the event's entity but its key, and never throws into a write.
 * @returns a function that stops it
 */
export function captureFromOrm(dataSource: DataSource, target: CaptureTarget): () => void {
  // One DataSource has many transactions at a time; what each wrote belongs to its query runner.
  const dirtyOf = new WeakMap<QueryRunner, Dirty>();

  const written = async (event: WriteEvent): Promise<void> => {
    const { queryRunner } = event;
    const dirty = dirtyOf.get(queryRunner) ?? new Map<SearchMetadata, Set<DocumentKey>>();
    for (const metadata of target.indexesOf(event.metadata)) {
      const key = keyOf(metadata, event);
      if (key === null) {
        target.logger.warn(`A write to ${event.metadata.name} named no key and was not synced.`, {
          entity: event.metadata.name,
        });
        continue;
      }
      dirty.set(metadata, (dirty.get(metadata) ?? new Set()).add(key));
    }
    if (dirty.size === 0) return;
    dirtyOf.set(queryRunner, dirty);
    if (!queryRunner.isTransactionActive) await flush(queryRunner);
  };

  const flush = async (queryRunner: QueryRunner): Promise<void> => {
    const dirty = dirtyOf.get(queryRunner);
    dirtyOf.delete(queryRunner);
    for (const [metadata, keys] of dirty ?? []) {
      try {
        await target.sync(metadata, [...keys], queryRunner.manager);
      } catch (error) {
        const { entity, indexName: index } = metadata;
        target.logger.error(`The sync of ${keys.size} committed ${entity} failed.`, { entity, index, error });
      }
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
      if (!queryRunner.isTransactionActive) await flush(queryRunner);
    },
    afterTransactionRollback: ({ queryRunner }) => {
      // Keys of a rolled-back savepoint may stay: reading an unchanged row again does no harm.
      if (!queryRunner.isTransactionActive) dirtyOf.delete(queryRunner);
    },
  };
  dataSource.subscribers.push(subscriber);
  return () => {
    const at = dataSource.subscribers.indexOf(subscriber);
    if (at >= 0) dataSource.subscribers.splice(at, 1);
  };
}

function keyOf(
  metadata: SearchMetadata,
  { metadata: written, entity, databaseEntity, entityId }: WriteEvent,
): DocumentKey | null {
  const idMap =
    written.getEntityIdMap(databaseEntity) ??
    (entityId === undefined || entityId === null ? undefined : written.ensureEntityIdMap(entityId as ObjectLiteral)) ??
    written.getEntityIdMap(entity);
  try {
    return idMap === undefined ? null : metadata.key.from(idMap);
  } catch {
    return null;
  }
}
