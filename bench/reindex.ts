import { equal } from 'node:assert/strict';
import { Meilisearch } from 'meilisearch';
import { type RebuildAudit, Scrypath, type SearchService, type TaskRef } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { type DataSource, MoreThan } from 'typeorm';
import { City, readCities } from './cities.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch, type Server } from './meilisearch.js';

const ROWS = Number(process.env.SCRYPATH_BENCH_ROWS ?? Number.POSITIVE_INFINITY);
const ROUNDS = 3;

const POSTED = 'the same documents posted ready-made, the better of one body and bodies of 20,000';
const FILLED = `a target filled by reindex, every document in it ÷ ${POSTED}, PostgreSQL and Meilisearch`;
const WHOLE = `a whole reindex, verified by content and cut over ÷ ${POSTED}`;
const LOOP = 'a loop of find 1000 and addDocuments that awaits each ÷ a whole reindex';

/** What it costs to build an index anew beside a live one. */
export async function reindexBench(): Promise<readonly Outcome[]> {
  const figures = [FILLED, WHOLE, LOOP];
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null) return figures.map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    await dataSource.getRepository(City).save(readCities(ROWS), { chunk: 2_000 });
    await dataSource.query('VACUUM ANALYZE');
    return await onMeilisearch(figures, (server) => measure(server, dataSource));
  } finally {
    await drop();
  }
}

async function measure(server: Server, dataSource: DataSource): Promise<readonly Outcome[]> {
  const { url, apiKey, prefix } = server;
  const backend = meilisearch({ host: url, apiKey, maxPayloadBytes: 95_000_000 });
  const scrypath = new Scrypath({ dataSource, backend, prefix, sync: { mode: 'queued' }, outbox: true });
  await scrypath.start();
  const cities = scrypath.for(City);
  const rows = await dataSource.getRepository(City).count();
  // Made before anything is timed, and as bytes: what lies about as objects would cost every collection of the heap.
  const readyMade = await bodiesOf(dataSource, cities);

  /** Into an index of its own, with the same settings, which is dropped behind it. */
  const alone = async (fill: (index: string) => Promise<void>): Promise<number> => {
    const index = `${prefix}_alone`;
    const made = [await backend.indexes.create(index), await backend.indexes.apply(index, cities.metadata.settings)];
    await backend.outcomes(made, { waitMs: 60_000 });
    const started = performance.now();
    await fill(index);
    const took = (performance.now() - started) / 1_000;
    equal((await backend.indexes.stats(index)).documents, rows);
    await backend.outcomes([await backend.indexes.drop(index)], { waitMs: 60_000 });
    return took;
  };
  const posted = (bodies: readonly Buffer[]) =>
    alone(async (index) => {
      const tasks: TaskRef[] = [];
      for (const body of bodies) tasks.push({ id: await post(server, index, body), index });
      await backend.outcomes(tasks, { waitMs: 600_000 });
    });
  const reindexed = async (): Promise<{ readonly audit: RebuildAudit; readonly took: number }> => {
    const started = performance.now();
    const rebuild = await cities.reindex();
    const took = (performance.now() - started) / 1_000;
    const { audit } = rebuild;
    await rebuild.finish();
    equal(audit.documents, rows);
    equal(audit.cutover.happened, true);
    if (process.env.SCRYPATH_BENCH_LOG) console.error(took, audit.seconds);
    return { audit, took };
  };

  const [limits, filled, whole]: [number[], number[], number[]] = [[], [], []];
  // What disturbs the machine shall disturb all of them.
  for (let round = 0; round < ROUNDS; round += 1) {
    limits.push(Math.min(await posted(readyMade.one), await posted(readyMade.some)));
    const { audit, took } = await reindexed();
    const { create = 0, fill = 0, replay = 0 } = audit.seconds;
    filled.push(create + fill + replay);
    whole.push(took);
  }
  const looped = await alone((index) => awaitedLoop(server, dataSource, index));
  const [live] = [scrypath.for(City).indexName];
  await scrypath.close();
  const cleaner = meilisearch({ host: url, apiKey });
  await cleaner.indexes.drop(live);
  await cleaner.close?.();
  return [
    { name: FILLED, value: middle(filled) / middle(limits), unit: '', target: { op: '<=', value: 1.25 } },
    { name: WHOLE, value: middle(whole) / middle(limits), unit: '', target: { op: '<=', value: 1.6 } },
    { name: LOOP, value: looped / middle(whole), unit: '', target: { op: '>=', value: 8 } },
  ];
}

/** Every document as NDJSON: in one body, and in bodies of 20,000. */
async function bodiesOf(dataSource: DataSource, cities: SearchService<City>) {
  const some: Buffer[] = [];
  for (let last = 0; ; ) {
    const where = { id: MoreThan(last) };
    const page = await dataSource.getRepository(City).find({ where, order: { id: 'ASC' }, take: 20_000 });
    if (page.length === 0) return { one: [Buffer.concat(some)], some };
    const lines = page
      .map((city) => cities.document(city))
      .map(({ key, data }) => JSON.stringify({ _key: key, ...data }));
    some.push(Buffer.from(`${lines.join('\n')}\n`));
    last = page.at(-1)!.id;
  }
}

async function post({ url, apiKey }: Server, index: string, body: Buffer): Promise<number> {
  const headers = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${url}/indexes/${index}/documents?primaryKey=_key`, { method: 'POST', headers, body });
  equal(answer.status, 202);
  return ((await answer.json()) as { readonly taskUid: number }).taskUid;
}

/** What many begin with. */
async function awaitedLoop({ url, apiKey }: Server, dataSource: DataSource, index: string): Promise<void> {
  const client = new Meilisearch({ host: url, apiKey });
  for (let last = 0; ; ) {
    const rows = await dataSource
      .getRepository(City)
      .find({ where: { id: MoreThan(last) }, order: { id: 'ASC' }, take: 1_000 });
    if (rows.length === 0) return;
    const documents = rows.map(({ id, name, country, lat, lng }) => ({ _key: String(id), name, country, lat, lng }));
    await client.index(index).addDocuments(documents, { primaryKey: '_key' }).waitTask({ timeout: 600_000 });
    last = rows.at(-1)!.id;
  }
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
