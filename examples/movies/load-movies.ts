import type { DataSource } from 'typeorm';
import { Director } from './entities/director.js';
import { Distributor } from './entities/distributor.js';
import { Movie } from './entities/movie.js';
import type { Film } from './film-list.js';
import { insertRows } from './insert-rows.js';

/** Fills the tables with the films, instead of what they held: every run starts from the same rows. */
export async function loadMovies(dataSource: DataSource, films: readonly Film[]): Promise<void> {
  const directors = byName(films.map(({ director }) => director));
  const distributors = byName(films.map(({ distributor }) => distributor));
  const movies = films.map(({ place, director, distributor, ...film }) => ({
    ...film,
    id: place,
    director: directors.get(director) ?? null,
    distributor: distributors.get(distributor) ?? null,
  }));
  await dataSource.transaction(async (manager) => {
    for (const entity of [Movie, Director, Distributor]) await manager.deleteAll(entity);
    await insertRows(manager, Director, [...directors.values()]);
    await insertRows(manager, Distributor, [...distributors.values()]);
    await insertRows(manager, Movie, movies);
  });
}

/** A row for each name, numbered in the order in which the names come. */
function byName(names: readonly (string | null)[]): Map<string | null, { id: number; name: string }> {
  const distinct = [...new Set(names)].filter((name) => name !== null);
  return new Map(distinct.map((name, at) => [name, { id: at + 1, name }]));
}
