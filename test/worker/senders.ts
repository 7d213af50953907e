import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from '../../src/backend/backend';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { dialectOf } from '../../src/outbox/dialect';
import { projectionOf } from '../../src/projection/projection';
import type { Logger } from '../../src/telemetry/logger';
import { Sender } from '../../src/worker/sender';
import { timingOf } from '../../src/worker/timing';
import type { Work } from '../../src/worker/work';

/** Times that let a lost lock and a grace pass within a test. */
export const SHORT = { lockMs: 1_000, requestMs: 500, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };

/** Times for what loses no lock, on a machine that is busy. */
export const STEADY = { ...SHORT, lockMs: 10_000, requestMs: 5_000 };

export interface SenderGiven {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly prefix: string;
  readonly logger?: Logger;
  readonly shards?: number;
  readonly maxAttempts?: number;
  readonly work?: Work;
  readonly times?: { readonly lockMs: number; readonly requestMs: number; readonly marginMs?: number };
}

export function workOf(dataSource: DataSource, prefix: string): Work {
  const metadatas = new MetadataRegistry(dataSource, [], { prefix }).all();
  return {
    documents: new Map(
      metadatas.map((metadata) => [metadata.entity, { metadata, projection: projectionOf(metadata) }] as const),
    ),
    dependencies: fanOutOf(dataSource, metadatas).dependencies,
  };
}

/** One sender by itself, as workers and verbs have them. */
export function senderOf(given: SenderGiven): Sender {
  const { dataSource, backend, prefix, logger = console, shards = 16, maxAttempts = 5, times = SHORT } = given;
  return new Sender({
    dataSource,
    shards,
    backend,
    work: given.work ?? workOf(dataSource, prefix),
    logger,
    timing: timingOf(times),
    backoff: { baseMs: 5, maxMs: 50 },
    maxAttempts,
  });
}

export const EVERYTHING = { kind: 'due', limit: 1_000, fewerShards: false } as const;

export interface Hooks {
  /** The sender has claimed, and asks the engine for its index: before the last look at its hold. */
  claimed?: () => Promise<void>;
  /** Before a request goes out, behind the last look. */
  sending?: () => Promise<void>;
  /** After the engine has accepted, before the mark. */
  sent?: () => Promise<void>;
}

/** A backend that stops where a test wants to do something meanwhile, and counts what is sent. */
export function hooked(backend: Backend, hooks: Hooks): Backend & { readonly writes: string[][] } {
  const writes: string[][] = [];
  const around = async <T>(keys: readonly string[], call: () => Promise<T>): Promise<T> => {
    await hooks.sending?.();
    writes.push([...keys]);
    const answer = await call();
    await hooks.sent?.();
    return answer;
  };
  return {
    ...backend,
    writes,
    upsert: (index, documents, options) =>
      around(
        documents.map(({ key }) => key),
        () => backend.upsert(index, documents, options),
      ),
    remove: (index, keys, options) => around(keys, () => backend.remove(index, keys, options)),
    indexes: {
      ...backend.indexes,
      get: async (index, options) => {
        await hooks.claimed?.();
        return backend.indexes.get(index, options);
      },
    },
  };
}

/** Takes the shards away from whoever holds them: kills the connection, or gives the lease to somebody else. */
export async function takeShardsAway(dataSource: DataSource): Promise<void> {
  switch (dialectOf(dataSource).family) {
    case 'postgres':
      await dataSource.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
      return;
    case 'mysql': {
      let open = await openTransactions(dataSource);
      for (let looks = 1; open.length === 0 && looks < 100; looks += 1) open = await openTransactions(dataSource);
      for (const { id } of open) await dataSource.query(`KILL ${id}`);
      return;
    }
    case 'sqlite':
      await dataSource.query(
        `UPDATE scrypath_sending SET holder = 'elsewhere/1/another', unknown_until = unknown_until - 1 WHERE holder IS NOT NULL`,
      );
  }
}

/** Transactions of this database that nobody is in a statement of. */
export async function openTransactions(dataSource: DataSource): Promise<{ id: number }[]> {
  if (dialectOf(dataSource).family === 'postgres')
    return dataSource.query(
      `SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
  // InnoDB gives its last answer again to whoever asks within a tenth of a second, of whatever database.
  await new Promise((resolve) => setTimeout(resolve, 120));
  return dataSource.query(
    `SELECT p.id FROM information_schema.innodb_trx t JOIN information_schema.processlist p
     ON p.id = t.trx_mysql_thread_id WHERE p.db = database() AND p.id <> connection_id()`,
  );
}

export interface Row {
  readonly id: string;
  readonly entity: string;
  readonly record_key: string;
  readonly cause: string;
  readonly state: string;
  readonly attempts: number;
  readonly piece: number;
  readonly error_class: string | null;
  readonly tasks: string | null;
  readonly unknown_until: unknown;
}

export const rowsOf = (source: DataSource | QueryRunner): Promise<Row[]> =>
  source.query('SELECT * FROM scrypath_outbox ORDER BY entity, record_key, id');

export async function until(holds: () => Promise<boolean> | boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It did not come to hold.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Something that a test opens later. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

let unique = 0;
/** The prefix of indexes that no other test has. */
export const aPrefix = (): string => `w${process.pid.toString(36)}${Date.now().toString(36)}${(unique++).toString(36)}`;

/** Sends and settles until the outbox is empty. */
export async function drainAll(sender: Sender, dataSource: DataSource, timeoutMs = 20_000): Promise<void> {
  await until(async () => {
    await sender.drain(EVERYTHING);
    await sender.settler.settle(200);
    return (await rowsOf(dataSource)).length === 0;
  }, timeoutMs);
}
