import { Expose } from 'class-transformer';
import {
  type ExtraSettings,
  Filterable,
  type IndexSettings,
  Scrypath,
  ScrypathError,
  Searchable,
  SearchDocument,
  Sortable,
} from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { openDatabase } from '../stacks/stack';

/** The settings of an index that declares these beside its fields; throws where the declaration does not hold. */
async function declared(settings: ExtraSettings, hooked = false): Promise<IndexSettings> {
  abstract class Fields {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() title!: string;
    @Filterable({ facet: true }) @Column() genre!: string;
    @Filterable() @Sortable() @Column('bigint') views!: string;
    @Searchable() @Column('bigint') isan!: string;
    @Expose({ name: 'published_in' }) @Filterable() @Sortable() @Column() year!: number;
  }
  @Entity('film')
  @Searchable({ settings })
  class Film extends Fields {}
  @Entity('film')
  @Searchable({ settings })
  class Hooked extends Fields {
    @SearchDocument()
    toDocument() {
      return {};
    }
  }
  const entity = hooked ? Hooked : Film;
  const { dataSource, drop } = await openDatabase('sqlite', [entity]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  try {
    return scrypath.for<Fields>(entity).metadata.settings;
  } finally {
    await scrypath.close();
    await drop();
  }
}

const ALL = ['words', 'typo', 'proximity', 'attributeRank', 'sort', 'wordPosition', 'exactness'];

async function problemsOf(settings: object, hooked = false): Promise<readonly string[]> {
  try {
    await declared(settings, hooked);
    return [];
  } catch (error) {
    if (!ScrypathError.is(error, 'DECLARATION_INVALID')) throw error;
    return error.problems;
  }
}

describe('synonyms', () => {
  it('that are mutual find each other; from one word to others, they find one way', async () => {
    const { synonyms } = await declared({
      synonyms: [
        { mutual: ['film', 'movie', 'picture'] },
        { from: 'tv', to: ['television'] },
        { from: 'film', to: ['dvd'] },
      ],
    });
    expect(synonyms).toEqual({
      film: ['movie', 'picture', 'dvd'],
      movie: ['film', 'picture'],
      picture: ['film', 'movie'],
      tv: ['television'],
    });
  });

  it('in the engine’s own form are kept', async () => {
    expect((await declared({ synonyms: { mutual: ['shared'] } })).synonyms).toEqual({ mutual: ['shared'] });
  });

  it.each<[string, unknown[], RegExp]>([
    ['one word', [{ mutual: ['film', 'film'] }], /synonyms\[0\]\.mutual needs two different words/],
    ['an empty word', [{ mutual: ['film', ' '] }], /synonyms\[0\]\.mutual has an empty word/],
    ['a word that finds itself', [{ from: 'tv', to: ['tv'] }], /synonyms\[0\]: "tv" finds itself anyway/],
    ['nothing to find', [{ mutual: ['a', 'b'] }, { from: 'tv', to: [] }], /synonyms\[1\]\.to is empty/],
    ['half a rule', [{ from: 'tv' }], /synonyms\[0\] has from; it takes \{ mutual \} or \{ from, to \}/],
    ['another member', [{ mutual: ['a', 'b'], to: ['c'] }], /synonyms\[0\]\.to is no option/],
    ['no list of words', [{ from: 'tv', to: 'television' }], /synonyms\[0\]\.to is a string; it takes a list of texts/],
    ['lists in a list', [['a', 'b']], /settings\.synonyms is an array; it takes .*\{ mutual \}/],
  ])('of %s are refused', async (_name, synonyms, expected) => {
    expect(await problemsOf({ synonyms })).toEqual([expect.stringMatching(expected)]);
  });
});

describe('ranking rules', () => {
  it('take rules of fields anywhere, by path', async () => {
    const { rankingRules } = await declared({ rankingRules: [...ALL, 'year:desc', 'views:asc'] });
    expect(rankingRules).toEqual([...ALL, 'published_in:desc', '_order.views:asc']);
  });

  it('take the older rule that is two of the newer', async () => {
    const older = ['words', 'typo', 'proximity', 'attribute', 'sort', 'exactness'];
    expect((await declared({ rankingRules: older })).rankingRules).toEqual(older);
  });

  it('without a default rule must say so', async () => {
    expect(await problemsOf({ rankingRules: ['words', 'sort', 'exactness'] })).toEqual([
      expect.stringMatching(
        /leaves out "typo", "proximity", "attributeRank", "wordPosition"; .*\{ only: \[\.\.\.\] \}/,
      ),
    ]);
    expect((await declared({ rankingRules: { only: ['words', 'sort'] } })).rankingRules).toEqual(['words', 'sort']);
  });

  it.each<[string, unknown, RegExp]>([
    ['one that is none', [...ALL, 'wordz'], /rankingRules has "wordz", which is no rule; known: words/],
    ['one twice', [...ALL, 'typo'], /rankingRules has "typo" twice/],
    ['an unknown member beside only', { only: ALL, but: [] }, /rankingRules\.but is no option; known: only/],
    ['a field that is not declared', [...ALL, 'yaer:desc'], /rankingRules names "yaer", which no document has/],
    ['a number without an order', [...ALL, 'isan:desc'], /"isan", whose documents have no order; declare it @Sortable/],
    ['no sort, with sortable fields', { only: ['words'] }, /rankingRules lacks "sort"/],
    ['neither', { only: 'words' }, /rankingRules is an object; it takes a list of texts or \{ only/],
  ])('that have %s are refused', async (_name, rankingRules, expected) => {
    expect(await problemsOf({ rankingRules })).toEqual([expect.stringMatching(expected)]);
  });
});

describe('settings that name fields', () => {
  it('name them by path, and the index by their place in the document', async () => {
    const settings = await declared({
      distinctAttribute: 'year',
      typoTolerance: { enabled: true, disableOnAttributes: ['year'] },
      faceting: { sortFacetValuesBy: { '*': 'count', year: 'alpha' } },
    });
    expect(settings).toMatchObject({
      distinctAttribute: 'published_in',
      typoTolerance: { enabled: true, disableOnAttributes: ['published_in'] },
      faceting: { sortFacetValuesBy: { '*': 'count', published_in: 'alpha' } },
    });
  });

  it('name declared ones only, unless a hook makes the documents', async () => {
    const settings = {
      distinctAttribute: 'decade',
      typoTolerance: { disableOnAttributes: ['code'] },
      faceting: { sortFacetValuesBy: { decade: 'count' } },
      rankingRules: [...ALL, 'decade:asc'],
    } as const;
    expect(await problemsOf(settings)).toEqual([
      expect.stringMatching(/^Film: settings\.rankingRules names "decade"/),
      expect.stringMatching(/^Film: settings\.distinctAttribute names "decade".*known: title, genre/),
      expect.stringMatching(/^Film: settings\.typoTolerance\.disableOnAttributes names "code"/),
      expect.stringMatching(/^Film: settings\.faceting\.sortFacetValuesBy names "decade"/),
    ]);
    expect(await problemsOf(settings, true)).toEqual([]);
  });
});

it.each<[string, object, RegExp]>([
  ['a precision', { proximityPrecision: 'byLetter' }, /proximityPrecision is a string; it takes one of byWord/],
  ['a search of prefixes', { prefixSearch: true }, /prefixSearch is a boolean; it takes one of indexingTime/],
  ['a cutoff', { searchCutoffMs: 0 }, /searchCutoffMs is a number; it takes a whole number from 1 or null/],
  ['most hits', { pagination: { maxTotalHits: 0 } }, /maxTotalHits is a number; it takes a whole number from 1/],
  ['sizes', { typoTolerance: { minWordSizeForTypos: { oneTypo: 9, twoTypos: 5 } } }, /oneTypo 9 above twoTypos 5/],
  ['an order of facets', { faceting: { sortFacetValuesBy: { genre: 'size' } } }, /object of "alpha" and "count"/],
  [
    'a language of two letters',
    { localizedAttributes: [{ attributePatterns: ['title'], locales: ['en'] }] },
    /localizedAttributes\[0\]\.locales has "en"; it takes ISO 639-3/,
  ],
  [
    'a language without fields',
    { localizedAttributes: [{ locales: ['eng'] }] },
    /\[0\]\.attributePatterns is undefined/,
  ],
  ['a source of vectors', { embedders: { one: { source: 'magic' } } }, /embedders\.one\.source is a string; .* openAi/],
  ['a dictionary', { dictionary: 'J. R. R.' }, /dictionary is a string; it takes a list of texts/],
])('%s that cannot be is refused', async (_name, settings, expected) => {
  expect(await problemsOf(settings)).toEqual([expect.stringMatching(expected)]);
});

it('what is declared in full is what the index is told', async () => {
  const settings = {
    stopWords: ['the'],
    dictionary: ['J. R. R.'],
    separatorTokens: ['|'],
    nonSeparatorTokens: ['@'],
    proximityPrecision: 'byAttribute',
    localizedAttributes: [{ attributePatterns: ['title*'], locales: ['jpn'] }],
    embedders: { given: { source: 'userProvided', dimensions: 3 } },
    searchCutoffMs: 200,
    prefixSearch: 'disabled',
    facetSearch: false,
  } as const;
  expect(await declared(settings)).toEqual({
    ...settings,
    searchableAttributes: ['title', 'isan'],
    filterableAttributes: ['_order.views', 'genre', 'published_in', 'views'],
    sortableAttributes: ['_order.views', 'published_in'],
  });
});
