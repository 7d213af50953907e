import type { DataSource, EntityMetadata, EntitySubscriberInterface, ObjectLiteral, QueryRunner } from 'typeorm';
import { DirtyBuffer } from './dirty-buffer.js';
import { whenMetadataIsBuilt } from './metadata-hook.js';
import type { DirtyKey, Mark } from './outbox-row.js';

/** A write of one record, as TypeORM's subscribers hear of it. */
export interface RecordWritten {
  readonly metadata: EntityMetadata;
  readonly queryRunner: QueryRunner;
  readonly entity?: ObjectLiteral | undefined;
  readonly databaseEntity?: ObjectLiteral | undefined;
  readonly entityId?: unknown;
}

export interface OutboxCapture {
  /** The keys that a write dirties; empty where the entity has no index. May ask the database, on the event's runner. */
  readonly keysOf: (event: RecordWritten) => readonly DirtyKey[] | Promise<readonly DirtyKey[]>;
  /** Told of marks once they are committed: the moment to wake a worker. Must not throw; nobody awaits it. */
  readonly committed?: (marks: readonly Mark[]) => void;
}

/**
 * Marks what `save`, `remove`, `softRemove` and `recover` write, in their transaction: when the marks cannot be written,
 * the commit fails and is rolled back. What TypeORM writes without a transaction (`{ transaction: false }`, `insert()`) is
 * marked right after it.
 * @returns the buffer, for other marks of the same transactions, and a function that stops the capture
 */
export function outboxCapture(
  dataSource: DataSource,
  { keysOf, committed }: OutboxCapture,
): { readonly buffer: DirtyBuffer; stop(): void } {
  const buffer = new DirtyBuffer(committed);
  const written = async (event: RecordWritten): Promise<void> => buffer.mark(event.queryRunner, await keysOf(event));
  const subscriber: EntitySubscriberInterface = {
    afterInsert: written,
    afterUpdate: written,
    afterRemove: written,
    afterSoftRemove: written,
    afterRecover: written,
    beforeTransactionStart: ({ queryRunner }) => buffer.beforeStart(queryRunner),
    beforeTransactionCommit: ({ queryRunner }) => buffer.beforeCommit(queryRunner),
    afterTransactionCommit: ({ queryRunner }) => buffer.afterCommit(queryRunner),
    afterTransactionRollback: ({ queryRunner }) => buffer.afterRollback(queryRunner),
  };
  // initialize() replaces the list of subscribers each time.
  const hook = whenMetadataIsBuilt(dataSource, () => {
    dataSource.subscribers.push(subscriber);
  });
  return {
    buffer,
    stop: () => {
      hook.stop();
      const at = dataSource.subscribers.indexOf(subscriber);
      if (at >= 0) dataSource.subscribers.splice(at, 1);
    },
  };
}
