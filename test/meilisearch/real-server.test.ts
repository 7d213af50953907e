import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type MeilisearchBackend, meilisearch } from 'scrypath/meilisearch';
import type { TaskOutcome, TaskRef } from '../../src/backend/task.js';
import type { JsonObject } from '../../src/document/json.js';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import type { FilterNode, FilterValue } from '../../src/query/search-query.js';
import { reachable } from '../stacks/reachable.js';
import { countingProxy } from './counting-proxy.js';
import { aQuery, equals } from './queries.js';

const engine = reachable().engines.meilisearch;
const server = engine.there && engine.at !== null ? engine.at : { url: '', apiKey: '' };
const onMeilisearch = engine.there ? describe : describe.skip;
const withKeys = server.apiKey === '' ? it.skip : it;
const withoutKeys = server.apiKey === '' ? ' (skipped: the server has no master key)' : '';

onMeilisearch(`a real server [meilisearch]${engine.there ? '' : ` (skipped: ${engine.reason})`}`, () => {
  const made: string[] = [];
  let backend: MeilisearchBackend;

  beforeAll(() => {
    backend = meilisearch({ host: server.url, apiKey: server.apiKey });
  });
  afterAll(async () => {
    const dropped = [];
    for (const index of made) dropped.push(await backend.indexes.drop(index));
    await backend.outcomes(dropped, { waitMs: 30_000 });
    await backend.close();
  });

  const ended = (tasks: readonly TaskRef[]): Promise<readonly TaskOutcome[]> =>
    backend.outcomes(tasks, { waitMs: 30_000 });

  async function succeeded(...tasks: TaskRef[]): Promise<void> {
    for (const { status, error } of await ended(tasks))
      expect({ status, error }).toEqual({ status: 'succeeded', error: null });
  }

  function aName(): string {
    const index = `test-${randomUUID()}`;
    made.push(index);
    return index;
  }

  /** An index of its own for one test. */
  async function anIndex(filterable: readonly string[] = ['v']): Promise<string> {
    const index = aName();
    const created = await backend.indexes.create(index);
    const applied = await backend.indexes.apply(index, {
      filterableAttributes: filterable,
      sortableAttributes: ['n'],
      searchableAttributes: ['title'],
    });
    await succeeded(created, applied);
    return index;
  }

  async function store(index: string, documents: Readonly<Record<string, JsonObject>>): Promise<void> {
    const written = Object.entries(documents).map(([key, data]) => ({ key, data, source: 'fields' as const }));
    await succeeded(...(await backend.upsert(index, written)));
  }

  async function keysWhere(index: string, filter: FilterNode): Promise<string[]> {
    const page = await backend.search(index, aQuery({ filter, page: { number: 1, size: 1000 } }));
    return page.hits.map(({ key }) => key).sort();
  }

  async function failureOf(call: Promise<unknown>): Promise<ScrypathError> {
    const failure = await call.then(
      () => 'no failure',
      (error: unknown) => error,
    );
    if (ScrypathError.is(failure)) return failure;
    throw new Error(`no ScrypathError: ${inspect(failure)}`);
  }

  it('tells the outcomes of many tasks in one request', async () => {
    const index = await anIndex();
    const proxy = await countingProxy(server.url);
    const counted = meilisearch({ host: proxy.url, apiKey: server.apiKey });
    const tasks: TaskRef[] = [];
    for (let n = 0; n < 30; n += 1) {
      tasks.push(...(await backend.upsert(index, [{ key: String(n), data: { n }, source: 'fields' }])));
    }
    await succeeded(...tasks);
    const outcomes = await counted.outcomes(tasks, { waitMs: 10_000 });
    const asked = proxy.requests.length;
    const never = await counted.outcomes([{ id: 4_000_000_000, index }]);
    await counted.close();
    await proxy.stop();
    expect(outcomes.map(({ status }) => status)).toEqual(tasks.map(() => 'succeeded'));
    expect(asked).toBe(1);
    expect(never).toEqual([{ id: 4_000_000_000, index, status: 'unknown', error: null }]);
  });

  const aDocument = (key: string, data: JsonObject = {}) => ({ key, data, source: 'fields' as const });

  it('knows the tasks of a batch by our id, also after swaps gave their index another name', async () => {
    const [left, right] = [await anIndex(), await anIndex()];
    const batch = 'b-1 &?=é';
    const named = [
      ...(await backend.upsert(left, [aDocument('1')], { batch })),
      ...(await backend.remove(left, ['1'], { batch })),
    ];
    const nameless = await backend.upsert(left, [aDocument('2')]);
    await succeeded(await backend.indexes.swap(left, right));
    await succeeded(...named, ...nameless);
    expect((await backend.task(named[0]!.id)).indexUid).toBe(right);
    const strangers = [
      { ...named[0]!, batch: 'another' },
      { ...nameless[0]!, batch },
      { ...nameless[0]!, index: await anIndex() },
    ];
    expect(await ended(strangers)).toEqual(strangers.map((task) => ({ ...task, status: 'unknown', error: null })));
  });

  it('names the document that spoiled a task, and those that ran with it', async () => {
    const index = await anIndex();
    const applied = await backend.applySettings(index, {
      filterableAttributes: ['_geo'],
      embedders: { given: { source: 'userProvided', dimensions: 2 } },
    });
    const vectors = (given: JsonObject[string]) => ({ _vectors: { given } });
    const good = vectors([1, 2]);
    const spoiled = async (key: string, data: JsonObject): Promise<unknown> => {
      const task = await backend.upsert(index, [aDocument('fine', good), aDocument(key, data)]);
      const [outcome] = await ended(task);
      return { code: outcome!.error?.code, document: outcome!.error?.document, kind: outcome!.error?.kind };
    };
    expect((await backend.waitTask(applied.taskUid)).status).toBe('succeeded');
    const of = (code: string, document: string | null) => ({ code, document, kind: 'document' });
    expect([
      await spoiled('g-1', { ...good, _geo: { lat: 'x', lng: 2 } }),
      await spoiled('g-2', { ...good, _geo: 'x' }),
      await spoiled('g-3', { ...good, _geo: {} }),
      await spoiled('g-4', { ...good, _geo: { lat: 1, lng: 2, more: 3 } }),
      await spoiled('v-1', vectors([1, 2, 3])),
      await spoiled('v-2', {}),
      await spoiled('v-3', vectors('x')),
    ]).toEqual([
      of('invalid_document_geo_field', 'g-1'),
      of('invalid_document_geo_field', 'g-2'),
      of('invalid_document_geo_field', 'g-3'),
      of('invalid_document_geo_field', 'g-4'),
      of('invalid_vector_dimensions', 'v-1'),
      of('vector_embedding_error', 'v-2'),
      of('invalid_vectors_type', 'v-3'),
    ]);
    expect((await backend.indexes.stats(index)).documents).toBe(0);
    // The engine takes this for a failure of its own (1.50).
    expect(await spoiled('v-4', { _vectors: 1 })).toEqual({ code: 'internal', document: null, kind: 'engine' });
  });

  it('says that an index with another primary key takes none of the documents', async () => {
    const index = aName();
    expect((await backend.waitTask((await backend.createIndex(index, { primaryKey: 'id' })).taskUid)).status).toBe(
      'succeeded',
    );
    const [outcome] = await ended(await backend.upsert(index, [aDocument('1')]));
    expect(outcome!.error).toMatchObject({
      code: 'index_primary_key_already_exists',
      document: null,
      kind: 'engine',
    });
  });

  it('writes a batch in parts, reads it back by pages and by key, and removes by key', async () => {
    const index = await anIndex();
    const small = meilisearch({ host: server.url, apiKey: server.apiKey, maxPayloadBytes: 300 });
    const documents = Array.from({ length: 50 }, (_, n) => ({
      key: `k-${n}`,
      data: { n, nested: { list: [null, n, 'x\ud800'] } },
      source: 'fields' as const,
    }));
    const tasks = await small.upsert(index, documents);
    expect(tasks.length).toBeGreaterThan(5);
    await succeeded(...tasks);
    const stored: unknown[] = [];
    for await (const page of backend.documents.scan(index, { pageSize: 7 })) stored.push(...page);
    expect(stored).toEqual(
      documents.map(({ key, data: { n } }) => ({ key, data: { n, nested: { list: [null, n, 'x\ufffd'] } } })),
    );
    await succeeded(...(await small.remove(index, [...documents.slice(2).map(({ key }) => key), 'not-there'])));
    const left = await backend.documents.fetch(index, ['k-1', 'k-49', 'k-0', 'k-0']);
    expect(left.map(({ key }) => key).sort()).toEqual(['k-0', 'k-1']);
    expect(await backend.indexes.stats(index)).toEqual({ documents: 2, indexing: false });
    await small.close();
  });

  const NASTY: readonly string[] = [
    'plain',
    '"',
    "'",
    '\\',
    '\\"',
    '" OR "v" EXISTS OR "v" = "',
    "' OR v EXISTS OR v = '",
    'x") OR ("v" EXISTS',
    'NOT',
    'IN [a, b]',
    '] OR "v" EXISTS',
    '\\u0022 OR',
    '\n\r\t',
    'a\u0000b',
    '\u2028x\u2029',
    '$1 $& `v`',
    '_geoRadius(1,2,3)',
    'ＡＢＣ ﬁ Å',
    '\ud83d\ude00 \ud800',
    'STRASSE straße',
    '12',
    '1e3',
    'null',
    '[]',
  ];

  /** The engine's equality of strings: compatibility forms, case and outer space make no difference. */
  const normalized = (value: string): string => value.toWellFormed().trim().normalize('NFKD').toLowerCase();

  async function expectExactMatches(index: string, values: readonly string[]): Promise<void> {
    await store(index, Object.fromEntries(values.map((v, n) => [String(n), { v }])));
    for (const value of values) {
      const same = values.flatMap((other, n) => (normalized(other) === normalized(value) ? [String(n)] : [])).sort();
      expect({ value, keys: await keysWhere(index, equals('v', value)) }).toEqual({ value, keys: same });
    }
    const all = values.map((_, n) => String(n)).sort();
    expect(await keysWhere(index, { kind: 'oneOf', field: 'v', values })).toEqual(all);
    expect(await keysWhere(index, { kind: 'not', of: { kind: 'oneOf', field: 'v', values } })).toEqual([]);
  }

  it('takes a filter value as data: 24 nasty ones', async () => {
    await expectExactMatches(await anIndex(), NASTY);
  });

  it('takes a filter value as data whatever it holds', async () => {
    const piece = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom(...NASTY));
    const value = fc.tuple(piece, piece).map(([left, right]) => left + right);
    // Nothing but space is no value to this engine, and no filter finds it.
    const values = fc.uniqueArray(
      value.filter((text) => normalized(text).trim() !== ''),
      { minLength: 5, maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        await expectExactMatches(await anIndex(), given);
      }),
      { numRuns: 8 },
    );
  });

  it('takes a field name as data', async () => {
    const names = ['a b', 'a"b', "a'b", 'a\\b', 'NOT', 'é', 'x = 1 OR y'];
    const index = await anIndex(names);
    await store(index, { yes: Object.fromEntries(names.map((name) => [name, 'v'])), no: { other: 'v' } });
    for (const name of names) expect(await keysWhere(index, equals(name, 'V '))).toEqual(['yes']);
  });

  it('finds nothing for a value longer than it indexes, up to a megabyte, and never a longer one by its start', async () => {
    const index = await anIndex();
    const a = (length: number): string => 'a'.repeat(length);
    await store(index, { short: { v: a(467) }, long: { v: a(469) }, longer: { v: a(1_000_000) } });
    expect(await keysWhere(index, equals('v', a(467)))).toEqual(['short']);
    for (const length of [469, 470, 1000, 1_000_000])
      expect(await keysWhere(index, equals('v', a(length)))).toEqual([]);
    const values: FilterValue[] = [a(469), a(1_000_000), a(467)];
    expect(await keysWhere(index, { kind: 'oneOf', field: 'v', values })).toEqual(['short']);
    const above: FilterNode = { kind: 'compare', field: 'v', operator: 'gt', value: a(1_000_000) };
    expect(await keysWhere(index, above)).toEqual([]);
    expect(await keysWhere(index, { kind: 'not', of: equals('v', a(1_000_000)) })).toEqual(['long', 'longer', 'short']);
  });

  it('takes the deepest filter that we let through', async () => {
    const index = await anIndex();
    const nested = (levels: number, wrap: (inner: FilterNode) => FilterNode): FilterNode =>
      levels === 0 ? equals('v', 1) : wrap(nested(levels - 1, wrap));
    const either = (inner: FilterNode): FilterNode => ({
      kind: 'or',
      of: [equals('v', 2), { kind: 'and', of: [equals('v', 3), inner] }],
    });
    const neither = (inner: FilterNode): FilterNode => ({
      kind: 'or',
      of: [equals('v', 2), { kind: 'not', of: inner }],
    });
    for (const [levels, wrap] of [
      [29, (inner: FilterNode): FilterNode => ({ kind: 'not', of: inner })],
      [18, either],
      [16, neither],
    ] as const) {
      await expect(keysWhere(index, nested(levels, wrap))).resolves.toEqual([]);
      await expect(keysWhere(index, nested(levels + 1, wrap))).rejects.toThrow(
        expect.objectContaining({ code: 'QUERY_INVALID' }),
      );
    }
  });

  it('takes a filter of a thousand values', async () => {
    const index = await anIndex();
    await store(index, { x: { v: 999 }, y: { v: 1000 } });
    const values = Array.from({ length: 1000 }, (_, n) => n);
    expect(await keysWhere(index, { kind: 'oneOf', field: 'v', values })).toEqual(['x']);
  });

  it('an undeclared field in filter, sort or facets: FIELD_NOT_DECLARED', async () => {
    const index = await anIndex();
    const queries = [
      aQuery({ filter: equals('undeclared', 1) }),
      aQuery({ filter: equals('undeclared', 'x'.repeat(1000)) }),
      aQuery({ sort: [{ field: 'undeclared', direction: 'asc' }] }),
      aQuery({ facets: ['undeclared'] }),
    ];
    for (const query of queries) {
      const failure = await failureOf(backend.search(index, query));
      expect(failure).toMatchObject({ code: 'FIELD_NOT_DECLARED', index });
      expect(failure.message).toContain('"undeclared"');
    }
  });

  it('a document that it cannot index fails its task with the engine’s error', async () => {
    const index = await anIndex(['_geo']);
    const poison = await backend.upsert(index, [{ key: 'p', data: { _geo: { lat: 'north' } }, source: 'custom' }]);
    const [outcome] = await ended(poison);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'invalid_document_geo_field' } });
    const task = await backend.task(poison[0]!.id);
    expect(task).toMatchObject({ uid: poison[0]!.id, indexUid: index, status: 'failed' });
  });

  it('a missing index: null, INDEX_NOT_FOUND, or a failed task', async () => {
    expect(await backend.indexes.get('nowhere')).toBeNull();
    const calls = [
      backend.search('nowhere', aQuery()),
      backend.documents.fetch('nowhere', ['1']),
      backend.documents.scan('nowhere')[Symbol.asyncIterator]().next(),
      backend.indexes.settings('nowhere'),
      backend.indexes.stats('nowhere'),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({ code: 'INDEX_NOT_FOUND', index: 'nowhere' });
    }
    const [removed] = await ended(await backend.remove('nowhere', ['1']));
    expect(removed).toMatchObject({ status: 'failed', error: { code: 'index_not_found' } });
  });

  it('settings come back as they were applied, with the engine’s defaults for the others', async () => {
    const index = await anIndex(['v', 'w']);
    await succeeded(
      await backend.indexes.apply(index, {
        synonyms: { film: ['movie'] },
        stopWords: ['the'],
        typoTolerance: { minWordSizeForTypos: { oneTypo: 4 }, disableOnNumbers: true },
        pagination: { maxTotalHits: 500 },
      }),
    );
    expect(await backend.indexes.settings(index)).toEqual({
      searchableAttributes: ['title'],
      filterableAttributes: ['v', 'w'],
      sortableAttributes: ['n'],
      displayedAttributes: ['*'],
      rankingRules: expect.arrayContaining(['words', 'typo', 'sort']),
      stopWords: ['the'],
      synonyms: { film: ['movie'] },
      distinctAttribute: null,
      typoTolerance: {
        enabled: true,
        minWordSizeForTypos: { oneTypo: 4, twoTypos: 9 },
        disableOnWords: [],
        disableOnAttributes: [],
        disableOnNumbers: true,
      },
      faceting: { maxValuesPerFacet: 100, sortFacetValuesBy: { '*': 'alpha' } },
      pagination: { maxTotalHits: 500 },
      proximityPrecision: 'byWord',
      dictionary: [],
      separatorTokens: [],
      nonSeparatorTokens: [],
      localizedAttributes: null,
      embedders: {},
      searchCutoffMs: null,
      prefixSearch: 'indexingTime',
      facetSearch: true,
    });
  });

  it('a filterable rule of the engine’s own is its names when it allows all', async () => {
    const index = await anIndex();
    const filter = { equality: true, comparison: true };
    const { taskUid } = await backend.applySettings(index, {
      filterableAttributes: [
        { attributePatterns: ['a', 'b'], features: { facetSearch: true, filter } },
        { attributePatterns: ['c'], features: { facetSearch: false, filter } },
      ],
    });
    expect((await backend.waitTask(taskUid)).status).toBe('succeeded');
    const { filterableAttributes } = await backend.indexes.settings(index);
    expect(filterableAttributes).toEqual(['a', 'b', expect.objectContaining({ attributePatterns: ['c'] })]);
  });

  it('a swap exchanges documents, settings and the time of creation', async () => {
    const [left, right] = [await anIndex(['v']), await anIndex(['w'])];
    await store(left, { l: { v: 1 } });
    const [before, other] = [await backend.indexes.get(left), await backend.indexes.get(right)];
    await succeeded(await backend.indexes.swap(left, right));
    expect(await backend.indexes.get(right)).toEqual({ ...before, name: right });
    expect(await backend.indexes.get(left)).toEqual({ ...other, name: left });
    expect(await keysWhere(right, equals('v', 1))).toEqual(['l']);
    await succeeded(await backend.indexes.drop(left));
    expect(await backend.indexes.get(left)).toBeNull();
  });

  withKeys(`a key for some indexes only: FORBIDDEN elsewhere, the tasks of swaps unknown${withoutKeys}`, async () => {
    const [left, right] = [await anIndex(), await anIndex()];
    const scoped = await backend.client.createKey({
      name: 'scoped',
      actions: ['search', 'indexes.swap', 'tasks.get'],
      indexes: [left, right],
      expiresAt: null,
    });
    const limited = meilisearch({ host: server.url, apiKey: scoped.key });
    const failure = await failureOf(limited.search('elsewhere', aQuery()));
    expect(failure).toMatchObject({ code: 'BACKEND_FORBIDDEN', index: 'elsewhere' });
    const swap = await limited.indexes.swap(left, right);
    await succeeded(swap);
    expect((await limited.outcomes([swap]))[0]!.status).toBe('unknown');
    expect((await failureOf(limited.task(swap.id))).code).toBe('TASK_UNKNOWN');
    await limited.close();
  });

  withKeys(`no failure shows a key${withoutKeys}`, async () => {
    const failures: ScrypathError[] = [];
    for (const apiKey of ['not-the-master-key', server.apiKey]) {
      const other = meilisearch({ host: server.url, apiKey });
      const calls = [
        other.search('nowhere', aQuery()),
        other.rawSearch('nowhere', { filter: 'a =' }),
        other.indexes.settings('nowhere'),
        other.task(4_000_000_000),
        other.waitTask(4_000_000_000, { timeoutMs: 0 }),
        other.applySettings('nowhere', { rankingRules: ['nonsense'] } as never),
        other.swap([['nowhere', 'nowhere']]),
      ];
      failures.push(...(await Promise.all(calls.map(failureOf))));
      await other.close();
    }
    expect(failures).toHaveLength(14);
    for (const failure of failures) {
      const printed = inspect(failure, { depth: 10, showHidden: true });
      expect(printed).not.toContain('not-the-master-key');
      expect(printed).not.toContain(server.apiKey);
    }
  });

  it('its own API is at hand: index, settings, swap, tasks, search and the official client', async () => {
    const index = aName();
    const created = await backend.createIndex(index, { primaryKey: 'id' });
    expect(await backend.waitTask(created.taskUid)).toMatchObject({
      status: 'succeeded',
      details: { primaryKey: 'id' },
    });
    expect((await backend.waitTask((await backend.createIndex(index)).taskUid)).error?.code).toBe(
      'index_already_exists',
    );
    await backend.client
      .index(index)
      .addDocuments([{ id: 1, title: 'Alien' }])
      .waitTask();
    const { hits } = await backend.rawSearch<{ id: number; title: string }>(index, {
      q: 'alien',
      showRankingScore: true,
    });
    expect(hits).toEqual([{ id: 1, title: 'Alien', _rankingScore: expect.any(Number) }]);
    expect((await failureOf(backend.search(index, aQuery()))).code).toBe('BACKEND_BROKEN');
  });
});
