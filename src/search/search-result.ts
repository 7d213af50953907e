import type { HitPage } from '../backend/backend.js';
import type { DocumentKey } from '../document/search-document.js';
import type { Hydrate } from '../hydration/hydrate.js';
import type { FieldPath } from '../metadata/field-path.js';
import type { QueryOptions } from '../query/search-options.js';
import type { SearchQuery } from '../query/search-query.js';

/** What a search asks for. `hydrate` reads the hits' rows; without it no row is read. */
export type SearchOptions<S, F extends FieldPath<S> = FieldPath<S>, H = Hydrate<S> | false | undefined> = QueryOptions<
  S,
  F
> & {
  /** Another index than the entity's own, without prefix. */
  readonly index?: string;
  /** Another prefix than the entity's and the instance's. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
  // Two cases, so that `undefined` in the type of what is given is not lost where optional members allow it.
} & ({ readonly hydrate?: undefined } | { readonly hydrate: H });

/** A document whose texts and numbers are strings with marks around what matched; it holds the marked fields. */
export type Formatted<T> = T extends string | number
  ? string
  : T extends readonly (infer U)[]
    ? readonly Formatted<U>[]
    : T extends object
      ? { readonly [P in keyof T]?: Formatted<T[P]> }
      : T;

/** What every hit has beside its document. */
export interface HitFacts<D> {
  /** The document's key, as `missingIds` and `deleteDocument` have it. */
  readonly _key: DocumentKey;
  /** The document with marks around what matched; there when `highlight` was asked for and the document has the fields. */
  readonly _formatted?: Formatted<D>;
}

/** A document that matched, with its record's primary key. A field that is not declared is not in it. */
export type Hit<D> = D & HitFacts<D>;

export interface ResultPage {
  readonly number: number;
  readonly size: number;
  /** Number of all matches; there when the page's `total` is `exact`. */
  readonly totalHits?: number;
  /** Number of pages that can be read: an index gives at most `pagination.maxTotalHits` hits (default 1000). */
  readonly totalPages?: number;
  /** The engine's estimate; there when the page's `total` is `estimate`. */
  readonly estimatedTotalHits?: number;
}

/** Count of matches for each value of a field, most frequent or alphabetical first, as the index is set. */
export type FacetCounts = Readonly<Record<string, number>>;

export type SearchResult<E extends object, D, F extends string, H> = {
  /** The query as it was sent. */
  readonly query: SearchQuery;
  readonly hits: readonly Hit<D>[];
  readonly page: ResultPage;
  readonly facets: { readonly [P in F]: FacetCounts };
  /** Smallest and largest value of each numeric facet. */
  readonly facetStats: { readonly [P in F]?: { readonly min: number; readonly max: number } };
  /** The engine's answer as it came. */
  readonly raw: HitPage['raw'];
} & ([H] extends [false | undefined]
  ? unknown
  : [Extract<H, false | undefined>] extends [never]
    ? Rows<E>
    : Partial<Rows<E>>);

/** What a search with `hydrate` has beside its hits. */
interface Rows<E> {
  /** The hits' entities in the order of the hits. */
  readonly records: readonly E[];
  /** Keys of hits that have no row, in the order of the hits. */
  readonly missingIds: readonly DocumentKey[];
}
