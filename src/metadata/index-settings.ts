/**
 * What an index is told about its documents. The names and meanings are those of the reference engine's settings
 * document. A member that is absent is not managed: it keeps what the index has.
 */
export interface IndexSettings {
  /** Fields that full text looks in, most important first; `['*']` is every field. */
  readonly searchableAttributes?: readonly string[];
  /** Fields that filters and facets may name. */
  readonly filterableAttributes?: readonly string[];
  readonly sortableAttributes?: readonly string[];
  readonly displayedAttributes?: readonly string[];
  readonly rankingRules?: readonly string[];
  readonly stopWords?: readonly string[];
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
  readonly distinctAttribute?: string | null;
  readonly typoTolerance?: TypoTolerance;
  readonly faceting?: { readonly maxValuesPerFacet?: number };
  readonly pagination?: { readonly maxTotalHits?: number };
}

export interface TypoTolerance {
  readonly enabled?: boolean;
  /** Shortest word, in characters, that may have one and two typos. */
  readonly minWordSizeForTypos?: { readonly oneTypo?: number; readonly twoTypos?: number };
  readonly disableOnWords?: readonly string[];
  readonly disableOnAttributes?: readonly string[];
  readonly disableOnNumbers?: boolean;
}
