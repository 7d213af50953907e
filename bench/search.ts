import { deepEqual } from 'node:assert/strict';
import { Meilisearch } from 'meilisearch';
import { Scrypath, type SearchService } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { type DataSource, In, type Repository } from 'typeorm';
import { Director } from '../examples/movies/entities/director.js';
import { Distributor } from '../examples/movies/entities/distributor.js';
import { Movie } from '../examples/movies/entities/movie.js';
import { readFilmList } from '../examples/movies/film-list.js';
import { indexMovies } from '../examples/movies/index-movies.js';
import { loadMovies } from '../examples/movies/load-movies.js';
import { type Answer, bareSearch } from './bare-search.js';
import { contest } from './contest.js';
import { DATABASES, type DatabaseName, openDatabase } from './databases.js';
import type { Figure, Outcome } from './figure.js';
import { type FilmQuery, filmQueries, HITS } from './film-queries.js';
import { onMeilisearch, type Server } from './meilisearch.js';

const OVER_FIND = `Meilisearch search and hydrate of ${HITS} hits ÷ bare HTTP and find, p50`;
const OVER_SQL = `Meilisearch search and hydrate of ${HITS} hits ÷ bare HTTP and raw SQL, p50`;
const OFFICIAL = 'official client as it comes and find ÷ Meilisearch search and hydrate, p50';
const TIME = `Meilisearch search and hydrate of ${HITS} hits, p50`;

const figureNames = (database: DatabaseName) => [OVER_FIND, OVER_SQL, OFFICIAL, TIME].map((name) => on(database, name));
const on = (database: DatabaseName, name: string) => `${name} (${database})`;

/** A search of 3,200 real films with their entities read, beside what one would write without this library. */
export function searchBench(): Promise<readonly Outcome[]> {
  return onMeilisearch(DATABASES.flatMap(figureNames), async (server) => {
    const outcomes: Outcome[] = [];
    for (const database of DATABASES) outcomes.push(...(await measureOn(database, server)));
    return outcomes;
  });
}

async function measureOn(database: DatabaseName, server: Server): Promise<readonly Outcome[]> {
  const opened = await openDatabase(database, [Movie, Director, Distributor]);
  if (opened.dataSource === null) return figureNames(database).map((name) => ({ name, skipped: opened.reason }));
  const { dataSource, drop } = opened;
  const backend = meilisearch({ host: server.url, apiKey: server.apiKey });
  const scrypath = new Scrypath({ dataSource, backend, prefix: `${server.prefix}_${database}` });
  try {
    await loadMovies(dataSource, readFilmList().films);
    await scrypath.start();
    await indexMovies(scrypath);
    return await measure(database, server, dataSource, scrypath.for(Movie));
  } finally {
    await backend.indexes.drop(scrypath.for(Movie).indexName);
    await scrypath.close();
    await drop();
  }
}

async function measure(
  database: DatabaseName,
  server: Server,
  dataSource: DataSource,
  movies: SearchService<Movie>,
): Promise<readonly Figure[]> {
  const repository = dataSource.getRepository(Movie);
  const bare = bareSearch(server.url, server.apiKey, movies.indexName);
  const official = new Meilisearch({ host: server.url, apiKey: server.apiKey }).index(movies.indexName);

  const ours = async ({ text, options }: FilmQuery) =>
    (await movies.search(text, { ...options, hydrate: true })).records;
  const bareAndFind = async ({ body }: FilmQuery) => find(repository, await bare(body));
  const bareAndSql = async ({ body }: FilmQuery) => select(dataSource, await bare(body));
  const officialAndFind = async ({ text, body: { q: _text, ...params } }: FilmQuery) =>
    find(repository, (await official.search(text, params)) as unknown as Answer);

  const queries: FilmQuery[] = [];
  for (const query of filmQueries) {
    const records = await ours(query);
    for (const way of [bareAndFind, officialAndFind]) deepEqual(await way(query), records);
    if (records.length === HITS) queries.push(query);
  }
  // Two at a time: a connection that was used twice in a row finds the server's thread awake.
  const against = (other: (query: FilmQuery) => Promise<unknown>, rounds: number) => {
    const round = (way: typeof other) => (at: number) => way(queries[at % queries.length]!);
    return contest({ ours: round(ours), other: round(other) }, { warmUp: Math.ceil(rounds / 2), rounds });
  };
  const overFind = await against(bareAndFind, 1000);
  const overSql = await against(bareAndSql, 1000);
  const overOfficial = await against(officialAndFind, 100);
  return [
    {
      name: on(database, OVER_FIND),
      value: overFind.ours / overFind.other,
      unit: '',
      target: { op: '<=', value: 1.15 },
    },
    { name: on(database, OVER_SQL), value: overSql.ours / overSql.other, unit: '' },
    {
      name: on(database, OFFICIAL),
      value: overOfficial.other / overOfficial.ours,
      unit: '',
      // Over a network the answer's way hides what its compression costs.
      ...(server.local ? { target: { op: '>=', value: 8 } } : {}),
    },
    { name: on(database, TIME), value: overFind.ours, unit: 'ms' },
  ];
}

/** What one writes with TypeORM at hand: the entities of the hits in one query, put back into the order of the hits. */
async function find(repository: Repository<Movie>, { hits }: Answer): Promise<Movie[]> {
  const ids = hits.map((hit) => Number(hit._key));
  const found = await repository.find({ where: { id: In(ids) } });
  const byId = new Map(found.map((movie) => [movie.id, movie]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** The same without entities: rows as the driver gives them. */
async function select(dataSource: DataSource, { hits }: Answer): Promise<unknown[]> {
  const ids = hits.map((hit) => Number(hit._key));
  const parameters = ids.map((_, at) => dataSource.driver.createParameter('id', at)).join(', ');
  const rows: { readonly id: number }[] = await dataSource.query(
    `SELECT * FROM movie WHERE id IN (${parameters})`,
    ids,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
