import type { EventEmitter } from 'node:events';
import { DataSource, type DataSourceOptions, type EntitySubscriberInterface, type QueryRunner } from 'typeorm';
import { attachOutbox } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import type { Timing } from './timing.js';

/** A sender locks, sends, settles, looks, listens and fences. */
const POOL_SIZE = 6;

/**
 * The DataSource of the application once more, with connections of its own: a pool that it shared could be empty just
 * when the sender holds its shards. Of subscribers only `afterLoad` hears of what happens on it, as a document may hold what
 * that adds to a record; and nothing of it is logged.
 */
export async function ownConnections(dataSource: DataSource, shards: number): Promise<DataSource> {
  const options = dataSource.options as DataSourceOptions & { readonly extra?: object };
  const own = new DataSource({
    ...options,
    subscribers: [],
    migrations: [],
    synchronize: false,
    dropSchema: false,
    migrationsRun: false,
    logging: false,
    cache: false,
    isolationLevel: undefined,
    poolSize: POOL_SIZE,
    extra: { ...options.extra, ...poolOf(dataSource) },
  } as unknown as DataSourceOptions);
  await attachOutbox(own, { shards });
  await own.initialize();
  own.subscribers.push(...dataSource.subscribers.flatMap(loading));
  surviveEndings(own);
  return own;
}

/** The part of a subscriber that sees records as they are read. */
const loading = (subscriber: EntitySubscriberInterface): EntitySubscriberInterface[] =>
  subscriber.afterLoad === undefined
    ? []
    : [
        {
          ...(subscriber.listenTo && { listenTo: () => subscriber.listenTo!() }),
          afterLoad: (entity, event) => subscriber.afterLoad!(entity, event),
        },
      ];

/**
 * PostgreSQL may end a connection in the very moment in which it is ready, before TypeORM listens for that: an `error`
 * that nobody hears would end the process. Whoever uses such a connection is told by his statement.
 */
function surviveEndings(own: DataSource): void {
  if (dialectOf(own).family !== 'postgres') return;
  const { master: pool } = own.driver as unknown as { readonly master: EventEmitter };
  pool.on('connect', (client: EventEmitter) => client.on('error', () => undefined));
}

/** Drivers name the size of a pool each in its way, and an `extra` of the application would win over TypeORM's option. */
function poolOf(dataSource: DataSource): object {
  return dialectOf(dataSource).family === 'postgres' ? { max: POOL_SIZE } : { connectionLimit: POOL_SIZE };
}

/** A connection on the primary that waits for nothing longer than its purpose lasts. */
export async function openConnection(dataSource: DataSource, { lockMs }: Timing): Promise<QueryRunner> {
  const queryRunner = dataSource.createQueryRunner('master');
  try {
    watch(queryRunner, (await queryRunner.connect()) as EventEmitter);
    for (const statement of settingsOf(dataSource, lockMs)) await queryRunner.query(statement);
  } catch (error) {
    await endConnection(queryRunner);
    throw error;
  }
  return queryRunner;
}

/** Why a connection cannot be used any more is told to the connection; TypeORM passes it on for PostgreSQL only. */
const watched = new WeakMap<QueryRunner, { gone: boolean; readonly stop: () => void }>();

function watch(queryRunner: QueryRunner, connection: EventEmitter): void {
  const forget = () => {
    state.gone = true;
  };
  const stop = () => {
    connection.off('error', forget);
    connection.off('end', forget);
  };
  const state = { gone: false, stop };
  connection.on('error', forget);
  connection.on('end', forget);
  watched.set(queryRunner, state);
}

/** Whether the connection was released, or its server or the network has ended it. */
export const isGone = (queryRunner: QueryRunner): boolean =>
  queryRunner.isReleased || watched.get(queryRunner)?.gone === true;

/** Rolls back what is open; a connection that cannot even do that is closed, and the server ends its transaction. */
export async function endConnection(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  let broken: Error | undefined = isGone(runner) ? new Error('The connection has ended.') : undefined;
  try {
    if (!broken && runner.isTransactionActive) await runner.rollbackTransaction();
  } catch (error) {
    broken = error as Error;
  }
  watched.get(runner)?.stop();
  const { databaseConnection, releasePostgresConnection } = runner as unknown as {
    readonly databaseConnection?: { destroy?(): void };
    releasePostgresConnection?(error: Error): Promise<void>;
  };
  try {
    if (broken && releasePostgresConnection) await releasePostgresConnection.call(runner, broken);
    else if (broken) databaseConnection?.destroy?.();
    else await runner.release();
  } catch {
    // Already gone.
  }
}

/**
 * READ COMMITTED for everything: under MariaDB's default, a claim would block the application's inserts. And an end to a
 * connection that idles in a transaction, so that a sender that is frozen does not hold its shards for ever.
 */
function settingsOf(dataSource: DataSource, lockMs: number): readonly string[] {
  const seconds = Math.max(1, Math.ceil(lockMs / 1000));
  switch (dialectOf(dataSource).family) {
    case 'postgres':
      return [
        `SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED`,
        `SET idle_in_transaction_session_timeout = ${lockMs}`,
      ];
    case 'mysql':
      return [
        'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
        // MySQL has no time-out for transactions; this one ends a connection that idles, in a transaction or not.
        dataSource.options.type === 'mariadb'
          ? `SET SESSION idle_transaction_timeout = ${seconds}`
          : `SET SESSION wait_timeout = ${seconds}`,
      ];
    case 'sqlite':
      return [];
  }
}
