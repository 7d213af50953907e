import type { IndexSettings, TypoTolerance } from '../metadata/index-settings.js';
import { isObject } from './search-request.js';

/** The engine's settings document, as far as the seam knows it. */
type SettingsDocument = Required<IndexSettings> & {
  readonly filterableAttributes: readonly (string | FilterableRule)[];
};

/** What someone may have set through the engine's own API in place of a name. */
interface FilterableRule {
  readonly attributePatterns: readonly string[];
  readonly features?: {
    readonly facetSearch?: boolean;
    readonly filter?: { readonly equality?: boolean; readonly comparison?: boolean };
  };
}

export const isSettingsDocument = (answer: unknown): answer is SettingsDocument =>
  isObject(answer) &&
  [answer.typoTolerance, answer.faceting, answer.pagination].every(isObject) &&
  Array.isArray(answer.filterableAttributes);

export function toIndexSettings(settings: SettingsDocument): Required<IndexSettings> {
  const { enabled, minWordSizeForTypos, disableOnWords, disableOnAttributes, disableOnNumbers } =
    settings.typoTolerance as Required<TypoTolerance>;
  return {
    searchableAttributes: settings.searchableAttributes,
    filterableAttributes: settings.filterableAttributes.flatMap(namesOf),
    sortableAttributes: settings.sortableAttributes,
    displayedAttributes: settings.displayedAttributes,
    rankingRules: settings.rankingRules,
    stopWords: settings.stopWords,
    synonyms: settings.synonyms,
    distinctAttribute: settings.distinctAttribute ?? null,
    typoTolerance: { enabled, minWordSizeForTypos, disableOnWords, disableOnAttributes, disableOnNumbers },
    faceting: { maxValuesPerFacet: settings.faceting.maxValuesPerFacet! },
    pagination: { maxTotalHits: settings.pagination.maxTotalHits! },
  };
}

/** A rule with everything on is its names. Any other stays one piece, and thereby a difference from every name. */
function namesOf(attribute: string | FilterableRule): readonly string[] {
  if (typeof attribute === 'string') return [attribute];
  const { facetSearch, filter } = attribute.features ?? {};
  const everything = facetSearch === true && filter?.equality !== false && filter?.comparison === true;
  return everything ? attribute.attributePatterns : [JSON.stringify(attribute)];
}
