import type { Example } from './connect.js';
import { Movie } from './entities/movie.js';
import { readFilmList } from './film-list.js';
import { indexMovies } from './index-movies.js';
import { loadMovies } from './load-movies.js';
import { grouped, printFacet, printTable, timed } from './report.js';

/** Prints the films that match a text, with what matched in brackets. Loads and indexes films where there are none. */
export async function search(example: Example, text: string): Promise<void> {
  await load(example);
  const movies = example.scrypath.for(Movie);
  const [{ hits, page, facets }, took] = await timed(() =>
    movies.search(text, {
      page: { size: 10 },
      facets: ['genre', 'distributor.name'],
      highlight: { fields: ['title', 'director.name'], pre: '[', post: ']' },
    }),
  );
  console.log(`"${text}" on ${example.stack}: ${films(page.totalHits ?? 0)} (${took})`);
  printTable(
    hits.map(({ released, rating, _formatted }) => {
      const { title, director } = _formatted as { title: string; director: { name: string } | null };
      return [title, released, rating?.toFixed(1) ?? '', director?.name ?? ''];
    }),
  );
  if (hits.length === 0) return;
  printFacet('genre', facets.genre);
  printFacet('distributor', facets['distributor.name']);
}

async function load({ dataSource, scrypath }: Example): Promise<void> {
  const repository = dataSource.getRepository(Movie);
  if (!(await repository.exists())) await loadMovies(dataSource, readFilmList().films);
  await scrypath.start();
  const { page } = await scrypath.for(Movie).search('');
  if (page.totalHits !== (await repository.count())) await indexMovies(scrypath);
}

const films = (number: number) => `${grouped(number)} ${number === 1 ? 'film' : 'films'}`;
