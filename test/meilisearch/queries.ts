import type { FilterNode, SearchQuery } from '../../src/query/search-query.js';

/** A complete query that matches everything, with what a test changes of it. */
export const aQuery = (changes: Partial<SearchQuery> = {}): SearchQuery => ({
  text: '',
  filter: null,
  sort: [],
  page: { number: 1, size: 20 },
  total: 'exact',
  facets: [],
  highlight: null,
  matching: 'last',
  ...changes,
});

export const equals = (field: string, value: string | number | boolean): FilterNode => ({
  kind: 'equals',
  field,
  value,
});
