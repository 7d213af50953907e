/**
 * What an index is told about its documents. The names and meanings are those of the reference engine's settings
 * document. A member that is absent is not managed: it keeps what the index has.
 */
export interface IndexSettings {
  /** Fields that full text looks in, most important first; `['*']` is every field. */
  readonly searchableAttributes?: readonly string[];
  /** Fields that filters and facets may name. */
  readonly filterableAttributes?: readonly FilterableAttribute[];
  readonly sortableAttributes?: readonly string[];
  readonly displayedAttributes?: readonly string[];
  readonly rankingRules?: readonly string[];
  readonly stopWords?: readonly string[];
  /** What else is found by a word. One way: `{ tv: ['television'] }` finds no "tv" by "television". */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
  readonly distinctAttribute?: string | null;
  readonly typoTolerance?: TypoTolerance;
  readonly faceting?: Faceting;
  readonly pagination?: {
    /** Most documents that one search can lead to, by whatever page. */
    readonly maxTotalHits?: number;
  };
  /** Whether the distance between words is exact, or known only as far as "in one field": smaller, and faster to fill. */
  readonly proximityPrecision?: 'byWord' | 'byAttribute';
  /** Words that the engine would take apart, and is to keep whole: `J. R. R.`. */
  readonly dictionary?: readonly string[];
  /** Texts that part words, beyond those that do already. */
  readonly separatorTokens?: readonly string[];
  /** Texts that part words by default, and are to be letters of them: `@`, `#`. */
  readonly nonSeparatorTokens?: readonly string[];
  readonly localizedAttributes?: readonly LocalizedAttributes[] | null;
  /** Where vectors come from, by name. Null for a name removes it; a name that is absent is kept. */
  readonly embedders?: Readonly<Record<string, Embedder | null>>;
  /** Longest time for one search, in milliseconds; then it answers with what it has. Null is the engine's own. */
  readonly searchCutoffMs?: number | null;
  /** Whether beginnings of words are found. */
  readonly prefixSearch?: 'indexingTime' | 'disabled';
  /** Whether values of facets can be searched. */
  readonly facetSearch?: boolean;
}

/** A field that can be filtered by in every way, or fields and the ways in which they can. */
export type FilterableAttribute = string | FilterableRule;

export interface FilterableRule {
  /** Names of fields; `*` stands for any part of one. */
  readonly attributePatterns: readonly string[];
  readonly features?: {
    /** Whether the values can be searched; default false. */
    readonly facetSearch?: boolean;
    readonly filter?: {
      /** `=`, `IN`; default true. */
      readonly equality?: boolean;
      /** `<`, `>=`; default false. */
      readonly comparison?: boolean;
    };
  };
}

export interface TypoTolerance {
  readonly enabled?: boolean;
  /** Shortest word, in characters, that may have one and two typos. */
  readonly minWordSizeForTypos?: { readonly oneTypo?: number; readonly twoTypos?: number };
  readonly disableOnWords?: readonly string[];
  readonly disableOnAttributes?: readonly string[];
  readonly disableOnNumbers?: boolean;
}

export interface Faceting {
  /** Most values that one facet lists. */
  readonly maxValuesPerFacet?: number;
  /** Which values come first, and thereby which are left out, by facet; `*` is for all others. */
  readonly sortFacetValuesBy?: Readonly<Record<string, 'alpha' | 'count'>>;
}

/** Languages of fields, by ISO 639-3 code: `eng`, `jpn`. */
export interface LocalizedAttributes {
  readonly attributePatterns: readonly string[];
  readonly locales: readonly string[];
}

export const EMBEDDER_SOURCES = ['openAi', 'huggingFace', 'ollama', 'rest', 'userProvided', 'composite'] as const;

/** Where the vectors of documents and queries come from. Which members there are depends on the source. */
export interface Embedder {
  readonly source: (typeof EMBEDDER_SOURCES)[number];
  /** Never read back: the engine shows its beginning only. */
  readonly apiKey?: string;
  readonly model?: string;
  readonly dimensions?: number;
  readonly url?: string;
  readonly documentTemplate?: string;
  readonly documentTemplateMaxBytes?: number;
  readonly [member: string]: unknown;
}

/** The rules of ranking that an engine has by default, in their order. */
export const DEFAULT_RANKING_RULES = [
  'words',
  'typo',
  'proximity',
  'attributeRank',
  'sort',
  'wordPosition',
  'exactness',
] as const;

/** Every rule of ranking that has a name of its own. `attribute` is `attributeRank` and `wordPosition` in one. */
export const RANKING_RULES = [...DEFAULT_RANKING_RULES, 'attribute'] as const;

/** The field of a ranking rule such as `year:desc`; null for a rule that has none. */
export function fieldOfRule(rule: string): { readonly field: string; readonly descending: boolean } | null {
  const match = /^(.+):(asc|desc)$/.exec(rule);
  return match === null ? null : { field: match[1]!, descending: match[2] === 'desc' };
}

/** What a new index has: the reference engine's defaults. */
export const DEFAULT_SETTINGS = Object.freeze({
  displayedAttributes: ['*'],
  searchableAttributes: ['*'],
  filterableAttributes: [],
  sortableAttributes: [],
  rankingRules: [...DEFAULT_RANKING_RULES],
  stopWords: [],
  synonyms: {},
  distinctAttribute: null,
  typoTolerance: {
    enabled: true,
    minWordSizeForTypos: { oneTypo: 5, twoTypos: 9 },
    disableOnWords: [],
    disableOnAttributes: [],
    disableOnNumbers: false,
  },
  faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { '*': 'alpha' as const } },
  pagination: { maxTotalHits: 1000 },
  proximityPrecision: 'byWord' as const,
  dictionary: [],
  separatorTokens: [],
  nonSeparatorTokens: [],
  localizedAttributes: null,
  embedders: {},
  searchCutoffMs: null,
  prefixSearch: 'indexingTime' as const,
  facetSearch: true,
}) satisfies Required<IndexSettings>;

/** The names that an entry of the filterable attributes has. */
export const namesOfFilterable = (attribute: FilterableAttribute): readonly string[] =>
  typeof attribute === 'string' ? [attribute] : attribute.attributePatterns;

/** An entry with every feature said. One that allows everything is its names. */
export function completeFilterable(attribute: FilterableAttribute): readonly FilterableAttribute[] {
  if (typeof attribute === 'string') return [attribute];
  const { attributePatterns, features } = attribute;
  const { facetSearch = false, filter } = features ?? {};
  const { equality = true, comparison = false } = filter ?? {};
  if (facetSearch && equality && comparison) return attributePatterns;
  return [{ attributePatterns, features: { facetSearch, filter: { equality, comparison } } }];
}
