import assert from 'node:assert/strict';
import type { IndexSettings } from '../../../metadata/index-settings.js';
import { type Bench, document } from '../bench.js';
import { assertEqualJson } from '../json-equality.js';
import { completeQuery } from '../search-case.js';
import { behavioursOf } from './behaviour.js';
import { isRefused } from './refusal.js';

/** The reference engine's, 1.50. */
const DEFAULTS: Required<IndexSettings> = {
  searchableAttributes: ['*'],
  filterableAttributes: [],
  sortableAttributes: [],
  displayedAttributes: ['*'],
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
  faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { '*': 'alpha' } },
  pagination: { maxTotalHits: 1000 },
  proximityPrecision: 'byWord',
  dictionary: [],
  separatorTokens: [],
  nonSeparatorTokens: [],
  localizedAttributes: null,
  embedders: {},
  searchCutoffMs: null,
  prefixSearch: 'indexingTime',
  facetSearch: true,
};

const EVERY_MEMBER: Required<IndexSettings> = {
  searchableAttributes: ['title', 'director.name'],
  filterableAttributes: [
    'year',
    { attributePatterns: ['genres'], features: { facetSearch: false, filter: { equality: true, comparison: false } } },
  ],
  sortableAttributes: ['title', 'year'],
  displayedAttributes: ['*'],
  rankingRules: ['words', 'typo', 'sort', 'year:desc', 'exactness'],
  stopWords: ['a', 'the'],
  synonyms: { film: ['movie'], movie: ['film', 'picture'] },
  distinctAttribute: 'year',
  typoTolerance: {
    enabled: false,
    minWordSizeForTypos: { oneTypo: 4, twoTypos: 8 },
    disableOnWords: ['dune'],
    disableOnAttributes: ['title'],
    disableOnNumbers: true,
  },
  faceting: { maxValuesPerFacet: 7, sortFacetValuesBy: { '*': 'count', genres: 'alpha' } },
  pagination: { maxTotalHits: 70 },
  proximityPrecision: 'byAttribute',
  dictionary: ['J. R. R.', 'W. E.'],
  separatorTokens: ['&sep', '|'],
  nonSeparatorTokens: ['#', '@'],
  localizedAttributes: [{ attributePatterns: ['title_*'], locales: ['eng', 'jpn'] }],
  embedders: { given: { source: 'userProvided', dimensions: 3 } },
  searchCutoffMs: 150,
  prefixSearch: 'disabled',
  facetSearch: false,
};

const FILMS = [
  document('1', { title: 'The Shining', year: 1980, studio: 'Hawk' }),
  document('2', { title: 'Dune', year: 2021, studio: 'Legend' }),
  document('3', { title: 'Solaris', year: 1972, studio: 'Mosfilm' }),
];

