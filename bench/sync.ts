import { equal } from 'node:assert/strict';
import { Meilisearch } from 'meilisearch';
import { Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import type { DataSource } from 'typeorm';
import { City, readCities } from './cities.js';
import { median } from './contest.js';
import { openDatabase } from './databases.js';
import type { Outcome } from './figure.js';
import { onMeilisearch, type Server } from './meilisearch.js';

const RECORDS = 10_000;
const BATCH = 1000;
const ROUNDS = 3;

const OURS = 'syncRecords of 10,000 records and drain';
const LOOP = 'official client, each 1,000 of 10,000 documents awaited';

/** From records in memory to an index that shows them all. */
export function syncBench(): Promise<readonly Outcome[]> {
  return onMeilisearch([OURS, LOOP], async (server) => {
    const opened = await openDatabase('SQLite', [City]);
    if (opened.dataSource === null) throw new Error(opened.reason);
    const { dataSource, drop } = opened;
    const records = dataSource.getRepository(City).create(readCities(RECORDS));
    const ours: number[] = [];
    const loop: number[] = [];
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        ours.push(await syncAndDrain(server, dataSource, records, `${server.prefix}_${round}`));
        loop.push(await addAndAwait(server, records, `${server.prefix}_loop_${round}`));
      }
    } finally {
      await drop();
    }
    const rate = (ms: number) => (RECORDS / ms) * 1000;
    return [
      { name: OURS, value: rate(median(ours)), unit: 'documents/s' },
      { name: LOOP, value: rate(median(loop)), unit: 'documents/s' },
    ];
  });
}

async function syncAndDrain(
  { url: host, apiKey }: Server,
  dataSource: DataSource,
  records: readonly City[],
  prefix: string,
): Promise<number> {
  const backend = meilisearch({ host, apiKey });
  const scrypath = new Scrypath({ dataSource, backend, prefix });
  const cities = scrypath.for(City);
  try {
    await scrypath.start();
    const started = performance.now();
    await cities.syncRecords(records, { mode: 'manual' });
    await scrypath.drain();
    const took = performance.now() - started;
    equal((await backend.indexes.stats(cities.indexName)).documents, RECORDS);
    return took;
  } finally {
    await backend.indexes.drop(cities.indexName);
    await scrypath.close();
  }
}

/** The loop of most tutorials: documents made by hand, one batch after the other, each awaited with `waitTask`. */
async function addAndAwait({ url: host, apiKey }: Server, records: readonly City[], uid: string): Promise<number> {
  const client = new Meilisearch({ host, apiKey });
  const index = client.index(uid);
  try {
    await client.createIndex(uid, { primaryKey: 'id' }).waitTask();
    const settings = {
      searchableAttributes: ['name'],
      filterableAttributes: ['country', 'lat', 'lng'],
      sortableAttributes: ['lat', 'lng'],
    };
    await index.updateSettings(settings).waitTask();
    const started = performance.now();
    for (let from = 0; from < records.length; from += BATCH) {
      const documents = records
        .slice(from, from + BATCH)
        .map(({ id, name, country, lat, lng }) => ({ id, name, country, lat, lng }));
      const { status } = await index.addDocuments(documents).waitTask();
      equal(status, 'succeeded');
    }
    return performance.now() - started;
  } finally {
    await client.deleteIndex(uid);
  }
}
