import type { DataSource } from 'typeorm';
import { dialectOf } from '../outbox/dialect.js';
import type { HoldSource } from './shard-hold.js';

/** The channel of PostgreSQL on which processes without a worker tell of commits. */
const CHANNEL = 'scrypath_outbox';

interface PostgresClient {
  query(sql: string): Promise<unknown>;
  on(event: 'notification' | 'error' | 'end', listener: () => void): void;
  removeListener(event: 'notification' | 'error' | 'end', listener: () => void): void;
}

/** How long a listener whose connection broke waits before it takes another, in milliseconds. */
const AGAIN_MS = 1_000;

/**
 * Wakes at commits of other processes, where the database can tell of them. It is a hint: a worker looks by itself too, so
 * a connection that breaks, or a pool in between that drops notifications, costs time and no work.
 * @returns a function that stops it
 */
export async function listen(source: HoldSource, wake: () => void): Promise<() => Promise<void>> {
  const { dataSource } = await source.aside('send');
  if (dialectOf(dataSource).family !== 'postgres') return () => Promise.resolve();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let stop = await listenOnce(dataSource, wake, broken);

  function broken(): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      listenOnce(dataSource, wake, broken).then((next) => {
        stop = next;
        // What was told meanwhile was missed.
        wake();
        if (stopped) void next();
      }, broken);
    }, AGAIN_MS);
    timer.unref();
  }
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await stop();
  };
}

/** @param broken told once, when the connection has ended by itself */
async function listenOnce(dataSource: DataSource, wake: () => void, broken: () => void): Promise<() => Promise<void>> {
  const queryRunner = dataSource.createQueryRunner('master');
  const client = (await queryRunner.connect()) as PostgresClient;
  let isOver = false;
  const nothing = () => undefined;
  const end = async (): Promise<void> => {
    isOver = true;
    client.removeListener('notification', wake);
    client.removeListener('end', lost);
    await queryRunner.release().catch(nothing);
  };
  function lost(): void {
    if (isOver) return;
    void end().then(broken);
  }
  client.on('notification', wake);
  // The pool's own listener lets go of it; one more keeps the process alive.
  client.on('error', nothing);
  client.on('end', lost);
  try {
    await client.query(`LISTEN ${CHANNEL}`);
  } catch (error) {
    await end();
    throw error;
  }
  return async () => {
    if (isOver) return;
    await client.query(`UNLISTEN ${CHANNEL}`).catch(nothing);
    await end();
    client.removeListener('error', nothing);
  };
}

/** How often one process tells of its commits at most, in milliseconds. */
const NOTIFY_EVERY_MS = 20;

/**
 * Tells workers in other processes of commits in this one, in the background and not in the writer's transaction: there it
 * would take a lock that all commits of the database wait for.
 */
export class Notifier {
  readonly #dataSource: DataSource;
  #timer: NodeJS.Timeout | null = null;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  notify(): void {
    if (this.#timer !== null || dialectOf(this.#dataSource).family !== 'postgres') return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#dataSource.isInitialized)
        this.#dataSource.query(`SELECT pg_notify('${CHANNEL}', '')`).catch(() => undefined);
    }, NOTIFY_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
