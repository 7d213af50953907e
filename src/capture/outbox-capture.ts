import type { DataSource, EntityMetadata, EntitySubscriberInterface } from 'typeorm';
import type { MarkRule } from '../fan-out/mark-rule.js';
import type { CommittedMarks } from '../outbox/commit-watch.js';
import { whenMetadataIsBuilt } from '../outbox/metadata-hook.js';
import { type Logger, safely } from '../telemetry/logger.js';
import { interceptBuilders } from './builder-patch.js';
import { executeCaptured } from './captured-execution.js';
import { type BeforeCommit, DirtyBuffer } from './dirty-buffer.js';
import { neededMarks } from './needed-marks.js';
import { RawWrites } from './raw-writes.js';
import { type UnresolvedWrite, unresolvedReporter } from './unresolved.js';
import { isExempt } from './without-capture.js';
import { type BuilderWrite, builderWriteOf, type WriteBuilder } from './write-builder.js';

/** The part of the fan-out that capture asks: which keys a change of a row dirties. */
export interface MarkRules {
  rulesOf(table: EntityMetadata): readonly MarkRule[];
  deepCascadesOf?(table: EntityMetadata): readonly unknown[];
}

export interface OutboxCapture {
  /** Asked at every write, so that it may change with the DataSource's metadata. */
  readonly fanOut: MarkRules;
  /**
   * Told of each commit that wrote marks, after it, synchronously in the async context that committed: the moment to wake a
   * worker. What it throws is logged.
   */
  readonly committed?: (marks: CommittedMarks) => void;
  /** Given the keys that are known in a transaction, before its commit. */
  readonly beforeCommit?: BeforeCommit;
  /** Told of each write whose keys cannot be known. What it throws is logged. */
  readonly unresolved?: (write: UnresolvedWrite) => void;
  readonly logger: Logger;
}

/**
 * Marks what TypeORM writes through a DataSource, in the transaction of the write: `save` and `remove` with their cascades,
 * `insert`, `update`, `delete`, `upsert`, soft deletes, relations and query builders. Where the mark cannot be written, the
 * write fails and is rolled back. What it cannot know is told of. It works before and after `initialize()`; a second one
 * on the same DataSource replaces the first. `stop` captures no further write; what transactions that are open then have
 * dirtied so far is still marked when they commit.
 */
export function captureIntoOutbox(dataSource: DataSource, capture: OutboxCapture): { stop(): void } {
  running.get(dataSource)?.();
  const logger = safely(capture.logger);
  const committed = neverThrowing(logger, 'A commit was not told of.', capture.committed);
  const tell = neverThrowing(logger, 'An uncaptured write was not told of.', capture.unresolved);
  const unresolved = unresolvedReporter(logger, tell);
  let stopped = false;
  const buffer = new DirtyBuffer(
    (marks) => (stopped ? undefined : committed(marks)),
    async (manager, marks) => (stopped ? 0 : ((await capture.beforeCommit?.(manager, marks)) ?? 0)),
  );
  const raw = new RawWrites(dataSource, (table) => capture.fanOut.rulesOf(table).length > 0, unresolved);

  const execute = (builder: WriteBuilder, original: (this: WriteBuilder) => Promise<unknown>): Promise<unknown> => {
    const write = builderWriteOf(builder);
    const rules = write === null ? [] : capture.fanOut.rulesOf(write.table);
    if (write === null || rules.length === 0) return original.call(builder);
    const needed = neededMarks(rules, write);
    const isNeeded = needed.before.length + needed.after.length > 0;
    const entity = entityNameOf(write);
    const exempt =
      isNeeded && isExempt(entity, (reason) => unresolved({ statement: 'without_capture', entity, reason }));
    if (!isNeeded || exempt) return executeAnnounced(builder, raw, original);
    if (write.kind === 'delete' && (capture.fanOut.deepCascadesOf?.(write.table).length ?? 0) > 0)
      unresolved({ statement: 'cascade', entity });
    const context = { buffer, announce: (sql: string) => raw.announce(sql), unresolved: tellOf };
    return executeCaptured(context, { builder, write, needed }, original);
  };
  const tellOf = (write: BuilderWrite) =>
    unresolved({ statement: write.fromSelect ? 'insert_select' : write.kind, entity: entityNameOf(write) });

  const subscriber: EntitySubscriberInterface = {
    beforeTransactionStart: ({ queryRunner }) => buffer.beforeStart(queryRunner),
    beforeTransactionCommit: ({ queryRunner }) => buffer.beforeCommit(queryRunner),
    afterTransactionCommit: ({ queryRunner }) => buffer.afterCommit(queryRunner),
    afterTransactionRollback: ({ queryRunner }) => buffer.afterRollback(queryRunner),
    afterQuery: ({ query, success }) => {
      if (success && !stopped) raw.see(query);
    },
  };
  const restore = interceptBuilders(dataSource, execute);
  // initialize() replaces the list of subscribers each time, and the metadata.
  const hook = whenMetadataIsBuilt(dataSource, () => {
    raw.forget();
    dataSource.subscribers.push(subscriber);
  });
  const stop = () => {
    if (running.get(dataSource) === stop) running.delete(dataSource);
    restore();
    hook.stop();
    stopped = true;
    // What open transactions have dirtied is still written before they commit.
    buffer.whenIdle(() => {
      const at = dataSource.subscribers.indexOf(subscriber);
      if (at >= 0) dataSource.subscribers.splice(at, 1);
    });
  };
  running.set(dataSource, stop);
  return { stop };
}

const running = new WeakMap<DataSource, () => void>();

const entityNameOf = ({ table }: BuilderWrite) => table.name;

/** A builder's statement that needs no mark is no raw one either. */
async function executeAnnounced(
  builder: WriteBuilder,
  raw: RawWrites,
  original: (this: WriteBuilder) => Promise<unknown>,
): Promise<unknown> {
  const prototype = Object.getPrototypeOf(builder) as WriteBuilder;
  let forget = (): void => undefined;
  builder.getQueryAndParameters = () => {
    const statement = prototype.getQueryAndParameters.call(builder);
    forget = raw.announce(statement[0]);
    return statement;
  };
  try {
    return await original.call(builder);
  } finally {
    forget();
    Reflect.deleteProperty(builder, 'getQueryAndParameters');
  }
}

const neverThrowing =
  <T>(logger: Logger, message: string, tell: ((of: T) => void) | undefined) =>
  (of: T): void => {
    try {
      tell?.(of);
    } catch (error) {
      logger.error(message, { error });
    }
  };