export const settings = behavioursOf('settings', {
  'a new index has the defaults of the reference engine': async (bench) => {
    const index = await bench.index('settings_defaults');
    assertEqualJson(await bench.backend.indexes.settings(index), DEFAULTS);
  },
  'every member is read back as it was applied': async (bench) => {
    const index = await bench.index('settings_every', [], EVERY_MEMBER);
    assertEqualJson(await bench.backend.indexes.settings(index), EVERY_MEMBER);
  },
  'a member that is absent keeps what the index has': async (bench) => {
    const index = await bench.index('settings_kept', [], EVERY_MEMBER);
    await bench.succeeded(await bench.backend.indexes.apply(index, { stopWords: ['of'] }));
    assertEqualJson(await bench.backend.indexes.settings(index), { ...EVERY_MEMBER, stopWords: ['of'] });
  },
  'members inside a member are kept too': async (bench) => {
    const index = await bench.index('settings_inside', [], EVERY_MEMBER);
    const change: IndexSettings = { typoTolerance: { minWordSizeForTypos: { twoTypos: 10 } } };
    await bench.succeeded(await bench.backend.indexes.apply(index, change));
    const { typoTolerance } = await bench.backend.indexes.settings(index);
    assertEqualJson(typoTolerance, {
      ...EVERY_MEMBER.typoTolerance,
      minWordSizeForTypos: { oneTypo: 4, twoTypos: 10 },
    });
  },
  'what the reference engine says otherwise than it was told is said so': async (bench) => {
    const index = await bench.index('settings_said', [], {
      filterableAttributes: [
        { attributePatterns: ['year', 'genres'], features: { facetSearch: true, filter: { comparison: true } } },
        { attributePatterns: ['studio'] },
      ],
      searchableAttributes: ['title', '*'],
      sortableAttributes: ['year', 'title', 'year'],
      separatorTokens: ['|', '&sep', '|'],
      typoTolerance: { disableOnWords: ['Élan', 'New York'] },
      faceting: { sortFacetValuesBy: { genres: 'count' } },
    });
    const said = await bench.backend.indexes.settings(index);
    assertEqualJson(said, {
      ...DEFAULTS,
      filterableAttributes: [
        'year',
        'genres',
        {
          attributePatterns: ['studio'],
          features: { facetSearch: false, filter: { equality: true, comparison: false } },
        },
      ],
      sortableAttributes: ['title', 'year'],
      separatorTokens: ['&sep', '|'],
      typoTolerance: { ...DEFAULTS.typoTolerance, disableOnWords: ['elan', 'new york'] },
      faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { '*': 'alpha', genres: 'count' } },
    });
  },
  'an embedder is kept where another is added, and removed by null; its key is not shown': async (bench) => {
    const index = await bench.index('settings_embedders', [], {
      embedders: { given: { source: 'userProvided', dimensions: 3 } },
    });
    const apply = async (embedders: NonNullable<IndexSettings['embedders']>) => {
      await bench.succeeded(await bench.backend.indexes.apply(index, { embedders }));
      return (await bench.backend.indexes.settings(index)).embedders;
    };
    const remote = {
      source: 'rest',
      url: 'http://127.0.0.1:9/',
      dimensions: 3,
      apiKey: 'not to be read back',
      request: { input: '{{text}}' },
      response: { data: '{{embedding}}' },
    } as const;
    const both = await apply({ remote });
    assertEqualJson(Object.keys(both).sort(), ['given', 'remote']);
    assert.ok(!JSON.stringify(both).includes(remote.apiKey));
    assertEqualJson(Object.keys(await apply({ given: null })), ['remote']);
  },
  'a rule that allows no comparison allows filters and facets': async (bench) => {
    const rule = { attributePatterns: ['year'], features: { filter: { equality: true, comparison: false } } };
    const index = await bench.index('settings_features', FILMS, { filterableAttributes: [rule] });
    const equals = completeQuery({ filter: { kind: 'equals', field: 'year', value: 1980 }, facets: ['year'] });
    assertEqualJson(await keysOf(bench, index, equals), ['1']);
    assertEqualJson((await bench.backend.search(index, equals)).facets, { year: { 1980: 1 } });
    const compare = completeQuery({ filter: { kind: 'compare', field: 'year', operator: 'gt', value: 1990 } });
    await assert.rejects(bench.backend.search(index, compare), isRefused('BACKEND_REJECTED'));
  },
  'an empty list replaces a list': async (bench) => {
    const index = await bench.index('settings_emptied', [], EVERY_MEMBER);
    const none: IndexSettings = { stopWords: [], filterableAttributes: [], synonyms: {}, distinctAttribute: null };
    await bench.succeeded(await bench.backend.indexes.apply(index, none));
    assertEqualJson(await bench.backend.indexes.settings(index), { ...EVERY_MEMBER, ...none });
  },
  'settings of a missing index create it': async (bench) => {
    const index = bench.name('settings_create');
    await bench.succeeded(await bench.backend.indexes.apply(index, { stopWords: ['the'] }));
    assertEqualJson((await bench.backend.indexes.settings(index)).stopWords, ['the']);
  },
  'a field becomes filterable on an index that holds documents': async (bench) => {
    const index = await bench.index('settings_filter', FILMS);
    const query = completeQuery({ filter: { kind: 'equals', field: 'studio', value: 'hawk' } });
    await assert.rejects(bench.backend.search(index, query), isRefused('FIELD_NOT_DECLARED'));
    await bench.succeeded(await bench.backend.indexes.apply(index, { filterableAttributes: ['studio'] }));
    assertEqualJson(await keysOf(bench, index, query), ['1']);
  },
  'a field becomes sortable on an index that holds documents': async (bench) => {
    const index = await bench.index('settings_sort', FILMS);
    await bench.succeeded(await bench.backend.indexes.apply(index, { sortableAttributes: ['year'] }));
    const query = completeQuery({ sort: [{ field: 'year', direction: 'asc' }] });
    assertEqualJson(await keysOf(bench, index, query), ['3', '1', '2']);
  },
  'a field ceases to be searched on an index that holds documents': async (bench) => {
    const index = await bench.index('settings_search', FILMS);
    const query = completeQuery({ text: 'mosfilm' });
    assertEqualJson(await keysOf(bench, index, query), ['3']);
    await bench.succeeded(await bench.backend.indexes.apply(index, { searchableAttributes: ['title'] }));
    assertEqualJson(await keysOf(bench, index, query), []);
  },
  'typos are switched off on an index that holds documents': async (bench) => {
    const index = await bench.index('settings_typos', FILMS);
    const query = completeQuery({ text: 'solarsi' });
    assertEqualJson(await keysOf(bench, index, query), ['3']);
    await bench.succeeded(await bench.backend.indexes.apply(index, { typoTolerance: { enabled: false } }));
    assertEqualJson(await keysOf(bench, index, query), []);
  },
  'stop words and synonyms hold for documents written before': async (bench) => {
    const index = await bench.index('settings_words', FILMS);
    const applied = await bench.backend.indexes.apply(index, { stopWords: ['the'], synonyms: { desert: ['dune'] } });
    await bench.succeeded(applied);
    assertEqualJson(await keysOf(bench, index, completeQuery({ text: 'desert' })), ['2']);
    assertEqualJson(await keysOf(bench, index, completeQuery({ text: '"the shining"' })), ['1']);
    assertEqualJson(await keysOf(bench, index, completeQuery({ text: '"a shining"' })), []);
  },
  'documents written after a change obey it': async (bench) => {
    const index = await bench.index('settings_after', FILMS, { searchableAttributes: ['title'] });
    await bench.upsert(index, document('4', { title: 'Stalker', studio: 'Mosfilm' }));
    assertEqualJson(await keysOf(bench, index, completeQuery({ text: 'mosfilm' })), []);
    assertEqualJson(await keysOf(bench, index, completeQuery({ text: 'stalker' })), ['4']);
  },
  'settings that the engine cannot take fail, and change nothing': async (bench) => {
    const index = await bench.index('settings_refused', FILMS);
    const change: IndexSettings = { rankingRules: ['no such rule'], stopWords: ['the'] };
    const refused = await bench.backend.indexes.apply(index, change).then(
      async (ref) => (await bench.outcomes(ref))[0]!.status === 'failed',
      (failure: unknown) => isRefused('BACKEND_REJECTED')(failure),
    );
    assert.ok(refused);
    assertEqualJson(await bench.backend.indexes.settings(index), DEFAULTS);
  },
});

async function keysOf(bench: Bench, index: string, query: ReturnType<typeof completeQuery>): Promise<string[]> {
  return (await bench.backend.search(index, query)).hits.map((hit) => hit.key);
}
