import type { IndexSettings, TypoTolerance } from '../metadata/index-settings.js';
import { Tokenizer } from './tokenizer.js';

type CompleteTypoTolerance = {
  readonly [Member in keyof TypoTolerance]-?: Member extends 'minWordSizeForTypos'
    ? { readonly oneTypo: number; readonly twoTypos: number }
    : NonNullable<TypoTolerance[Member]>;
};

/** Settings with every member there, as an index keeps them. */
export interface CompleteSettings extends Required<IndexSettings> {
  readonly typoTolerance: CompleteTypoTolerance;
  readonly faceting: { readonly maxValuesPerFacet: number };
  readonly pagination: { readonly maxTotalHits: number };
}

export const DEFAULT_SETTINGS: CompleteSettings = Object.freeze({
  displayedAttributes: ['*'],
  searchableAttributes: ['*'],
  filterableAttributes: [],
  sortableAttributes: [],
  rankingRules: ['words', 'typo', 'proximity', 'attributeRank', 'sort', 'wordPosition', 'exactness'],
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
  faceting: { maxValuesPerFacet: 100 },
  pagination: { maxTotalHits: 1000 },
});

/** The settings after `given` was applied: members that are absent keep their value. */
export function mergeSettings(current: CompleteSettings, given: IndexSettings): CompleteSettings {
  const typos = given.typoTolerance;
  return {
    displayedAttributes: starOr(given.displayedAttributes) ?? current.displayedAttributes,
    searchableAttributes: starOr(given.searchableAttributes) ?? current.searchableAttributes,
    filterableAttributes: given.filterableAttributes ?? current.filterableAttributes,
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
    faceting: { maxValuesPerFacet: given.faceting?.maxValuesPerFacet ?? current.faceting.maxValuesPerFacet },
    pagination: { maxTotalHits: given.pagination?.maxTotalHits ?? current.pagination.maxTotalHits },
  };
}

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
  const patterns = new Set([...settings.filterableAttributes, ...settings.sortableAttributes]);
  if (settings.distinctAttribute !== null) patterns.add(settings.distinctAttribute);
  for (const rule of settings.rankingRules) {
    const field = fieldOfRule(rule);
    if (field !== null) patterns.add(field.field);
  }
  return patterns;
}

/** The field of a ranking rule such as `year:desc`; null for a rule that has none. */
export function fieldOfRule(rule: string): { readonly field: string; readonly descending: boolean } | null {
  const match = /^(.+):(asc|desc)$/.exec(rule);
  return match === null ? null : { field: match[1]!, descending: match[2] === 'desc' };
}

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);
