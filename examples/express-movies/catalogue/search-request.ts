import type { SearchOptions } from 'scrypath';
import type { Movie } from './movie.js';

type Options = SearchOptions<Movie, 'genre'>;
export type SearchParameters = Readonly<Record<string, unknown>>;

/**
 * A search out of the parameters of an address: `?q=odissey&genre=Drama&genre=Comedy&from=1960&minRating=7&sort=rating:desc&page=2`.
 * What they say is checked by `search`, which refuses with `QUERY_INVALID` or `FIELD_NOT_DECLARED`.
 */
export function searchRequest(parameters: SearchParameters): { readonly text: string; readonly options: Options } {
  const { q = '', genre, director, from, to, minRating, sort, page = 1, size = 20 } = parameters;
  const released = {
    ...(from !== undefined && { gte: dayOf(from) }),
    ...(to !== undefined && { lt: dayOf(to) }),
  };
  const options = {
    filter: {
      ...(genre !== undefined && { genre: { in: [genre].flat().map(String) } }),
      ...(director !== undefined && { 'director.name': String(director) }),
      ...(Object.keys(released).length > 0 && { released }),
      ...(minRating !== undefined && { rating: { gte: Number(minRating) } }),
    },
    ...(sort !== undefined && { sort: sortOf(String(sort)) }),
    page: { number: Number(page), size: Number(size) },
    facets: ['genre'] as const,
  };
  return { text: String(q), options: options as Options };
}

/** A year alone is its first day. */
const dayOf = (text: unknown) => (/^\d{4}$/.test(String(text)) ? `${text}-01-01` : String(text));

function sortOf(text: string): object {
  const [field, direction = 'asc'] = text.split(':') as [string, string?];
  return { [field]: direction };
}
