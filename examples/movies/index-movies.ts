import type { Scrypath } from 'scrypath';
import { Movie } from './entities/movie.js';

/**
 * Writes the first documents of rows that are there already; a search shows all of them when it resolves.
 * @returns number of documents written
 */
export async function indexMovies(scrypath: Scrypath): Promise<number> {
  const { documents } = await scrypath.for(Movie).backfill();
  return documents;
}
