import type { DataSource, EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { Director } from './entities/director.js';
import { Distributor } from './entities/distributor.js';
import { Movie } from './entities/movie.js';
import type { Film } from './film-list.js';

const BATCH = 1000;

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
    await insert(manager, Director, [...directors.values()]);
    await insert(manager, Distributor, [...distributors.values()]);
    await insert(manager, Movie, movies);
  });
}

/** A row for each name, numbered in the order in which the names come. */
function byName(names: readonly (string | null)[]): Map<string | null, { id: number; name: string }> {
  const distinct = [...new Set(names)].filter((name) => name !== null);
  return new Map(distinct.map((name, at) => [name, { id: at + 1, name }]));
}

async function insert<E extends ObjectLiteral>(manager: EntityManager, entity: EntityTarget<E>, rows: readonly E[]) {
  for (let start = 0; start < rows.length; start += BATCH)
    await manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(rows.slice(start, start + BATCH))
      .execute();
}
