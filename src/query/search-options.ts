import type { FieldPath } from '../metadata/field-path.js';
import type { Filter, Sort } from './condition.js';

export interface PageOptions {
  /** Counts from 1; default 1. */
  readonly number?: number;
  /** Hits a page, 1 to 1000; default 20. */
  readonly size?: number;
  /** `exact` (default) counts every match; `estimate` is faster on large indexes and gives `estimatedTotalHits`. */
  readonly total?: 'exact' | 'estimate';
}

export interface HighlightOptions<E> {
  /** Fields whose matches are marked; default every field. */
  readonly fields?: readonly FieldPath<E>[];
  /** Put before and after a match; default `<em>` and `</em>`. The text between is not escaped for HTML. */
  readonly pre?: string;
  readonly post?: string;
}

/** What a search asks for, beside its text. */
export interface QueryOptions<E, F extends FieldPath<E> = FieldPath<E>> {
  readonly filter?: Filter<E>;
  readonly sort?: Sort<E>;
  readonly page?: PageOptions;
  /** Fields whose values are counted over all matches. */
  readonly facets?: readonly F[];
  readonly highlight?: true | HighlightOptions<E>;
  /** Which words may be missing: from the end of the text (`last`, default), none (`all`), frequent ones (`frequency`). */
  readonly matching?: 'last' | 'all' | 'frequency';
}
