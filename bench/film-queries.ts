import type { QueryOptions } from 'scrypath';
import type { Movie } from '../examples/movies/entities/movie.js';

/** One search, as a user of this library writes it, and as the same request is written by hand. */
export interface FilmQuery {
  readonly text: string;
  readonly options: QueryOptions<Movie, never>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const HITS = 20;

const WORDS = `the love man men night dead american big black story house life last girl little world day star good king
  boys time blue city lost dark home death red white war high new old`.split(/\s+/);

const PAGE = { page: 1, hitsPerPage: HITS, matchingStrategy: 'last' };

/** Words that many titles have, alone, filtered and sorted: what a search box with a few controls sends. */
export const filmQueries: readonly FilmQuery[] = WORDS.flatMap((text): FilmQuery[] => [
  { text, options: {}, body: { q: text, ...PAGE } },
  {
    text,
    options: { filter: { rating: { gte: 4 } } },
    body: { q: text, filter: 'rating >= 4', ...PAGE },
  },
  {
    text,
    options: { filter: { released: { gte: '1970-01-01' } }, sort: { votes: 'desc' } },
    body: { q: text, filter: 'released >= "1970-01-01"', sort: ['votes:desc'], ...PAGE },
  },
]);
