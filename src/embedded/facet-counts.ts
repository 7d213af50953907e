import type { DocSet } from './doc-set.js';
import type { FacetColumn } from './facet-column.js';
import type { FacetColumns } from './facet-columns.js';
import { compareText } from './facet-text.js';
import { isDeclared, isWithin } from './field-paths.js';
import { plainNumber } from './number-text.js';
import type { CompleteSettings } from './settings.js';

/** What facets are counted from. */
export interface FacetedIndex {
  readonly facets: FacetColumns;
  readonly knownFields: readonly string[];
}

export interface FacetAnswer {
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
  { filterableAttributes, faceting }: CompleteSettings,
): FacetAnswer {
  const facets: FacetAnswer['facets'] = Object.create(null);
  const facetStats: FacetAnswer['facetStats'] = Object.create(null);
  if (asked.length === 0) return { facets: {}, facetStats: {} };
  const filterable = index.knownFields.filter((field) => isDeclared(field, filterableAttributes));
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
  const numbers = new Map<number, number>();
  const strings = new Map<number, { readonly original: string; count: number }>();
  found.forEach((doc) => {
    for (const number of column.numbersOf(doc)) numbers.set(number, (numbers.get(number) ?? 0) + 1);
    for (const { original, value } of column.stringsOf(doc)) {
      const counted = strings.get(value);
      if (counted === undefined) strings.set(value, { original, count: 1 });
      else counted.count += 1;
    }
  });
  let stats: { min: number; max: number } | null = null;
  for (const number of numbers.keys()) {
    if (stats === null) stats = { min: number, max: number };
    else stats = { min: Math.min(stats.min, number), max: Math.max(stats.max, number) };
  }
  return { counts: shownCounts(column, numbers, strings, found.size > LARGE, maxValues), stats };
}

function shownCounts(
  column: FacetColumn,
  numbers: ReadonlyMap<number, number>,
  strings: ReadonlyMap<number, { readonly original: string; readonly count: number }>,
  isLarge: boolean,
  maxValues: number,
): Record<string, number> {
  const shown: [string, number][] = [];
  const texts = [...strings].sort(([left], [right]) => compareText(column.textOf(left), column.textOf(right)));
  if (isLarge) {
    // The reference stops where the last value fills the list, so numbers that fill it let every string through.
    const push = (value: string, count: number) => shown.push([value, count]) === maxValues;
    [...numbers].sort(([left], [right]) => left - right).some(([number, count]) => push(plainNumber(number), count));
    texts.some(([, { original, count }]) => push(original, count));
    return Object.fromEntries(shown);
  }
  shown.push(
    ...[...numbers]
      .map(([number, count]): [string, number] => [plainNumber(number), count])
      .sort(([left], [right]) => compareText(left, right))
      .slice(0, maxValues),
  );
  for (const [, { original, count }] of texts.slice(0, Math.max(0, maxValues - shown.length))) {
    shown.push([original, count]);
  }
  return Object.fromEntries(shown);
}
