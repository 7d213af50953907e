import {
  describe as describeEntity,
  type EntityFacts,
  type ExtraSettings,
  Filterable,
  type IndexSettings,
  Scrypath,
  type ScrypathError,
  Searchable,
  type SearchService,
} from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { settingDifferences, targetSettings } from '../../src/settings/index-settings-plan';
import { type Opened, onEveryEngine, type Stack } from '../stacks/stack';

@Entity()
class Film {
  @PrimaryColumn() id!: number;
  @Column() title!: string;
  @Column() plot!: string;
  @Column() year!: number;
  @Column('bigint') views!: string;
}

const FIELDS: EntityFacts<Film>['fields'] = {
  title: { searchable: true },
  plot: { searchable: true },
  year: { filterable: true, sortable: true },
};
const SECRET = 'a key that no report may show';
const REMOTE = {
  source: 'rest',
  url: 'http://127.0.0.1:9/',
  dimensions: 3,
  apiKey: SECRET,
  headers: { 'x-token': SECRET },
  request: { input: '{{text}}' },
  response: { data: '{{embedding}}' },
} as const;
/** As an engine's own clients may have said them, and none says them back. */
const SAID_OTHERWISE: ExtraSettings = {
  stopWords: ['the', 'of', 'The', 'the'],
  dictionary: ['W. E.', 'J. R. R.'],
  separatorTokens: ['|', '&sep', '|'],
  nonSeparatorTokens: ['@', '#'],
  synonyms: [{ mutual: ['film', 'movie', 'picture'] }, { from: 'tv', to: ['television'] }],
  rankingRules: ['typo', 'words', 'proximity', 'attributeRank', 'sort', 'year:desc', 'wordPosition', 'exactness'],
  distinctAttribute: 'year',
  typoTolerance: { disableOnWords: ['Élan', 'New York', 'dune'], disableOnAttributes: ['title', 'plot'] },
  faceting: { sortFacetValuesBy: { year: 'count' } },
  proximityPrecision: 'byAttribute',
  localizedAttributes: [{ attributePatterns: ['title*'], locales: ['jpn', 'eng'] }],
  embedders: { remote: REMOTE },
  searchCutoffMs: 300,
  prefixSearch: 'disabled',
  facetSearch: false,
};

/** Instances that declare one index otherwise, on one engine. */
function filmsOf(opened: Opened) {
  const prefix = `settings${Math.random().toString(36).slice(2, 10)}`;
  const names = new Set<string>();
  const instance = (settings: ExtraSettings = {}, fields = FIELDS, index = 'films') => {
    const film = describeEntity(Film, { index, fields, settings });
    const { dataSource, backend } = opened;
    const scrypath = new Scrypath({
      dataSource,
      backend,
      prefix,
      entities: [film],
      sync: { mode: 'inline', timeoutMs: 60_000 },
    });
    names.add(scrypath.for(Film).indexName);
    return scrypath;
  };
  return {
    instance,
    films: (settings?: ExtraSettings, fields = FIELDS) => instance(settings, fields).for(Film),
    /** What somebody else does to the index. */
    elsewhere: async (settings: IndexSettings) => {
      const index = instance().for(Film).indexName;
      await opened.backend.outcomes([await opened.backend.indexes.apply(index, settings)], { waitMs: 60_000 });
    },
    /** The index as `start` makes it, with one document. */
    fresh: async (settings?: ExtraSettings) => {
      await drop(opened, names);
      const scrypath = instance(settings);
      await scrypath.start();
      const film = Object.assign(new Film(), { id: 1, title: 'Dune', plot: 'Sand.', year: 2021, views: '7' });
      await scrypath.for(Film).syncRecord(film);
    },
    drop: () => drop(opened, names),
  };
}

/** A fresh index before each test. */
function prepared(stack: Stack) {
  // Before the stack's own, which closes the engine.
  afterAll(() => index.drop());
  const opened = stack.use([Film]);
  const index = filmsOf(opened);
  beforeEach(() => index.fresh());
  return { opened, index };
}

async function drop({ backend }: Opened, names: ReadonlySet<string>): Promise<void> {
  await backend.outcomes(await Promise.all([...names].map((name) => backend.indexes.drop(name))), { waitMs: 60_000 });
}

const summary = async (films: SearchService<Film>, options = {}) => {
  const { cost, changes } = await films.settingsPlan(options);
  return { cost, changes: changes.map(({ setting, fate, cost: of }) => `${setting} ${fate}: ${of}`).sort() };
};

