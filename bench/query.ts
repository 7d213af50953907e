import { type HitPage, Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Director } from '../examples/movies/entities/director.js';
import { Distributor } from '../examples/movies/entities/distributor.js';
import { Movie } from '../examples/movies/entities/movie.js';
import { readFilmList } from '../examples/movies/film-list.js';
import { loadMovies } from '../examples/movies/load-movies.js';
import { contest } from './contest.js';
import { openDatabase } from './databases.js';
import type { Figure } from './figure.js';
import { HITS } from './film-queries.js';

const CALLS = 1000;
const EMPTY: HitPage = { hits: [], totalHits: 0, facets: {}, facetStats: {}, raw: null };

/** What a search costs in this process, on an engine that answers at once: without hits, the building of the query. */
export async function queryBench(): Promise<readonly Figure[]> {
  const opened = await openDatabase('SQLite', [Movie, Director, Distributor]);
  if (opened.dataSource === null) throw new Error(opened.reason);
  const { dataSource, drop } = opened;
  let answer = EMPTY;
  const backend = Object.assign(embedded(), { search: async () => answer });
  const scrypath = new Scrypath({ dataSource, backend });
  try {
    await loadMovies(dataSource, readFilmList().films);
    const movies = scrypath.for(Movie);
    const records = await dataSource
      .getRepository(Movie)
      .find({ take: HITS, relations: { director: true, distributor: true } });
    const full = { ...EMPTY, hits: records.map((record) => ({ ...movies.document(record), formatted: null })) };

    const search = async (answered: HitPage, options: Parameters<typeof movies.search>[1]): Promise<void> => {
      answer = answered;
      for (let call = 0; call < CALLS; call += 1) await movies.search('godfather', options);
    };
    const rich = {
      filter: { $and: [{ released: { gte: '1990-01-01', lt: '2000-01-01' } }, { genre: { in: ['Drama', 'Comedy'] } }] },
      sort: [{ rating: 'desc' }, { votes: 'desc' }],
      page: { number: 2, size: 20 },
      facets: ['genre', 'certificate'],
    } as const;
    const took = await contest(
      {
        plain: () => search(EMPTY, {}),
        rich: () => search(EMPTY, rich),
        hits: () => search(full, rich),
      },
      { rounds: 40, warmUp: 10 },
    );
    const microseconds = (ms: number) => (ms * 1000) / CALLS;
    return [
      { name: 'a search of a text, without its engine', value: microseconds(took.plain), unit: 'µs' },
      {
        name: 'a search with filter, sort and facets, without its engine',
        value: microseconds(took.rich),
        unit: 'µs',
      },
      { name: `the same with ${HITS} hits`, value: microseconds(took.hits), unit: 'µs' },
    ];
  } finally {
    await scrypath.close();
    await drop();
  }
}
