import { type MeilisearchBackend, type MeilisearchOptions, meilisearch } from 'scrypath/meilisearch';
import { aQuery } from './queries.js';
import { accepted, json, stubEngine } from './stub-engine.js';

const NASTY_NAMES = [
  '',
  '../keys',
  'a/b',
  'movies?x=1',
  'movies#',
  'mo vies',
  '.',
  '..',
  '%2e%2e',
  'é',
  'x'.repeat(401),
];

describe('requests to the engine', () => {
  let stub: Awaited<ReturnType<typeof stubEngine>>;
  const backends: MeilisearchBackend[] = [];
  const backendOn = (options: Partial<MeilisearchOptions> = {}): MeilisearchBackend => {
    const backend = meilisearch({ host: stub.url, apiKey: 'a-key', ...options });
    backends.push(backend);
    return backend;
  };

  beforeEach(async () => {
    stub = await stubEngine();
  });
  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.close();
    await stub.stop();
  });

  it.each(NASTY_NAMES)('never carry the index name %j', async (name) => {
    const backend = backendOn();
    const refused = expect.objectContaining({ code: 'INDEX_NAME_INVALID' });
    const calls: Promise<unknown>[] = [
      backend.upsert(name, [{ key: '1', data: {}, source: 'fields' }]),
      backend.remove(name, ['1']),
      backend.search(name, aQuery()),
      backend.rawSearch(name, {}),
      backend.documents.fetch(name, ['1']),
      backend.documents.scan(name)[Symbol.asyncIterator]().next(),
      backend.indexes.create(name),
      backend.indexes.get(name),
      backend.indexes.settings(name),
      backend.indexes.apply(name, {}),
      backend.indexes.swap('movies', name),
      backend.indexes.swap(name, 'movies'),
      backend.indexes.drop(name),
      backend.indexes.stats(name),
      backend.createIndex(name),
      backend.applySettings(name, {}),
      backend.swap([['movies', name]]),
    ];
    for (const call of calls) await expect(call).rejects.toEqual(refused);
    expect(stub.requests).toEqual([]);
  });

  it.each(['../../tasks', 'a/b', '1?x=1', '', 'é'])('never carry the key %j', async (key) => {
    const backend = backendOn();
    const refused = expect.objectContaining({ code: 'KEY_INVALID' });
    await expect(backend.upsert('movies', [{ key, data: {}, source: 'fields' }])).rejects.toEqual(refused);
    await expect(backend.remove('movies', ['1', key])).rejects.toEqual(refused);
    await expect(backend.documents.fetch('movies', ['1', key])).rejects.toEqual(refused);
    expect(stub.requests).toEqual([]);
  });

  it.each([-1, 1.5, Number.NaN, '1/../../keys'])('never carry the task id %p', async (id) => {
    const backend = backendOn();
    const refused = expect.objectContaining({ code: 'TASK_UNKNOWN' });
    await expect(backend.task(id as number)).rejects.toEqual(refused);
    await expect(backend.waitTask(id as number)).rejects.toEqual(refused);
    expect(stub.requests).toEqual([]);
  });

  it('carry the key, and ask for answers that are not compressed', async () => {
    stub.replies(json(200, { hits: [], totalHits: 0 }));
    await backendOn().search('movies', aQuery());
    expect(stub.requests[0]).toMatchObject({
      method: 'POST',
      url: '/indexes/movies/search',
      headers: { authorization: 'Bearer a-key', 'accept-encoding': 'identity', 'content-type': 'application/json' },
    });
  });

  it('take compressed answers where that is asked for', async () => {
    const { gzipSync } = await import('node:zlib');
    stub.replies((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ hits: [], totalHits: 3 })));
    });
    const page = await backendOn({ compression: true }).search('movies', aQuery());
    expect(page.totalHits).toBe(3);
    expect(stub.requests[0]!.headers['accept-encoding']).toContain('gzip');
  });

  it.each([
    ['node:http', {}],
    ['fetch', { redirect: 'manual' as const }],
  ])('carry the headers of requestInit, and keep a path in the host (%s)', async (_transport, others) => {
    stub.replies(json(200, { hits: [], totalHits: 0 }));
    const host = `${stub.url}/behind/a/gateway`;
    await backendOn({ host, requestInit: { headers: { 'x-tenant': 'seven' }, ...others } }).search('movies', aQuery());
    expect(stub.requests[0]).toMatchObject({
      url: '/behind/a/gateway/indexes/movies/search',
      headers: { 'x-tenant': 'seven' },
    });
  });

  it('share one connection when they follow one another', async () => {
    stub.replies(json(200, { hits: [], totalHits: 0 }));
    const backend = backendOn();
    for (let search = 0; search < 5; search += 1) await backend.search('movies', aQuery());
    expect(stub.connections()).toBe(1);
  });

  it('write documents as NDJSON that names the key attribute', async () => {
    stub.replies(accepted(4));
    const tasks = await backendOn().upsert('movies', [{ key: '1', data: { title: 'Alien' }, source: 'fields' }]);
    expect(tasks).toEqual([{ id: 4, index: 'movies', count: 1 }]);
    expect(stub.requests[0]).toMatchObject({
      method: 'POST',
      url: '/indexes/movies/documents?primaryKey=_key',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"_key":"1","title":"Alien"}\n',
    });
  });

  it('send a batch above the limit of bytes as several tasks, in order', async () => {
    stub.replies(accepted(4), accepted(5), accepted(6));
    const documents = ['1', '2', '3', '4', '5'].map((key) => ({ key, data: {}, source: 'fields' as const }));
    const tasks = await backendOn({ maxPayloadBytes: 28 }).upsert('movies', documents);
    expect(tasks.map(({ id, count }) => [id, count])).toEqual([
      [4, 2],
      [5, 2],
      [6, 1],
    ]);
    expect(stub.requests.map(({ body }) => body)).toEqual([
      '{"_key":"1"}\n{"_key":"2"}\n',
      '{"_key":"3"}\n{"_key":"4"}\n',
      '{"_key":"5"}\n',
    ]);
  });

  it('carry the batch id of the caller, quoted, with every task', async () => {
    stub.replies(accepted(4), accepted(5), accepted(6));
    const backend = backendOn({ maxPayloadBytes: 16 });
    const documents = ['1', '2'].map((key) => ({ key, data: {}, source: 'fields' as const }));
    const batch = 'b 1&limit=0#';
    expect(await backend.upsert('movies', documents, { batch })).toEqual([
      { id: 4, index: 'movies', batch, count: 1 },
      { id: 5, index: 'movies', batch, count: 1 },
    ]);
    expect(await backend.remove('movies', ['1'], { batch })).toEqual([{ id: 6, index: 'movies', batch, count: 1 }]);
    expect(stub.requests.map(({ url }) => url)).toEqual([
      '/indexes/movies/documents?primaryKey=_key&customMetadata=b%201%26limit%3D0%23',
      '/indexes/movies/documents?primaryKey=_key&customMetadata=b%201%26limit%3D0%23',
      '/indexes/movies/documents/delete-batch?customMetadata=b%201%26limit%3D0%23',
    ]);
  });

  it('ask for the backlog without asking for tasks', async () => {
    stub.replies(json(200, { results: [], total: 17, limit: 0 }));
    expect(await backendOn().backlog()).toBe(17);
    expect(stub.requests[0]!.url).toBe('/tasks?statuses=enqueued,processing&limit=0');
    stub.replies(json(200, { results: [] }));
    await expect(backendOn().backlog()).rejects.toMatchObject({ code: 'BACKEND_BROKEN' });
  });

  it('are none where there is nothing to write', async () => {
    const backend = backendOn();
    expect(await backend.upsert('movies', [])).toEqual([]);
    expect(await backend.remove('movies', [])).toEqual([]);
    expect(await backend.outcomes([])).toEqual([]);
    expect(await backend.documents.fetch('movies', [])).toEqual([]);
    expect(stub.requests).toEqual([]);
  });

  it('ask for many outcomes at once, and in addresses below 8 KB', async () => {
    stub.replies((response, request, socket) => {
      const uids = new URL(request.url, stub.url).searchParams.get('uids')!.split(',');
      const results = uids.map((uid) => ({ uid: Number(uid), status: 'succeeded', error: null }));
      json(200, { results })(response, request, socket);
    });
    const tasks = Array.from({ length: 1200 }, (_, n) => ({ id: 4_000_000_000 + n, index: 'movies' }));
    const outcomes = await backendOn().outcomes(tasks, { waitMs: 1000 });
    expect(outcomes.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
    expect(stub.requests).toHaveLength(3);
    expect(Math.max(...stub.requests.map(({ url }) => url.length))).toBeLessThan(8000);
  });

  it('end with a wait that is aborted, and no timer is left', async () => {
    stub.replies(json(200, { results: [{ uid: 1, status: 'processing', error: null }] }));
    const caller = new AbortController();
    const timersBefore = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const backend = backendOn({ pollMs: { first: 60_000, longest: 60_000 } });
    const waiting = backend.outcomes([{ id: 1, index: 'movies' }], { waitMs: 60_000, signal: caller.signal });
    while (stub.requests.length === 0) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 20));
    caller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    const timersAfter = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    expect(timersAfter).toBeLessThanOrEqual(timersBefore);
  });

  it('read documents page by page, and by key in parts without doubles', async () => {
    const backend = backendOn();
    const stored = (...keys: string[]) => json(200, { results: keys.map((key) => ({ _key: key, n: 1 })) });
    stub.replies(stored('a', 'b'), stored('c', 'd'), stored());
    const pages = [];
    for await (const page of backend.documents.scan('movies', { pageSize: 2 })) pages.push(page.map(({ key }) => key));
    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(stub.requests.map(({ body }) => JSON.parse(body))).toEqual([
      { offset: 0, limit: 2 },
      { offset: 2, limit: 2 },
      { offset: 4, limit: 2 },
    ]);
    stub.requests.length = 0;
    stub.replies(stored('7'));
    const keys = Array.from({ length: 6000 }, (_, n) => String(n));
    expect((await backend.documents.fetch('movies', [...keys, '7']))[0]).toEqual({ key: '7', data: { n: 1 } });
    const asked = stub.requests.map(({ body }) => JSON.parse(body) as { ids: string[]; limit: number });
    expect(asked.flatMap(({ ids }) => ids)).toEqual(keys);
    expect(asked.every(({ ids, limit }) => ids.length === limit)).toBe(true);
    expect(asked.length).toBeGreaterThan(1);
  });

  it('of the official client go to the same server with the same key', async () => {
    stub.replies(json(200, { status: 'available' }));
    const { client } = backendOn();
    expect(await client.health()).toEqual({ status: 'available' });
    expect(stub.requests[0]!.headers).toMatchObject({ authorization: 'Bearer a-key', 'accept-encoding': 'identity' });
    stub.replies(json(404, { message: 'Index `x` not found.', code: 'index_not_found', type: '', link: '' }));
    await expect(client.getIndex('x')).rejects.toMatchObject({
      name: 'MeilisearchApiError',
      cause: { code: 'index_not_found' },
    });
  });
});
