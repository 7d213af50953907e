import type { Scrypath } from 'scrypath';
import { MoreThan, type Repository } from 'typeorm';
import { Movie } from './entities/movie.js';

const BATCH = 1000;

/**
 * Writes a document for every row, with the relations that documents are made of, in key order: a page that begins after
 * the last key stays fast, however many rows there are.
 * @returns number of documents written
 */
export async function indexMovies(scrypath: Scrypath, repository: Repository<Movie>): Promise<number> {
  const movies = scrypath.for(Movie);
  let written = 0;
  for (let last = 0; ; ) {
    const records = await repository.find({
      where: { id: MoreThan(last) },
      order: { id: 'ASC' },
      take: BATCH,
      relations: { director: true, distributor: true },
    });
    if (records.length === 0) return written;
    written += (await movies.syncRecords(records)).count;
    last = records.at(-1)!.id;
  }
}
