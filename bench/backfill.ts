import { equal } from 'node:assert/strict';
import { Meilisearch } from 'meilisearch';
import { type Backend, Filterable, Scrypath, Searchable } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  MoreThan,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { type BackfillCall, runBackfill } from '../src/backfill/backfill.js';
import { MemoryFillLog } from '../src/backfill/fill-state.js';
import type { SearchDocument } from '../src/document/search-document.js';
import type { SearchMetadata } from '../src/metadata/search-metadata.js';
import { projectionOf } from '../src/projection/projection.js';
import { City, readCities } from './cities.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch, type Server } from './meilisearch.js';
import { startSink } from './sink.js';

const ROWS = Number(process.env.SCRYPATH_BENCH_ROWS ?? 100_000);
const SHIPS = 50_000;

const LIMIT = `backfill of ${ROWS} rows, PostgreSQL and Meilisearch ÷ the same documents posted ready-made, the better of one body and bodies of 20,000`;
const LOOP = 'a loop of find 1000 and addDocuments that awaits each ÷ the same backfill';
const PLAIN = `rows of a backfill in a second into an HTTP server that takes everything ÷ rows of a find loop, ${ROWS} rows`;
const MANY = `the same with three related rows each ÷ a loop of find({ relations }), ${SHIPS} rows`;

@Entity()
@Searchable({ index: 'ships' })
export class Ship {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() name!: string;
  @Filterable('name')
  @OneToMany(
    () => Sailor,
    (sailor) => sailor.ship,
  )
  crew!: Relation<Sailor>[];
}

@Entity()
export class Sailor {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @ManyToOne(
    () => Ship,
    (ship) => ship.crew,
  )
  ship!: Relation<Ship>;
}

/** From rows to documents in an index. */
export async function backfillBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City, Ship, Sailor]);
  if (opened.dataSource === null) return [LIMIT, LOOP, PLAIN, MANY].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    await seed(dataSource);
    const intoNothing = await intoSink(dataSource);
    const intoEngine = await onMeilisearch([LIMIT, LOOP], (server) => againstTheLimit(server, dataSource));
    return [...intoEngine, ...intoNothing];
  } finally {
    await drop();
  }
}

async function seed(dataSource: DataSource): Promise<void> {
  await dataSource.getRepository(City).save(readCities(ROWS), { chunk: 2_000 });
  await dataSource.query(`INSERT INTO ship (id, name) SELECT n, 'Ship ' || n FROM generate_series(1, ${SHIPS}) n`);
  // Sailors of one ship are not neighbours: nor are they in a real table.
  await dataSource.query(
    `INSERT INTO sailor (name, "shipId") SELECT 'Sailor ' || n, n % ${SHIPS} + 1 FROM generate_series(1, ${SHIPS * 3}) n`,
  );
  await dataSource.query('CREATE INDEX ON sailor ("shipId")');
  await dataSource.query('VACUUM ANALYZE');
}

/** One backfill of an entity, in seconds. */
async function backfill(
  dataSource: DataSource,
  backend: Backend,
  metadata: SearchMetadata,
  call: Partial<BackfillCall> = {},
): Promise<number> {
  const site = {
    ...{ backend, metadata, manager: dataSource.manager },
    ...{ projection: projectionOf(metadata), log: new MemoryFillLog() },
  };
  const started = performance.now();
  const report = await runBackfill(site, { index: metadata.indexName, ...call });
  const took = (performance.now() - started) / 1000;
  if (process.env.SCRYPATH_BENCH_LOG) console.error(took, report.seconds, report.batches);
  return took;
}

async function prepared(dataSource: DataSource, backend: Backend, prefix: string): Promise<Scrypath> {
  const scrypath = new Scrypath({ dataSource, backend, prefix });
  await scrypath.start();
  return scrypath;
}

