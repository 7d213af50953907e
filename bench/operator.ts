import { equal } from 'node:assert/strict';
import { describe, Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { type DataSource, EntitySchema, MoreThan } from 'typeorm';
import type { Backend } from '../src/backend/backend.js';
import { readStatus } from '../src/operator/status.js';
import { City, readCities } from './cities.js';
import { contest, median } from './contest.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch } from './meilisearch.js';
import { NullBackend } from './null-backend.js';

const ENTITIES = 10;
const BACKLOG = 1_000_000;
const CITIES = 171_000;
const PAGE = 5_000;
// The sink has no settings, which every start would tell.
const QUIET = { warn: () => undefined, error: () => undefined };

const STATUS = `status of ${ENTITIES} entities at ${BACKLOG} rows in the outbox, PostgreSQL, p50`;
const STATEMENTS = 'its statements of the database';
const ASKED = 'its questions to the engine, an entity';
const DRIFT = `drift of ${CITIES} cities ÷ a bare scan of both sides, PostgreSQL`;

interface Named {
  readonly id: number;
  readonly name: string;
}

/** What it costs to look at an installation. */
export async function operatorBench(): Promise<readonly Outcome[]> {
  return [...(await statusBench()), ...(await driftBench())];
}

async function statusBench(): Promise<readonly Outcome[]> {
  const schemas = Array.from(
    { length: ENTITIES },
    (_, at) =>
      new EntitySchema<Named>({
        name: `Entity${at}`,
        columns: { id: { type: Number, primary: true }, name: { type: String } },
      }),
  );
  const opened = await openDatabase('PostgreSQL', schemas);
  if (opened.dataSource === null) return [STATUS, STATEMENTS, ASKED].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    const backend = new CountingBackend();
    const entities = schemas.map((schema) => describe(schema, { fields: { name: { searchable: true } } }));
    const scrypath = new Scrypath({
      dataSource,
      backend,
      entities,
      prefix: 'status',
      sync: { mode: 'queued' },
      logger: QUIET,
    });
    await scrypath.start();
    await dataSource.query(
      `INSERT INTO scrypath_outbox (entity, record_key, cause) SELECT 'Entity' || n % ${ENTITIES}, n::text, 'write'
       FROM generate_series(1, ${BACKLOG}) n`,
    );
    await dataSource.query('VACUUM ANALYZE scrypath_outbox');
    const looks: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const started = performance.now();
      const { entities: found } = await scrypath.status();
      looks.push(performance.now() - started);
      const waiting = found.map(({ backlog }) => (backlog.observed ? backlog.value.enqueued : 0));
      equal(
        waiting.reduce((sum, count) => sum + count, 0),
        BACKLOG,
      );
    }
    backend.asked = 0;
    const statements = await statementsOfALook(dataSource, backend, scrypath, schemas);
    const asked = backend.asked / ENTITIES;
    await scrypath.close();
    return [
      { name: STATUS, value: median(looks.slice(2)), unit: 'ms', target: { op: '<=', value: 200 } },
      { name: STATEMENTS, value: statements, unit: '', target: { op: '<=', value: 3 } },
      { name: ASKED, value: asked, unit: '', target: { op: '<=', value: 2 } },
    ];
  } finally {
    await drop();
  }
}

/** The server's own count has those of its parallel workers too. */
async function statementsOfALook(
  dataSource: DataSource,
  backend: Backend,
  scrypath: Scrypath,
  schemas: readonly EntitySchema<Named>[],
): Promise<number> {
  const queryRunner = dataSource.createQueryRunner();
  const plain = queryRunner.query.bind(queryRunner) as (...given: unknown[]) => Promise<unknown>;
  let statements = 0;
  const query = (...given: unknown[]) => {
    statements += 1;
    return plain(...given);
  };
  Object.assign(queryRunner, { query });
  const connect = () => Promise.resolve({ queryRunner, end: () => queryRunner.release() });
  const metadatas = schemas.map((schema) => scrypath.for(schema).metadata);
  await readStatus({ backend, queue: null, hasOutbox: true, connect }, metadatas);
  return statements;
}

class CountingBackend extends NullBackend {
  asked = 0;

  constructor() {
    super();
    const { indexes } = this as Backend;
    for (const name of ['get', 'settings', 'stats'] as const) {
      const plain = indexes[name] as (...given: unknown[]) => unknown;
      Object.assign(indexes, {
        [name]: (...given: unknown[]) => {
          this.asked += 1;
          return plain(...given);
        },
      });
    }
  }

  override async backlog(): Promise<number> {
    this.asked += 1;
    return super.backlog();
  }
}

async function driftBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null) return [{ name: DRIFT, skipped: opened.reason }];
  const { dataSource, drop } = opened;
  try {
    await dataSource.getRepository(City).save(readCities(CITIES), { chunk: 2_000 });
    await dataSource.query('ANALYZE');
    return await onMeilisearch([DRIFT], async ({ url, apiKey, prefix }) => {
      const backend = meilisearch({ host: url, apiKey });
      const scrypath = new Scrypath({ dataSource, backend, prefix, sync: { mode: 'queued' } });
      await scrypath.start();
      const cities = scrypath.for(City);
      await cities.backfill();
      const { drift, scan } = await contest(
        {
          drift: async () => {
            const { clean, content } = await cities.drift();
            equal(clean && content.observed && content.value.documents === CITIES, true);
          },
          scan: async () => {
            let documents = 0;
            for await (const page of backend.documents.scan(cities.indexName)) documents += page.length;
            equal(documents, CITIES);
            equal(await scanRows(dataSource), CITIES);
          },
        },
        { rounds: 5, warmUp: 1 },
      );
      await backend.indexes.drop(cities.indexName);
      await scrypath.close();
      return [{ name: DRIFT, value: drift / scan, unit: '', target: { op: '<=', value: 1.3 } }];
    });
  } finally {
    await drop();
  }
}

async function scanRows(dataSource: DataSource): Promise<number> {
  const repository = dataSource.getRepository(City);
  let rows = 0;
  for (let after = 0; ; ) {
    const page = await repository.find({ where: { id: MoreThan(after) }, order: { id: 'ASC' }, take: PAGE });
    rows += page.length;
    if (page.length < PAGE) return rows;
    after = page.at(-1)!.id;
  }
}
