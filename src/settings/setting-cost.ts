import {
  type FilterableAttribute,
  fieldOfRule,
  type IndexSettings,
  namesOfFilterable,
} from '../metadata/index-settings.js';
import { sameSet, sameSetting } from './same-setting.js';
import type { SettingName } from './setting-values.js';

/**
 * What a change takes on an index that holds documents:
 * - `free`: nothing that the index holds of a document changes.
 * - `reindex in place`: the engine makes words, values or vectors of all documents anew. Searches have the old setting until
 *   it is done, and other tasks of the engine wait that long.
 * - `new index`: the documents must be made and sent anew: a rebuild.
 */
export const COSTS = ['free', 'reindex in place', 'new index'] as const;
export type Cost = (typeof COSTS)[number];

/** What the change of one setting costs, and why. */
export interface Change {
  readonly cost: Cost;
  readonly because: string;
}

const free: Change = { cost: 'free', because: 'it is looked at when a search comes' };
const words: Change = { cost: 'reindex in place', because: 'the words of every document are taken apart again' };
const facets: Change = { cost: 'reindex in place', because: 'the values of filters, sorts and facets are read again' };
const noValues: Change = { cost: 'free', because: 'the values are there already' };

/**
 * By the reference engine's own rules, and measured with 1.50 on 30,000 documents of 45 words: a task that changes nothing
 * took 0.7 s there (it looks at each document all the same, some 20 µs each), and so did each one that is free. Seconds of
 * the others stand behind them.
 */
const CHANGES: Readonly<Partial<Record<SettingName, Change>>> = {
  displayedAttributes: free,
  synonyms: free,
  'typoTolerance.enabled': free,
  'typoTolerance.minWordSizeForTypos.oneTypo': free,
  'typoTolerance.minWordSizeForTypos.twoTypos': free,
  'typoTolerance.disableOnWords': free,
  'typoTolerance.disableOnAttributes': words, // 2.9
  'typoTolerance.disableOnNumbers': words, // 0.9: it took apart what has numbers only
  'faceting.maxValuesPerFacet': free,
  'faceting.sortFacetValuesBy': free,
  'pagination.maxTotalHits': free,
  searchCutoffMs: free,
  stopWords: words, // 8.8
  dictionary: words, // 8.8
  separatorTokens: words, // 11.2
  nonSeparatorTokens: words, // 10.6
  localizedAttributes: words, // 9.6
  proximityPrecision: words, // 0.6 to byAttribute, 5.4 back to byWord
  prefixSearch: words, // 0.7: it makes the beginnings of words anew, of which there were few
  facetSearch: facets, // 0.7
  // searchableAttributes: 5.7 with one more, 7.8 with one less, 0.7 in another order
  // filterableAttributes, sortableAttributes, distinctAttribute, rankingRules with a field: 0.8 with one more
};

/** What it costs to change one setting, where an index goes from `live` to `target` as a whole. */
export function changeOf(setting: SettingName, live: IndexSettings, target: IndexSettings): Change {
  switch (setting) {
    case 'searchableAttributes':
    case 'filterableAttributes':
    case 'sortableAttributes':
    case 'distinctAttribute':
    case 'rankingRules': {
      const lacking = namesIn(setting, target).filter((name) => !isInDocuments(name, live));
      if (lacking.length > 0) return { cost: 'new index', because: `documents may lack ${quoted(lacking)}` };
      if (setting === 'searchableAttributes')
        return sameSet(target.searchableAttributes, live.searchableAttributes) ? free : words;
      return sameFacets(live, target) ? noValues : facets;
    }
    default:
      if (setting.startsWith('embedders.')) return embedderChange(setting, target);
      // Of a setting that this package does not know the dearer is said that can be applied.
      return CHANGES[setting] ?? words;
  }
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/** The fields that a setting names. */
function namesIn(setting: SettingName, settings: IndexSettings): readonly string[] {
  const { searchableAttributes = [], filterableAttributes = [], sortableAttributes = [] } = settings;
  const { distinctAttribute = null, rankingRules = [] } = settings;
  switch (setting) {
    case 'searchableAttributes':
      return searchableAttributes.filter((name) => name !== '*');
    case 'filterableAttributes':
      return filterableAttributes.flatMap(namesOfFilterable);
    case 'sortableAttributes':
      return sortableAttributes;
    case 'distinctAttribute':
      return distinctAttribute === null ? [] : [distinctAttribute];
    default:
      return rankingRules.flatMap((rule) => fieldOfRule(rule)?.field ?? []);
  }
}

const FACET_SETTINGS = ['filterableAttributes', 'sortableAttributes', 'distinctAttribute', 'rankingRules'] as const;
const FIELD_SETTINGS = ['searchableAttributes', ...FACET_SETTINGS] as const;

/** Documents hold what is declared, so they have had a field that the index was told of, or one that it lies in. */
function isInDocuments(name: string, live: IndexSettings): boolean {
  return FIELD_SETTINGS.some((setting) =>
    namesIn(setting, live).some((known) => name === known || name.startsWith(`${known}.`)),
  );
}

/** Whether both keep the same values for filters, sorts and facets, whatever for. */
function sameFacets(live: IndexSettings, target: IndexSettings): boolean {
  const hasRules = [live, target].some(({ filterableAttributes = [] }) => filterableAttributes.some(isRule));
  if (hasRules) return FACET_SETTINGS.every((setting) => sameSetting(setting, target[setting], live[setting]));
  const kept = (settings: IndexSettings) => FACET_SETTINGS.flatMap((setting) => namesIn(setting, settings));
  return sameSet(kept(target), kept(live));
}

const isRule = (attribute: FilterableAttribute) => typeof attribute !== 'string';

function embedderChange(setting: SettingName, target: IndexSettings): Change {
  const embedder = target.embedders?.[setting.slice('embedders.'.length)] ?? null;
  if (embedder === null) return { cost: 'reindex in place', because: 'the vectors of every document are removed' };
  return embedder.source === 'userProvided'
    ? { cost: 'new index', because: 'documents must bring their vectors' }
    : { cost: 'reindex in place', because: 'a vector is made for every document, outside the engine for most sources' };
}
