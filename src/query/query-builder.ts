import { hasMembers, isPlainObject, kindOf } from '../metadata/given.js';
import { comparedName, type SearchField, type SearchMetadata } from '../metadata/search-metadata.js';
import { buildFilter } from './filter-builder.js';
import { fieldNotDeclared, queryInvalid } from './query-errors.js';
import type { Highlight, SearchQuery, SortField } from './search-query.js';

const OPTIONS = ['filter', 'sort', 'page', 'facets', 'highlight', 'matching'];
const MATCHING = ['last', 'all', 'frequency'] as const;
const MAX_PAGE_SIZE = 1000;

/**
 * Turns a caller's text and options into one frozen query, or says everything that is wrong with it.
 * @throws ScrypathError `QUERY_INVALID`, `FIELD_NOT_DECLARED`; nothing was sent then
 */
export function buildQuery(
  metadata: SearchMetadata,
  text: unknown,
  options: Readonly<Record<string, unknown>>,
): SearchQuery {
  if (typeof text !== 'string')
    throw queryInvalid(metadata, 'The search text must be a string.', 'Give "" to match everything.');
  const unknown = Object.keys(options).filter((name) => !OPTIONS.includes(name) && options[name] !== undefined);
  if (unknown.length > 0)
    throw queryInvalid(
      metadata,
      `${unknown.join(', ')} is no option of a search.`,
      `Known: ${OPTIONS.join(', ')}, hydrate.`,
    );
  const { matching = 'last' } = options;
  if (!MATCHING.includes(matching as SearchQuery['matching']))
    throw queryInvalid(metadata, 'matching has an unknown value.', `Known: ${MATCHING.join(', ')}.`);
  return deepFreeze({
    text: text.toWellFormed(),
    filter: buildFilter(metadata, options.filter),
    sort: buildSort(metadata, options.sort),
    ...buildPage(metadata, options.page),
    facets: buildFacets(metadata, options.facets),
    highlight: buildHighlight(metadata, options.highlight),
    matching: matching as SearchQuery['matching'],
  });
}

function buildSort(metadata: SearchMetadata, given: unknown): SortField[] {
  if (given === undefined) return [];
  const entries = (Array.isArray(given) ? given : [given]).flatMap((part: unknown) => {
    if (!isPlainObject(part))
      throw queryInvalid(
        metadata,
        `sort must be an object of fields, or a list of them; ${kindOf(part)} was given.`,
        "Example: { year: 'desc' }.",
      );
    return Object.entries(part);
  });
  return entries.map(([path, direction]) => {
    const field = metadata.fields.find((candidate) => candidate.path === path && candidate.sortable);
    if (!field) throw fieldNotDeclared(metadata, 'sorted by', path, metadata.sortable, '@Sortable');
    if (direction !== 'asc' && direction !== 'desc')
      throw queryInvalid(metadata, `The direction of the sort by ${path} is unknown.`, "Give 'asc' or 'desc'.");
    return { field: comparedName(field), direction };
  });
}

function buildPage(metadata: SearchMetadata, given: unknown): Pick<SearchQuery, 'page' | 'total'> {
  const page = given === undefined ? {} : given;
  if (!hasMembers(page))
    throw queryInvalid(
      metadata,
      `page must be an object; ${kindOf(page)} was given.`,
      'Example: { number: 1, size: 20 }.',
    );
  const { number = 1, size = 20, total = 'exact', ...rest } = page;
  const unknown = Object.keys(rest);
  if (unknown.length > 0)
    throw queryInvalid(
      metadata,
      `page.${unknown.join(', page.')} is no option of a page.`,
      'Known: number, size, total.',
    );
  if (!isCount(number)) throw queryInvalid(metadata, 'page.number must be a whole number of at least 1.');
  if (!isCount(size) || size > MAX_PAGE_SIZE)
    throw queryInvalid(metadata, `page.size must be a whole number from 1 to ${MAX_PAGE_SIZE}.`);
  if (total !== 'exact' && total !== 'estimate')
    throw queryInvalid(metadata, "page.total must be 'exact' or 'estimate'.");
  return { page: { number, size }, total };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

function buildFacets(metadata: SearchMetadata, given: unknown): string[] {
  if (given === undefined) return [];
  return pathsOf(metadata, 'facets', given).map((path) => {
    const field = metadata.fields.find((candidate) => candidate.path === path && candidate.facet);
    if (!field) throw fieldNotDeclared(metadata, 'counted by', path, metadata.facets, '@Filterable({ facet: true })');
    return field.name;
  });
}

function buildHighlight(metadata: SearchMetadata, given: unknown): Highlight | null {
  if (given === undefined || given === false) return null;
  const options = given === true ? {} : given;
  if (!isPlainObject(options))
    throw queryInvalid(
      metadata,
      `highlight must be true or an object; ${kindOf(options)} was given.`,
      'Known: fields, pre, post.',
    );
  const { fields, pre = '<em>', post = '</em>', ...rest } = options;
  const unknown = Object.keys(rest);
  if (unknown.length > 0)
    throw queryInvalid(metadata, `highlight.${unknown.join(', ')} is no option.`, 'Known: fields, pre, post.');
  if (typeof pre !== 'string' || typeof post !== 'string')
    throw queryInvalid(metadata, 'highlight.pre and highlight.post must be strings.');
  if (fields === undefined) return { fields: ['*'], pre, post };
  const names = pathsOf(metadata, 'highlight.fields', fields).map((path) => {
    const field = metadata.fields.find((candidate: SearchField) => candidate.path === path);
    if (!field)
      throw fieldNotDeclared(
        metadata,
        'highlighted in',
        path,
        metadata.fields.map((known) => known.path),
        '@Searchable',
      );
    return field.name;
  });
  return { fields: names, pre, post };
}

function pathsOf(metadata: SearchMetadata, option: string, given: unknown): string[] {
  if (!Array.isArray(given) || given.some((path) => typeof path !== 'string'))
    throw queryInvalid(metadata, `${option} must be an array of field paths.`);
  return [...new Set(given as string[])];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
