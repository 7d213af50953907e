import type { FilterNode, FilterValue } from '../query/search-query.js';
import { DocSet } from './doc-set.js';
import type { FacetColumns } from './facet-columns.js';
import { compareText, normalizedFacet, numberIn } from './facet-text.js';

/** What filters are answered from. */
interface FilteredIndex {
  readonly facets: FacetColumns;
  readonly limit: number;
  everything(): DocSet;
}

/** The fields that a filter names, each once. */
export function filteredFields(node: FilterNode, into = new Set<string>()): ReadonlySet<string> {
  if (node.kind === 'and' || node.kind === 'or') for (const part of node.of) filteredFields(part, into);
  else if (node.kind === 'not') filteredFields(node.of, into);
  else into.add(node.field);
  return into;
}

/** The fields that a filter compares by order, each once. */
export function comparedFields(node: FilterNode, into = new Set<string>()): ReadonlySet<string> {
  if (node.kind === 'and' || node.kind === 'or') for (const part of node.of) comparedFields(part, into);
  else if (node.kind === 'not') comparedFields(node.of, into);
  else if (node.kind === 'compare') into.add(node.field);
  return into;
}

/** The documents of which a filter holds, in a set of the caller's own. */
export function filtered(index: FilteredIndex, node: FilterNode): DocSet {
  switch (node.kind) {
    case 'and': {
      const found = index.everything();
      for (const part of node.of) found.intersect(filtered(index, part));
      return found;
    }
    case 'or': {
      const found = DocSet.empty(index.limit);
      for (const part of node.of) found.union(filtered(index, part));
      return found;
    }
    case 'not':
      return index.everything().subtract(filtered(index, node.of));
    case 'equals':
      return withValues(index, node.field, [node.value]);
    case 'oneOf':
      return withValues(index, node.field, node.values);
    case 'exists':
      return index.facets.of(node.field)?.withField(index.limit) ?? DocSet.empty(index.limit);
    case 'isNull':
      return index.facets.of(node.field)?.withNull(index.limit) ?? DocSet.empty(index.limit);
    case 'compare':
      return withinBounds(index, node);
  }
}

/** A filter value as the reference writes it: text, which may stand for a number too. */
const textOf = (value: FilterValue): string => (typeof value === 'string' ? value : String(value));

function withValues(index: FilteredIndex, field: string, values: readonly FilterValue[]): DocSet {
  const column = index.facets.of(field);
  if (column === undefined) return DocSet.empty(index.limit);
  const texts: string[] = [];
  const numbers = new Set<number>();
  for (const value of values) {
    const text = textOf(value);
    texts.push(normalizedFacet(text));
    const number = numberIn(text);
    if (number !== null) numbers.add(number === 0 ? 0 : number);
  }
  return column.withAnyOf(texts, numbers, index.limit);
}

type Comparison = Extract<FilterNode, { kind: 'compare' }>;

const HOLDS: Readonly<Record<Comparison['operator'], (order: number) => boolean>> = {
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};

function withinBounds(index: FilteredIndex, { field, operator, value }: Comparison): DocSet {
  const column = index.facets.of(field);
  if (column === undefined) return DocSet.empty(index.limit);
  const holds = HOLDS[operator];
  const text = textOf(value);
  const bound = normalizedFacet(text);
  const number = numberIn(text);
  return column.withMatching(
    number === null ? null : (candidate) => holds(candidate - number),
    (candidate) => holds(compareText(candidate, bound)),
    index.limit,
  );
}
