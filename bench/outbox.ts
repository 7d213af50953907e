import { equal } from 'node:assert/strict';
import { Meilisearch } from 'meilisearch';
import { type Backend, Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import type { DataSource } from 'typeorm';
import { City, readCities } from './cities.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch, type Server } from './meilisearch.js';
import { NullBackend } from './null-backend.js';

const DIRTY = 100_000;

const DRAIN = `outbox of ${DIRTY} dirty keys drained by one worker into a null sink, PostgreSQL`;
const ENGINE = `${DIRTY} dirty keys drained and indexed ÷ the same documents posted ready-made and indexed`;
const LATENCY = 'write → searchable at 100 writes/s, p95 ÷ the official client awaiting the same writes';
const IDLE = 'statements of an idle worker';

/** From dirty keys in the outbox to documents in an index. */
export async function outboxBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null)
    return [DRAIN, ENGINE, LATENCY, IDLE].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    await dataSource.getRepository(City).save(readCities(DIRTY), { chunk: 2_000 });
    await dataSource.query('ANALYZE');
    const drained = await drainIntoNothing(dataSource);
    const idle = await idleStatements(dataSource);
    const withEngine = await onMeilisearch([ENGINE, LATENCY], async (server) => [
      await drainIntoEngine(server, dataSource),
      await latency(server, dataSource),
    ]);
    return [drained, idle, ...withEngine];
  } finally {
    await drop();
  }
}

async function opened(dataSource: DataSource, backend: Backend, prefix: string): Promise<Scrypath> {
  const scrypath = new Scrypath({ dataSource, backend, prefix, sync: { mode: 'queued' }, capture: 'orm' });
  await scrypath.start();
  return scrypath;
}

// Neither by their number nor often: looking through 100,000 rows again and again would take a core from what is measured.
const isWaiting = async (dataSource: DataSource): Promise<boolean> =>
  (await dataSource.query('SELECT 1 FROM scrypath_outbox LIMIT 1')).length > 0;

async function untilDrained(dataSource: DataSource): Promise<void> {
  while (await isWaiting(dataSource)) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function drainIntoNothing(dataSource: DataSource): Promise<Outcome> {
  const backend = new NullBackend();
  const scrypath = await opened(dataSource, backend, 'null');
  await scrypath.for(City).markAllDirty();
  await dataSource.query('ANALYZE scrypath_outbox');
  const worker = scrypath.worker();
  const started = performance.now();
  await worker.start();
  await untilDrained(dataSource);
  const took = performance.now() - started;
  await worker.stop();
  equal(backend.documentsWritten, DIRTY);
  await scrypath.close();
  return { name: DRAIN, value: DIRTY / (took / 1000), unit: 'keys/s', target: { op: '>=', value: 15_000 } };
}

/** Transactions of the database in some seconds: a statement of its own is one. */
async function transactions(dataSource: DataSource, seconds: number): Promise<number> {
  const count = async () =>
    Number(
      (
        await dataSource.query(
          'SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = current_database()',
        )
      )[0].n,
    );
  // What went before is counted late.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = await count();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return (await count()) - before;
}

async function idleStatements(dataSource: DataSource): Promise<Outcome> {
  const seconds = 10;
  const scrypath = await opened(dataSource, new NullBackend(), 'idle');
  // The database has work of its own, such as cleaning up.
  const without = await transactions(dataSource, seconds);
  const worker = scrypath.worker();
  await worker.start();
  const withWorker = await transactions(dataSource, seconds);
  await worker.stop();
  await scrypath.close();
  return {
    name: IDLE,
    value: Math.max(0, withWorker - without) / seconds,
    unit: '/s',
    target: { op: '<=', value: 2 },
  };
}

async function drainIntoEngine(server: Server, dataSource: DataSource): Promise<Outcome> {
  const backend = meilisearch({ host: server.url, apiKey: server.apiKey });
  const ready = await readyMade(server, dataSource);
  const scrypath = await opened(dataSource, backend, server.prefix);
  const index = scrypath.for(City).indexName;
  await scrypath.for(City).markAllDirty();
  const worker = scrypath.worker();
  const started = performance.now();
  await worker.start();
  await untilDrained(dataSource);
  const ours = performance.now() - started;
  equal((await backend.indexes.stats(index)).documents, DIRTY);
  await worker.stop();
  await backend.indexes.drop(index);
  await scrypath.close();
  return { name: ENGINE, value: ours / ready, unit: '', target: { op: '<=', value: 1.5 } };
}

/** Milliseconds to post the documents as they are, and to see the last task of them end. */
async function readyMade({ url, apiKey, prefix }: Server, dataSource: DataSource): Promise<number> {
  const backend = meilisearch({ host: url, apiKey });
  const scrypath = new Scrypath({ dataSource, backend, prefix: `${prefix}_ready` });
  await scrypath.start();
  const cities = scrypath.for(City);
  const documents = (await dataSource.getRepository(City).find()).map((city) => cities.document(city));
  const started = performance.now();
  const tasks = [];
  for (let from = 0; from < documents.length; from += 20_000)
    tasks.push(...(await backend.upsert(cities.indexName, documents.slice(from, from + 20_000))));
  await backend.outcomes(tasks, { waitMs: 600_000 });
  const took = performance.now() - started;
  await backend.indexes.drop(cities.indexName);
  await scrypath.close();
  return took;
}

const WRITES = 500;
const EVERY_MS = 10;

async function latency(server: Server, dataSource: DataSource): Promise<Outcome> {
  const ours = await oursLatency(server, dataSource);
  const raw = await rawLatency(server);
  return { name: LATENCY, value: p95(ours) / p95(raw), unit: '', target: { op: '<=', value: 1.5 } };
}

/** Runs `write` at a steady rate, and gives how long each took. */
async function steadily(write: (at: number) => Promise<unknown>): Promise<number[]> {
  const took: Promise<number>[] = [];
  const start = performance.now();
  for (let at = 0; at < WRITES; at += 1) {
    const wait = start + at * EVERY_MS - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const began = performance.now();
    took.push(write(at).then(() => performance.now() - began));
  }
  return Promise.all(took);
}

const p95 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)]!;

async function oursLatency({ url, apiKey, prefix }: Server, dataSource: DataSource): Promise<number[]> {
  const backend = meilisearch({ host: url, apiKey });
  const scrypath = await opened(dataSource, backend, `${prefix}_latency`);
  const index = scrypath.for(City).indexName;
  const repository = dataSource.getRepository(City);
  const worker = scrypath.worker();
  await worker.start();
  const took = await steadily(async (at) => {
    const { token } = await scrypath.track(() => repository.save({ id: at + 1, name: `City ${at} ${Math.random()}` }));
    await scrypath.waitForCompletion(token!);
  });
  await worker.stop();
  await backend.indexes.drop(index);
  await scrypath.close();
  return took;
}

async function rawLatency({ url, apiKey, prefix }: Server): Promise<number[]> {
  const client = new Meilisearch({ host: url, apiKey });
  const uid = `${prefix}_raw`;
  await client.createIndex(uid, { primaryKey: 'id' }).waitTask();
  const took = await steadily((at) =>
    client
      .index(uid)
      .addDocuments([{ id: at + 1, name: `City ${at} ${Math.random()}`, country: 'XX', lat: 1, lng: 2 }])
      .waitTask({ timeout: 60_000 }),
  );
  await client.deleteIndex(uid);
  return took;
}
