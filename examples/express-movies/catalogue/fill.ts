import type { Scrypath } from 'scrypath';
import type { EntityManager } from 'typeorm';
import { readFilmList } from '../../movies/film-list.js';
import { insertRows } from '../../movies/insert-rows.js';
import { Director } from './director.js';
import { Movie } from './movie.js';

/**
 * Real films into an empty database, which are captured as every write is; and a document for every row that has none: an engine in
 * the memory of another process has gone with it. A search shows all of them when it resolves.
 * @returns number of films
 */
export async function fillCatalogue(scrypath: Scrypath): Promise<number> {
  const { dataSource } = scrypath;
  const repository = dataSource.getRepository(Movie);
  if (!(await repository.exists())) {
    const { token } = await scrypath.track(() => dataSource.transaction(insertFilms));
    if (token !== null) await scrypath.waitForCompletion(token, { timeoutMs: 60_000 });
  }
  const movies = scrypath.for(Movie);
  const [rows, { page }] = [await repository.count(), await movies.search('')];
  if (page.totalHits !== rows) await movies.backfill();
  return rows;
}

async function insertFilms(manager: EntityManager): Promise<void> {
  const { films } = readFilmList();
  const names = [...new Set(films.map(({ director }) => director))].filter((name) => name !== null);
  const directors = await manager.save(names.map((name) => manager.create(Director, { name })));
  const byName = new Map(directors.map((director) => [director.name, director]));
  const rows = films.map(({ title, released, genre, rating, votes, director }) => ({
    ...{ title, released, genre, rating, votes },
    director: director === null ? null : byName.get(director)!,
  }));
  await insertRows(manager, Movie, rows);
}
