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
  faceting: { maxValuesPerFacet: 100 },
  pagination: { maxTotalHits: 1000 },
};

const EVERY_MEMBER: Required<IndexSettings> = {
  searchableAttributes: ['title', 'director.name'],
  filterableAttributes: ['year', 'genres'],
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
  faceting: { maxValuesPerFacet: 7 },
  pagination: { maxTotalHits: 70 },
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
