import { equal } from 'node:assert/strict';
import { Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import type { DataSource } from 'typeorm';
import type { Backend } from '../src/backend/backend.js';
import { projectionOf } from '../src/projection/projection.js';
import { verifyIndex } from '../src/verify/verify-index.js';
import type { VerifySite } from '../src/verify/verify-site.js';
import { City, readCities } from './cities.js';
import { contest } from './contest.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch } from './meilisearch.js';

const ROWS = 100_000;

const RATIO = `${ROWS} rows verified by content ÷ a bare scan of the index, PostgreSQL`;
const RATE = 'rows verified';
const MEMORY = `peak heap of a verification of ${ROWS} rows ÷ of ${ROWS / 4}`;

/** What it costs to know that an index holds what the database does. */
export async function verifyBench(): Promise<readonly Outcome[]> {
  const opened = await openDatabase('PostgreSQL', [City]);
  if (opened.dataSource === null) return [RATIO, RATE, MEMORY].map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  try {
    await dataSource.getRepository(City).save(readCities(ROWS), { chunk: 2_000 });
    await dataSource.query('ANALYZE');
    return await onMeilisearch([RATIO, RATE, MEMORY], async ({ url, apiKey, prefix }) => {
      const backend = meilisearch({ host: url, apiKey });
      const scrypath = new Scrypath({ dataSource, backend, prefix });
      await scrypath.start();
      const site = siteOf(dataSource, backend, scrypath);
      await fill(dataSource, site, backend);
      const outcomes = await measure(site);
      await backend.indexes.drop(site.metadata.indexName);
      await scrypath.close();
      return outcomes;
    });
  } finally {
    await drop();
  }
}

function siteOf(dataSource: DataSource, backend: Backend, scrypath: Scrypath): VerifySite {
  const { metadata } = scrypath.for(City);
  return {
    metadata,
    projection: projectionOf(metadata),
    backend,
    outbox: null,
    connect: async () => {
      const queryRunner = dataSource.createQueryRunner('master');
      return { queryRunner, end: () => queryRunner.release() };
    },
  };
}

async function fill(dataSource: DataSource, { metadata, projection }: VerifySite, backend: Backend): Promise<void> {
  const documents = (await dataSource.getRepository(City).find()).map((city) => projection.stored(city));
  const tasks = [];
  for (let from = 0; from < documents.length; from += 50_000)
    tasks.push(...(await backend.upsert(metadata.indexName, documents.slice(from, from + 50_000))));
  await backend.outcomes(tasks, { waitMs: 600_000 });
}

async function measure(site: VerifySite): Promise<readonly Outcome[]> {
  const { verify, scan } = await contest(
    {
      verify: async () => {
        const { clean, rows, documents } = await verifyIndex(site);
        equal(clean && rows === ROWS && documents === ROWS, true);
      },
      scan: async () => {
        let documents = 0;
        for await (const page of site.backend.documents.scan(site.metadata.indexName)) documents += page.length;
        equal(documents, ROWS);
      },
    },
    { rounds: 5, warmUp: 1 },
  );
  return [
    { name: RATIO, value: verify / scan, unit: '', target: { op: '<=', value: 4 } },
    { name: RATE, value: ROWS / (verify / 1000), unit: 'rows/s' },
    {
      name: MEMORY,
      value: (await peakOf(site, ROWS)) / (await peakOf(site, ROWS / 4)),
      unit: '',
      target: { op: '<=', value: 1.1 },
    },
  ];
}

/** Bytes of heap that are alive at the most, looked at after every fifth page. */
async function peakOf(site: VerifySite, rows: number): Promise<number> {
  const stop = new AbortController();
  let peak = 0;
  let pages = 0;
  const onProgress = (at: { readonly rows: number }): void => {
    pages += 1;
    if (pages % 5 === 1) {
      globalThis.gc?.();
      peak = Math.max(peak, process.memoryUsage().heapUsed);
    }
    if (at.rows >= rows && rows < ROWS) stop.abort();
  };
  await verifyIndex(site, { onProgress, signal: stop.signal }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return peak;
}
