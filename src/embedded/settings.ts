import {
  completeFilterable,
  DEFAULT_SETTINGS,
  type Embedder,
  type Faceting,
  fieldOfRule,
  type IndexSettings,
  namesOfFilterable,
  type TypoTolerance,
} from '../metadata/index-settings.js';
import { Tokenizer } from './tokenizer.js';

type CompleteTypoTolerance = {
  readonly [Member in keyof TypoTolerance]-?: Member extends 'minWordSizeForTypos'
    ? { readonly oneTypo: number; readonly twoTypos: number }
    : NonNullable<TypoTolerance[Member]>;
};

/** Settings with every member there, as an index keeps them. */
export interface CompleteSettings extends Required<IndexSettings> {
  readonly typoTolerance: CompleteTypoTolerance;
  readonly faceting: Required<Faceting>;
  readonly pagination: { readonly maxTotalHits: number };
}

export { DEFAULT_SETTINGS };

/** Settings as an older version of this package stored them: what was not there yet has its default. */
export const readSettings = (stored: string): CompleteSettings =>
  mergeSettings(DEFAULT_SETTINGS, JSON.parse(stored) as IndexSettings);

/** The settings after `given` was applied: members that are absent keep their value. */
export function mergeSettings(current: CompleteSettings, given: IndexSettings): CompleteSettings {
  const typos = given.typoTolerance;
  return {
    displayedAttributes: starOr(given.displayedAttributes) ?? current.displayedAttributes,
    searchableAttributes: starOr(given.searchableAttributes) ?? current.searchableAttributes,
    filterableAttributes: given.filterableAttributes?.flatMap(completeFilterable) ?? current.filterableAttributes,
    sortableAttributes: sorted(given.sortableAttributes) ?? current.sortableAttributes,
    rankingRules: given.rankingRules ?? current.rankingRules,
    stopWords: sorted(given.stopWords) ?? current.stopWords,
    synonyms: given.synonyms ?? current.synonyms,
    distinctAttribute: given.distinctAttribute === undefined ? current.distinctAttribute : given.distinctAttribute,
    typoTolerance:
      typos === undefined
        ? current.typoTolerance
        : {
            enabled: typos.enabled ?? current.typoTolerance.enabled,
            minWordSizeForTypos: {
              oneTypo: typos.minWordSizeForTypos?.oneTypo ?? current.typoTolerance.minWordSizeForTypos.oneTypo,
              twoTypos: typos.minWordSizeForTypos?.twoTypos ?? current.typoTolerance.minWordSizeForTypos.twoTypos,
            },
            disableOnWords: sorted(typos.disableOnWords?.map(normalizedText)) ?? current.typoTolerance.disableOnWords,
            disableOnAttributes: sorted(typos.disableOnAttributes) ?? current.typoTolerance.disableOnAttributes,
            disableOnNumbers: typos.disableOnNumbers ?? current.typoTolerance.disableOnNumbers,
          },
    faceting: {
      maxValuesPerFacet: given.faceting?.maxValuesPerFacet ?? current.faceting.maxValuesPerFacet,
      sortFacetValuesBy: given.faceting?.sortFacetValuesBy
        ? { '*': 'alpha', ...given.faceting.sortFacetValuesBy }
        : current.faceting.sortFacetValuesBy,
    },
    pagination: { maxTotalHits: given.pagination?.maxTotalHits ?? current.pagination.maxTotalHits },
    // What follows is kept for whoever reads the settings; searches do not look at it.
    proximityPrecision: given.proximityPrecision ?? current.proximityPrecision,
    dictionary: sorted(given.dictionary) ?? current.dictionary,
    separatorTokens: sorted(given.separatorTokens) ?? current.separatorTokens,
    nonSeparatorTokens: sorted(given.nonSeparatorTokens) ?? current.nonSeparatorTokens,
    localizedAttributes:
      given.localizedAttributes === undefined ? current.localizedAttributes : given.localizedAttributes,
    embedders: given.embedders ? mergeEmbedders(current.embedders, given.embedders) : current.embedders,
    searchCutoffMs: given.searchCutoffMs === undefined ? current.searchCutoffMs : given.searchCutoffMs,
    prefixSearch: given.prefixSearch ?? current.prefixSearch,
    facetSearch: given.facetSearch ?? current.facetSearch,
  };
}

type Embedders = Readonly<Record<string, Embedder | null>>;

/** Those that are there stay, but for what `given` names; a null takes one away. No key is kept, as none is used. */
function mergeEmbedders(current: Embedders, given: Embedders): Embedders {
  const entries = Object.entries({ ...current, ...given }).filter(([, embedder]) => embedder !== null);
  return Object.fromEntries(
    entries.map(([name, embedder]) => [name, embedder?.apiKey ? { ...embedder, apiKey: HIDDEN_KEY } : embedder]),
  );
}

const HIDDEN_KEY = 'XXX...';

/** Words where typos are switched off are kept in the form in which they are compared. */
const normalizedText = (text: string): string =>
  new Tokenizer()
    .tokenize(text)
    .map(({ lemma }) => lemma)
    .join('');

const unique = (names: readonly string[] | undefined): readonly string[] | undefined =>
  names === undefined ? undefined : [...new Set(names)];

const sorted = (names: readonly string[] | undefined): readonly string[] | undefined =>
  names === undefined ? undefined : [...new Set(names)].sort();

/** A list that names `*` anywhere means every field, and is kept as `['*']`. */
const starOr = (names: readonly string[] | undefined): readonly string[] | undefined =>
  names?.includes('*') ? ['*'] : unique(names);

/** Whether the stored words of an index must be made again when its settings change so. */
export function changesText(before: CompleteSettings, after: CompleteSettings): boolean {
  return (
    !same([...before.searchableAttributes].sort(), [...after.searchableAttributes].sort()) ||
    !same(before.stopWords, after.stopWords)
  );
}

/** Whether other words than before are found by their exact form only. */
export function changesExactWords(before: CompleteSettings, after: CompleteSettings): boolean {
  return (
    before.typoTolerance.disableOnNumbers !== after.typoTolerance.disableOnNumbers ||
    !same(before.typoTolerance.disableOnAttributes, after.typoTolerance.disableOnAttributes)
  );
}

/** Whether the values kept for filters, sorts and facets must be read again. */
export function changesFacets(before: CompleteSettings, after: CompleteSettings): boolean {
  return !same([...facetedPatterns(before)].sort(), [...facetedPatterns(after)].sort());
}

/** The patterns of all fields whose values are kept in columns. */
export function facetedPatterns(settings: CompleteSettings): ReadonlySet<string> {
  const patterns = new Set([...filterableNames(settings), ...settings.sortableAttributes]);
  if (settings.distinctAttribute !== null) patterns.add(settings.distinctAttribute);
  for (const rule of settings.rankingRules) {
    const field = fieldOfRule(rule);
    if (field !== null) patterns.add(field.field);
  }
  return patterns;
}

/** The names of the fields that filters and facets may name. */
export const filterableNames = (settings: Pick<IndexSettings, 'filterableAttributes'>): readonly string[] =>
  (settings.filterableAttributes ?? []).flatMap(namesOfFilterable);

/** The names of the fields that filters may compare by order. */
export const comparableNames = (settings: CompleteSettings): readonly string[] =>
  settings.filterableAttributes
    .filter((attribute) => typeof attribute === 'string' || attribute.features?.filter?.comparison === true)
    .flatMap(namesOfFilterable);

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);