onEveryEngine('settingsPlan()', (stack) => {
  const { opened, index } = prepared(stack);

  it('finds nothing on an index that start() made, whatever is declared', async () => {
    expect(await index.films().settingsPlan()).toEqual({
      entity: 'Film',
      index: index.films().indexName,
      cost: 'nothing',
      changes: [],
    });
    const scrypath = index.instance(SAID_OTHERWISE, FIELDS, 'said_otherwise');
    await scrypath.start();
    expect((await scrypath.for(Film).settingsPlan()).changes).toEqual([]);
    expect((await scrypath.start()).indexes[0]!.differences).toEqual([]);
  });

  it('says of each difference what is declared, what is there, and what it costs; frozen', async () => {
    const plan = await index.films({ stopWords: ['the'], typoTolerance: { enabled: false } }).settingsPlan();
    expect(plan).toMatchObject({
      cost: 'reindex in place',
      changes: [
        {
          setting: 'stopWords',
          origin: 'declared',
          declared: ['the'],
          live: [],
          fate: 'replaced',
          cost: 'reindex in place',
          because: expect.stringContaining('words of every document'),
        },
        { setting: 'typoTolerance.enabled', declared: false, live: true, fate: 'replaced', cost: 'free' },
      ],
    });
    for (const part of [plan, plan.changes, plan.changes[0]]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('keeps what was made elsewhere, unless it is to be dropped', async () => {
    await index.elsewhere({
      displayedAttributes: ['_key', 'title'],
      synonyms: { film: ['movie'] },
      stopWords: ['of'],
      pagination: { maxTotalHits: 50 },
      typoTolerance: { disableOnWords: ['dune'] },
    });
    const films = index.films({ pagination: { maxTotalHits: 70 }, typoTolerance: { enabled: true } });
    expect(await summary(films)).toEqual({
      cost: 'free',
      changes: [
        'displayedAttributes kept: nothing',
        'pagination.maxTotalHits replaced: free',
        'stopWords kept: nothing',
        'synonyms kept: nothing',
        'typoTolerance.disableOnWords kept: nothing',
      ],
    });
    expect(await summary(films, { dropForeign: true })).toEqual({
      cost: 'reindex in place',
      changes: [
        'displayedAttributes dropped: free',
        'pagination.maxTotalHits replaced: free',
        'stopWords dropped: reindex in place',
        'synonyms dropped: free',
        'typoTolerance.disableOnWords dropped: free',
      ],
    });
  });

  it('needs a new index for fields that documents may lack, and not for other uses of those that they have', async () => {
    expect(await summary(index.films({}, { ...FIELDS, views: { sortable: true } }))).toEqual({
      cost: 'new index',
      changes: ['sortableAttributes replaced: new index'],
    });
    expect(await summary(index.films({}, { ...FIELDS, title: { searchable: true, filterable: true } }))).toEqual({
      cost: 'reindex in place',
      changes: ['filterableAttributes replaced: reindex in place'],
    });
    expect(
      await summary(index.films({}, { plot: { searchable: true }, title: { searchable: true }, year: FIELDS.year! })),
    ).toEqual({
      cost: 'free',
      changes: ['searchableAttributes replaced: free'],
    });
    expect(await summary(index.films({}, { title: { searchable: true }, year: FIELDS.year! }))).toEqual({
      cost: 'reindex in place',
      changes: ['searchableAttributes replaced: reindex in place'],
    });
    expect(await summary(index.films({ distinctAttribute: 'year' }))).toEqual({
      cost: 'free',
      changes: ['distinctAttribute replaced: free'],
    });
  });

  it('needs a new index where documents must bring their vectors', async () => {
    const embedders = { given: { source: 'userProvided', dimensions: 3 } } as const;
    expect(await summary(index.films({ embedders }))).toEqual({
      cost: 'new index',
      changes: ['embedders.given replaced: new index'],
    });
  });

  it('is free on an index without documents', async () => {
    const scrypath = index.instance({}, FIELDS, 'empty');
    await scrypath.start();
    const other = index.instance({ stopWords: ['the'] }, { ...FIELDS, views: { filterable: true } }, 'empty');
    expect((await other.for(Film).settingsPlan()).cost).toBe('free');
  });

  it('shows no key of an embedder, and says where one cannot be carried over', async () => {
    await drop(opened, new Set([index.films().indexName]));
    await index.instance().start();
    await index.elsewhere({ embedders: { remote: REMOTE } });
    const plan = await index.films().settingsPlan();
    expect(plan.changes).toMatchObject([
      { setting: 'embedders.remote', origin: 'made elsewhere', fate: 'unreadable', cost: 'nothing' },
    ]);
    const other = await index
      .films({ embedders: { remote: { ...REMOTE, apiKey: `${SECRET}!`, dimensions: 4 } } })
      .settingsPlan();
    expect(other.changes).toMatchObject([{ setting: 'embedders.remote', fate: 'replaced' }]);
    expect(JSON.stringify([plan, other])).not.toContain(SECRET);
  });

  it('says that the index is missing', async () => {
    const scrypath = index.instance({}, FIELDS, 'missing');
    await expect(scrypath.for(Film).settingsPlan()).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
  });

  it.each<[object, RegExp]>([
    [{ keepForeign: true }, /keepForeign is no option; known: dropForeign/],
    [{ dropForeign: 'yes' }, /dropForeign is a string; it takes true or false/],
  ])('refuses %j', async (options, expected) => {
    const refused = index.films().settingsPlan(options);
    await expect(refused).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      problems: [expect.stringMatching(expected)],
    });
  });
});

onEveryEngine('a field that is filterable without comparison', (stack) => {
  @Entity()
  @Searchable({ index: 'goods' })
  class Good {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
    @Filterable({ facet: true, comparison: false }) @Column() colour!: string;
    @Filterable({ comparison: false }) @Column('bigint') code!: string;
    @Filterable({ comparison: false }) @Column('simple-json') sizes!: { width: number };
    @Filterable() @Column() price!: number;
  }
  const opened = stack.use([Good]);

  it('keeps less in the index, and is filtered and counted by equal values only', async () => {
    const goods = opened.for(Good);
    const good = { id: 1, name: 'Kettle', colour: 'red', code: '9007199254740993', sizes: { width: 3 }, price: 5 };
    await goods.syncRecord(Object.assign(new Good(), good));
    const features = (facetSearch: boolean) => ({ facetSearch, filter: { equality: true, comparison: false } });
    expect((await opened.backend.indexes.settings(goods.indexName)).filterableAttributes).toEqual([
      'price',
      { attributePatterns: ['colour'], features: features(true) },
      { attributePatterns: ['_order.code', 'code', 'sizes', 'sizes.*'], features: features(false) },
    ]);
    expect((await goods.settingsPlan()).changes).toEqual([]);
    const filter = { colour: 'red', code: '9007199254740993', price: { gt: 4 } };
    const { hits, facets } = await goods.search('', { filter, facets: ['colour'] });
    expect(hits).toHaveLength(1);
    expect(facets.colour).toEqual({ red: 1 });
    const ranged = goods.search('', { filter: { colour: { gte: 'a' } } });
    await expect(ranged).rejects.toMatchObject({
      code: 'FIELD_NOT_DECLARED',
      message: expect.stringMatching(/filtered by ranges of "colour".*Declared: price\./),
    });
  });
});

onEveryEngine('applySettings()', (stack) => {
  const { opened, index } = prepared(stack);
  const live = () => opened.backend.indexes.settings(index.films().indexName);

  it('applies what is free, at once for searches, and keeps what was made elsewhere', async () => {
    await index.elsewhere({ pagination: { maxTotalHits: 50 } });
    const films = index.films({ synonyms: [{ from: 'desert', to: ['dune'] }], searchCutoffMs: 900 });
    expect((await films.search('desert')).hits).toHaveLength(0);
    const { applied, task, plan } = await films.applySettings();
    expect([...applied].sort()).toEqual(['searchCutoffMs', 'synonyms']);
    expect(task).toMatchObject({ index: films.indexName });
    expect(plan).toMatchObject({ cost: 'nothing', changes: [{ setting: 'pagination.maxTotalHits', fate: 'kept' }] });
    expect((await films.search('desert')).hits).toHaveLength(1);
    expect((await live()).pagination).toEqual({ maxTotalHits: 50 });
  });

  it('sends nothing where nothing differs', async () => {
    const { applied, task } = await index.films().applySettings();
    expect({ applied, task }).toEqual({ applied: [], task: null });
  });

  it('refuses all of it where a part would go through all documents, or needs a new index', async () => {
    const fields = { ...FIELDS, views: { sortable: true } };
    const films = index.films({ stopWords: ['the'], synonyms: { a: ['b'] } }, fields);
    const before = await live();
    const error = (await films.applySettings().catch((reason: unknown) => reason)) as ScrypathError;
    expect(error).toMatchObject({ code: 'SETTINGS_REFUSED', entity: 'Film', index: films.indexName });
    expect(error.message).toContain("only: ['synonyms']");
    expect([...error.problems].sort()).toEqual([
      expect.stringMatching(
        /^sortableAttributes: new index, since documents may lack "_order\.views"; rebuild .* reindex\(\)$/,
      ),
      expect.stringMatching(
        /^stopWords: reindex in place, since .*; name it in reindexInPlace: \['stopWords'\], or .* reindex\(\)$/,
      ),
    ]);
    const named = films.applySettings({ reindexInPlace: ['stopWords', 'sortableAttributes'] });
    await expect(named).rejects.toMatchObject({ problems: [expect.stringMatching(/^sortableAttributes/)] });
    expect(await live()).toEqual(before);
    expect((await films.applySettings({ only: ['synonyms'] })).applied).toEqual(['synonyms']);
    expect(await live()).toEqual({ ...before, synonyms: { a: ['b'] } });
  });

  it('goes through all documents for the settings, or families, that are named', async () => {
    const films = index.films({ stopWords: ['dune'], typoTolerance: { disableOnNumbers: true, enabled: false } });
    expect((await films.search('"dune sand"')).hits).toHaveLength(0);
    const { applied, plan } = await films.applySettings({ reindexInPlace: ['stopWords', 'typoTolerance'] });
    expect([...applied].sort()).toEqual(['stopWords', 'typoTolerance.disableOnNumbers', 'typoTolerance.enabled']);
    expect(plan.cost).toBe('nothing');
    const { stopWords, typoTolerance } = await live();
    expect({ stopWords, typoTolerance }).toMatchObject({
      stopWords: ['dune'],
      typoTolerance: { enabled: false, disableOnNumbers: true, disableOnWords: [] },
    });
  });

  it('drops what was made elsewhere where it is told to', async () => {
    const before = await live();
    await index.elsewhere({
      displayedAttributes: ['_key', 'title'],
      searchCutoffMs: 70,
      typoTolerance: { minWordSizeForTypos: { oneTypo: 3 } },
      localizedAttributes: [{ attributePatterns: ['title'], locales: ['eng'] }],
    });
    const { plan } = await index.films().applySettings({ dropForeign: true, reindexInPlace: ['localizedAttributes'] });
    expect(plan.changes).toEqual([]);
    expect(await live()).toEqual(before);
  });

  it('refuses options that do not hold', async () => {
    const films = index.films({ stopWords: ['the'] });
    await expect(films.applySettings({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(films.applySettings({ only: ['stopWord'] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(films.applySettings({ reindexInPlace: 'stopWords' as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});

onEveryEngine('the settings of a rebuild’s target', (stack) => {
  const { opened, index } = prepared(stack);
  const live = () => opened.backend.indexes.settings(index.films().indexName);

  it('are the declared ones and those made elsewhere, and read back as they were given', async () => {
    await index.elsewhere({
      stopWords: ['of'],
      typoTolerance: { disableOnWords: ['Élan'], minWordSizeForTypos: { oneTypo: 4 } },
      faceting: { sortFacetValuesBy: { year: 'count' } },
    });
    const declared = index.films({ typoTolerance: { enabled: false }, pagination: { maxTotalHits: 9 } }).metadata
      .settings;
    const target = targetSettings(declared, await live());
    expect(target).toEqual({
      ...declared,
      stopWords: ['of'],
      typoTolerance: { enabled: false, disableOnWords: ['elan'], minWordSizeForTypos: { oneTypo: 4 } },
      faceting: { sortFacetValuesBy: { '*': 'alpha', year: 'count' } },
    });
    const scrypath = index.instance({}, FIELDS, 'target');
    await scrypath.start();
    const name = scrypath.for(Film).indexName;
    expect(settingDifferences(target, await opened.backend.indexes.settings(name))).not.toEqual([]);
    await opened.backend.outcomes([await opened.backend.indexes.apply(name, target)], { waitMs: 60_000 });
    expect(settingDifferences(target, await opened.backend.indexes.settings(name))).toEqual([]);
    expect(targetSettings(declared, await live(), { dropForeign: true })).toEqual(declared);
    expect(targetSettings(declared, null)).toEqual(declared);
  });

  it('cannot have a key that the engine does not show', async () => {
    await drop(opened, new Set([index.films().indexName]));
    await index.instance().start();
    await index.elsewhere({ embedders: { remote: REMOTE } });
    const settings = await live();
    const { metadata } = index.films();
    const carry = (options = {}) => targetSettings(metadata.settings, settings, options);
    expect(() => carry()).toThrow(
      expect.objectContaining({ code: 'SETTINGS_UNREADABLE', problems: ['embedders.remote'] }),
    );
    expect(carry({ dropForeign: true }).embedders).toBeUndefined();
    const declaring = index.films({ embedders: { remote: REMOTE } }).metadata.settings;
    expect(targetSettings(declaring, settings).embedders).toEqual({ remote: REMOTE });
  });
});

it('a setting that is declared as undefined is not declared', () => {
  const declared = { stopWords: undefined, typoTolerance: { enabled: undefined } } as unknown as IndexSettings;
  expect(settingDifferences(declared, { stopWords: ['the'], typoTolerance: { enabled: true } })).toEqual([]);
});

describe('settings of an engine that this package does not know', () => {
  const declared: IndexSettings = { stopWords: ['the'] };

  it('are kept where they hold anything', () => {
    const live = {
      chat: { description: 'Films.' },
      foreignKeys: [],
      future: null,
    } as unknown as Required<IndexSettings>;
    expect(targetSettings(declared, live)).toEqual({ chat: { description: 'Films.' }, stopWords: ['the'] });
  });
});