async function againstTheLimit(server: Server, dataSource: DataSource): Promise<readonly Outcome[]> {
  const { url, apiKey } = server;
  const backend = () => meilisearch({ host: url, apiKey, maxPayloadBytes: 95_000_000 });
  let run = 0;
  /** Each in an index of its own, which is dropped behind it. */
  const timed = async (fill: (backend: Backend, scrypath: Scrypath) => Promise<number>): Promise<number> => {
    const scrypath = await prepared(dataSource, backend(), `${server.prefix}_${run++}`);
    const opened = backend();
    const took = await fill(opened, scrypath);
    const { indexName } = scrypath.for(City);
    equal((await opened.indexes.stats(indexName)).documents, ROWS);
    await opened.outcomes([await opened.indexes.drop(indexName)], { waitMs: 60_000 });
    await opened.close?.();
    await scrypath.close();
    return took;
  };
  const posted = (size: number) =>
    timed(async (opened, scrypath) => {
      const cities = scrypath.for(City);
      const documents = (await dataSource.getRepository(City).find()).map((city) => cities.document(city));
      return postAll(opened, cities.indexName, documents, size);
    });
  const ours = () => timed((opened, scrypath) => backfill(dataSource, opened, scrypath.for(City).metadata));
  const limits: number[] = [];
  const taken: number[] = [];
  // What disturbs the machine shall disturb all of them.
  for (let round = 0; round < 3; round += 1) {
    limits.push(Math.min(await posted(ROWS), await posted(20_000)));
    taken.push(await ours());
  }
  const own = middle(taken);
  const looped = await timed((_, scrypath) => awaitedLoop(server, dataSource, scrypath.for(City).indexName));
  return [
    { name: LIMIT, value: own / middle(limits), unit: '', target: { op: '<=', value: 1.3 } },
    { name: LOOP, value: looped / own, unit: '', target: { op: '>=', value: 8 } },
  ];
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function postAll(
  backend: Backend,
  index: string,
  documents: readonly SearchDocument[],
  size: number,
): Promise<number> {
  const started = performance.now();
  const tasks = [];
  for (let from = 0; from < documents.length; from += size)
    tasks.push(...(await backend.upsert(index, documents.slice(from, from + size))));
  await backend.outcomes(tasks, { waitMs: 600_000 });
  return (performance.now() - started) / 1000;
}

/** What many begin with. */
async function awaitedLoop({ url, apiKey }: Server, dataSource: DataSource, index: string): Promise<number> {
  const client = new Meilisearch({ host: url, apiKey });
  const started = performance.now();
  await findLoop(dataSource, City, {}, async (cities) => {
    const documents = cities.map(({ id, name, country, lat, lng }) => ({ _key: String(id), name, country, lat, lng }));
    await client.index(index).addDocuments(documents, { primaryKey: '_key' }).waitTask({ timeout: 600_000 });
  });
  return (performance.now() - started) / 1000;
}

async function findLoop<E extends { id: number }>(
  dataSource: DataSource,
  entity: new () => E,
  options: object,
  each: (rows: E[]) => Promise<void>,
): Promise<void> {
  const repository = dataSource.getRepository(entity);
  for (let last = 0; ; ) {
    const rows = await repository.find({
      ...options,
      ...{ where: { id: MoreThan(last) }, order: { id: 'ASC' }, take: 1_000 },
    } as never);
    if (rows.length === 0) return;
    await each(rows);
    last = rows.at(-1)!.id;
  }
}

async function intoSink(dataSource: DataSource): Promise<readonly Outcome[]> {
  const { url, close } = await startSink();
  const backend = meilisearch({ host: url });
  const scrypath = new Scrypath({ dataSource, backend, prefix: 'sink' });
  const post = async (documents: readonly object[]) => {
    const body = documents.map((document) => JSON.stringify(document)).join('\n');
    const answer = await fetch(`${url}/indexes/sink/documents`, { method: 'POST', body });
    await answer.arrayBuffer();
  };
  const loop = async <E extends { id: number }>(entity: new () => E, options: object) => {
    const started = performance.now();
    await findLoop(dataSource, entity, options, post);
    return (performance.now() - started) / 1000;
  };
  const compared = async <E extends { id: number }>(entity: new () => E, options: object, rounds: number) => {
    const { metadata } = scrypath.for(entity);
    const [theirs, own]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(await loop(entity, options));
      own.push(await backfill(dataSource, backend, metadata));
    }
    return middle(theirs) / middle(own);
  };
  const plain = await compared(City, {}, 5);
  const many = await compared(Ship, { relations: { crew: true } }, 3);
  await scrypath.close();
  close();
  return [
    { name: PLAIN, value: plain, unit: '', target: { op: '>=', value: 1.3 } },
    { name: MANY, value: many, unit: '', target: { op: '>=', value: 5 } },
  ];
}
