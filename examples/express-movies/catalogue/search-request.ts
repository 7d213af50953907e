import type { SearchOptions } from 'scrypath';
import { InvalidInput, isDay } from './film-input.js';
import type { Movie } from './movie.js';

type Options = SearchOptions<Movie, 'genre'>;
export type SearchParameters = Readonly<Record<string, unknown>>;

const NAMES: readonly string[] = ['q', 'genre', 'director', 'from', 'to', 'minRating', 'sort', 'page', 'size'];

/**
 * A search out of the parameters of an address: `?q=odissey&genre=Drama&genre=Comedy&from=1960&minRating=7&sort=rating:desc&page=2`.
 * Numbers and sorts are checked by `search`, which refuses with `QUERY_INVALID` or `FIELD_NOT_DECLARED`.
 * @throws InvalidInput where a parameter is unknown, is given twice, or is no day: without it a search would show other films
 */
export function searchRequest(parameters: SearchParameters): { readonly text: string; readonly options: Options } {
  for (const [name, value] of Object.entries(parameters)) {
    if (!NAMES.includes(name)) throw new InvalidInput(`${name} is not a parameter; there are ${NAMES.join(', ')}`);
    if (name !== 'genre' && typeof value !== 'string') throw new InvalidInput(`${name} can be given once`);
  }
  const { q = '', genre, director, from, to, minRating, sort, page = 1, size = 20 } = parameters;
  const released = {
    ...(from !== undefined && { gte: dayOf('from', from) }),
    ...(to !== undefined && { lt: dayOf('to', to) }),
  };
  const options = {
    filter: {
      ...(genre !== undefined && { genre: { in: [genre].flat().map(String) } }),
      ...(director !== undefined && { 'director.name': String(director) }),
      ...(Object.keys(released).length > 0 && { released }),
      ...(minRating !== undefined && { rating: { gte: numberOf(minRating) } }),
    },
    ...(sort !== undefined && { sort: sortOf(String(sort)) }),
    page: { number: numberOf(page), size: numberOf(size) },
    facets: ['genre'] as const,
  };
  return { text: String(q), options: options as Options };
}

/** A year alone is its first day. */
function dayOf(name: string, text: unknown): string {
  const day = /^\d{4}$/.test(String(text)) ? `${text}-01-01` : text;
  if (!isDay(day)) throw new InvalidInput(`${name} takes a year, or a day as 1972-03-15`);
  return day;
}

// Nothing at all is 0 to JavaScript.
const numberOf = (text: unknown): number => (text === '' ? Number.NaN : Number(text));

function sortOf(text: string): object {
  const [field, direction = 'asc'] = text.split(':') as [string, string?];
  return { [field]: direction };
}
