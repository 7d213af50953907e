import type { DocSet } from './doc-set.js';
import type { FacetColumn } from './facet-column.js';
import type { FacetColumns } from './facet-columns.js';
import { compareText } from './facet-text.js';
import { isDeclared, isWithin } from './field-paths.js';
import { plainNumber } from './number-text.js';
import { type CompleteSettings, filterableNames } from './settings.js';

/** What facets are counted from. */
interface FacetedIndex {
  readonly facets: FacetColumns;
  readonly knownFields: readonly string[];
}

interface FacetAnswer {
  readonly facets: Record<string, Record<string, number>>;
  readonly facetStats: Record<string, { readonly min: number; readonly max: number }>;
}

/** Whether a facet may be asked for: it is a filterable field, lies inside one, or has one inside. */
export const isFacet = (facet: string, filterable: readonly string[]): boolean =>
  filterable.some((field) => isWithin(facet, field) || isWithin(field, facet) || matchesPattern(facet, field));

/** Counts the values of facets over the documents found. A facet that is an object stands for every field inside it. */
export function countFacets(
  index: FacetedIndex,
  asked: readonly string[],
  found: DocSet,
  settings: CompleteSettings,
): FacetAnswer {
  const facets: FacetAnswer['facets'] = Object.create(null);
  const facetStats: FacetAnswer['facetStats'] = Object.create(null);
  if (asked.length === 0) return { facets: {}, facetStats: {} };
  const { faceting } = settings;
  const declared = filterableNames(settings);
  const filterable = index.knownFields.filter((field) => isDeclared(field, declared));
  const named = filterable.filter((field) => asked.some((facet) => matchesPattern(facet, field)));
  for (const field of filterable.filter((candidate) => isDeclared(candidate, named)).sort(compareText)) {
    const column = index.facets.of(field);
    const { counts, stats } =
      column === undefined ? { counts: {}, stats: null } : countColumn(column, found, faceting.maxValuesPerFacet);
    facets[field] = counts;
    if (stats !== null) facetStats[field] = stats;
  }
  return { facets: { ...facets }, facetStats: { ...facetStats } };
}

/** `*`, `prefix*`, `*suffix` and `*part*` match as they look; anything else matches itself. */
function matchesPattern(pattern: string, field: string): boolean {
  if (pattern === '*') return true;
  if (pattern.length > 1 && pattern.startsWith('*') && pattern.endsWith('*')) {
    return field.includes(pattern.slice(1, -1));
  }
  if (pattern.startsWith('*')) return field.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? field.startsWith(pattern.slice(0, -1)) : pattern === field;
}

/** Among more documents than this, numbers are cut off in their own order; among fewer, in the order of their text. */
const LARGE = 3000;

function countColumn(
  column: FacetColumn,
  found: DocSet,
  maxValues: number,
): { readonly counts: Record<string, number>; readonly stats: { min: number; max: number } | null } {
  const { numbers, strings } = column.countValues(found);
  const shownNumbers = found.size > LARGE ? inNumberOrder(numbers, maxValues) : inTextOrder(numbers, maxValues);
  const shown: [string, number][] = shownNumbers;
  // Among many documents the reference stops where a value just fills the list: numbers that do so let every string through.
  const left = maxValues - shown.length;
  const most = found.size > LARGE && left === 0 ? strings.length : left;
  for (const { original, count } of strings.slice(0, most)) shown.push([original, count]);
  const [min] = numbers;
  const stats = min === undefined ? null : { min, max: numbers.at(-1)! };
  return { counts: Object.fromEntries(shown), stats };
}

/** Each number once with its count, ascending, up to `most` of them. */
function inNumberOrder(sorted: Float64Array, most: number): [string, number][] {
  const shown: [string, number][] = [];
  for (let from = 0, end = 0; from < sorted.length && shown.length < most; from = end) {
    while (end < sorted.length && sorted[end] === sorted[from]) end += 1;
    shown.push([plainNumber(sorted[from]!), end - from]);
  }
  return shown;
}

const inTextOrder = (sorted: Float64Array, most: number): [string, number][] =>
  inNumberOrder(sorted, sorted.length)
    .sort(([left], [right]) => compareText(left, right))
    .slice(0, most);
