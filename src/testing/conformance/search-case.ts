import type { SearchQuery } from '../../query/search-query.js';

/** One search, as data. What it must answer is recorded from the reference engine, never written by hand. */
export interface SearchCase {
  readonly group: string;
  /** Unique within the group of its dataset. */
  readonly name: string;
  readonly query: Partial<SearchQuery>;
  /** Where it is present, the hits are compared as a set. */
  readonly anyOrder?: AnyOrder;
}

/** Says why the order of the hits is no part of the meaning of a query. */
export interface AnyOrder {
  readonly because: string;
}

const UNLESS_SAID: SearchQuery = {
  text: '',
  filter: null,
  sort: [],
  page: { number: 1, size: 20 },
  total: 'exact',
  facets: [],
  highlight: null,
  matching: 'last',
};

/** The whole query of a case: one place holds what a case leaves out. */
export function completeQuery(query: Partial<SearchQuery>): SearchQuery {
  return Object.freeze({ ...UNLESS_SAID, ...query });
}

/** Cases of one group, each a name and its query. */
export function casesOf(group: string, queries: Readonly<Record<string, Partial<SearchQuery>>>): SearchCase[] {
  return Object.entries(queries).map(([name, query]) => ({ group, name, query }));
}
