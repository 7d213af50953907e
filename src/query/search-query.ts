/** A value that a document can be compared with. Dates are epoch milliseconds by the time they stand here. */
export type FilterValue = string | number | boolean;

/**
 * A condition on documents, as a tree. `and` and `or` have at least one part.
 * - `equals` and `oneOf` compare strings without regard to case and surrounding space; on an array any element counts.
 * - `compare` compares numbers with a number by value; strings, with either, by their normalized text.
 * - `exists`: the document has the field, null included. `isNull`: it has the field, and its value is null.
 * - `not` is the complement: documents that lack the field are in it.
 */
export type FilterNode =
  | { readonly kind: 'equals'; readonly field: string; readonly value: FilterValue }
  | { readonly kind: 'oneOf'; readonly field: string; readonly values: readonly FilterValue[] }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: 'gt' | 'gte' | 'lt' | 'lte';
      readonly value: string | number;
    }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'isNull'; readonly field: string }
  | { readonly kind: 'and'; readonly of: readonly FilterNode[] }
  | { readonly kind: 'or'; readonly of: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly of: FilterNode };

export interface SortField {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
}

/** Marks put around what matched, in the strings of `formatted`. Text between them is not escaped for HTML. */
export interface Highlight {
  /** Document fields to mark; `['*']` for all. */
  readonly fields: readonly string[];
  readonly pre: string;
  readonly post: string;
}

/** One search, complete and frozen: the only form of a query that a backend sees. */
export interface SearchQuery {
  readonly text: string;
  readonly filter: FilterNode | null;
  readonly sort: readonly SortField[];
  /** `number` counts from 1; `size` hits a page. */
  readonly page: { readonly number: number; readonly size: number };
  /** `exact` counts every match; `estimate` lets the engine stop counting. */
  readonly total: 'exact' | 'estimate';
  /** Fields to count values of. */
  readonly facets: readonly string[];
  readonly highlight: Highlight | null;
  /** Words of `text` that may be left out: from the end (`last`), none (`all`), or the most frequent first (`frequency`). */
  readonly matching: 'last' | 'all' | 'frequency';
}
