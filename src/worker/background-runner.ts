import type { DataSource, QueryRunner } from 'typeorm';
import { ConnectionIsNotSetError, QueryFailedError, QueryResult } from 'typeorm';

/** The connection of better-sqlite3, as far as it is used. */
interface SqliteConnection {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): {
    readonly reader: boolean;
    all(...values: unknown[]): unknown[];
    run(...values: unknown[]): { readonly changes: number; readonly lastInsertRowid: unknown };
  };
}

const LOOK_EVERY_MS = 2;

/**
 * A query runner for background work on SQLite, where a DataSource has one connection. Each statement waits until no
 * transaction of the application is open and then runs in the same moment, so that it neither joins such a transaction,
 * nor sees what it has not committed, nor is undone by it. There is no other way to be sure: between a look at the
 * connection and a statement that goes through TypeORM, the application may begin one.
 * @param waitMs longest wait for a transaction to end, in milliseconds
 */
export async function backgroundRunner(dataSource: DataSource, waitMs: number): Promise<QueryRunner> {
  const shared = dataSource.createQueryRunner();
  await shared.connect();
  const runner = Object.create(shared) as QueryRunner;
  const query = async (sql: string, parameters: unknown[] = [], structured = false): Promise<unknown> => {
    const deadline = performance.now() + waitMs;
    // Nothing may be awaited between this look and the statement.
    while (connectionOf(dataSource).inTransaction) {
      if (performance.now() > deadline)
        throw new QueryFailedError(sql, [], new Error(`A transaction was still open after ${waitMs} ms.`));
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const result = execute(connectionOf(dataSource), sql, parameters);
    return structured ? result : result.raw;
  };
  const refuse = () => Promise.reject(new Error('Background work opens no transaction.'));
  Object.assign(runner, { query, startTransaction: refuse, release: () => Promise.resolve() });
  Object.defineProperty(runner, 'isTransactionActive', { value: false });
  Object.defineProperty(runner, 'manager', { value: dataSource.createEntityManager(runner) });
  return runner;
}

/** The connection as it is now: a DataSource that was destroyed has none, and one that was initialized again another. */
function connectionOf(dataSource: DataSource): SqliteConnection {
  const { databaseConnection } = dataSource.driver as unknown as { readonly databaseConnection?: SqliteConnection };
  // A driver that is asked all the same may end the process.
  if (!databaseConnection?.open) throw new ConnectionIsNotSetError(dataSource.options.type);
  return databaseConnection;
}

function execute(connection: SqliteConnection, sql: string, parameters: readonly unknown[]): QueryResult {
  const values = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
  const result = new QueryResult();
  try {
    const statement = connection.prepare(sql);
    if (statement.reader) {
      result.records = statement.all(...values);
      result.raw = result.records;
    } else {
      const { changes, lastInsertRowid } = statement.run(...values);
      result.affected = changes;
      result.raw = lastInsertRowid;
    }
  } catch (error) {
    throw new QueryFailedError(sql, [...values], error as Error);
  }
  return result;
}

/** Longest wait of a read for a transaction of the application, in milliseconds. */
const READ_WAIT_MS = 60_000;

/** A connection on the primary for reads of one purpose; on SQLite, turns of the one that there is. */
export async function readConnection(
  dataSource: DataSource,
): Promise<{ readonly queryRunner: QueryRunner; end(): Promise<void> }> {
  if (dataSource.options.type === 'better-sqlite3')
    return { queryRunner: await backgroundRunner(dataSource, READ_WAIT_MS), end: () => Promise.resolve() };
  const queryRunner = dataSource.createQueryRunner('master');
  return { queryRunner, end: () => queryRunner.release() };
}
