import { inspect } from 'node:util';
import { EngineAnswerError, type MeilisearchBackend, type MeilisearchOptions, meilisearch } from 'scrypath/meilisearch';
import { type ErrorCode, ScrypathError } from '../../src/errors/scrypath-error.js';
import { aQuery, equals } from './queries.js';
import { accepted, engineError, hang, json, type Reply, reset, stall, stubEngine, tear, text } from './stub-engine.js';

const KEY = 'a-very-secret-key';

/** What a call rejects with; fails the test where it does not. */
async function failureOf(call: Promise<unknown>): Promise<ScrypathError> {
  const failure = await call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (ScrypathError.is(failure)) return failure;
  throw new Error(`no ScrypathError: ${inspect(failure)}`);
}

const search = (backend: MeilisearchBackend): Promise<unknown> =>
  backend.search('movies', aQuery({ text: 'kettle', filter: equals('genre', 'a-private-value') }));
const write = (backend: MeilisearchBackend): Promise<unknown> =>
  backend.upsert('movies', [{ key: '1', data: { title: 'a-private-title' }, source: 'fields' }]);

describe.each<[string, Partial<MeilisearchOptions>]>([
  ['node:http', {}],
  ['fetch', { requestInit: { redirect: 'manual' } }],
])('a failure over %s', (_transport, transport) => {
  let stub: Awaited<ReturnType<typeof stubEngine>>;
  let backend: MeilisearchBackend;

  beforeAll(async () => {
    stub = await stubEngine();
  });
  beforeEach(() => {
    backend = meilisearch({ host: stub.url, apiKey: KEY, ...transport });
  });
  afterEach(() => backend.close());
  afterAll(() => stub.stop());

  it.each<[string, Reply, ErrorCode]>([
    ['a wrong key', engineError(403, 'invalid_api_key', `The key "${KEY}" is invalid.`), 'BACKEND_FORBIDDEN'],
    ['no key', engineError(401, 'missing_authorization_header', 'No key.'), 'BACKEND_FORBIDDEN'],
    ['a gateway that wants a login', text(401, `<html>Bearer ${KEY}?</html>`), 'BACKEND_FORBIDDEN'],
    ['a missing index', engineError(404, 'index_not_found', 'Index `movies` not found.'), 'INDEX_NOT_FOUND'],
    ['a route that is not there', text(404, '<html>Not Found</html>'), 'BACKEND_BROKEN'],
    ['a bad request', engineError(400, 'bad_request', 'Unknown field.'), 'BACKEND_REJECTED'],
    ['an empty bad request', text(400, ''), 'BACKEND_BROKEN'],
    ['a starved worker', text(408, ''), 'BACKEND_BUSY'],
    ['a body above the limit', engineError(413, 'payload_too_large', 'Too large.'), 'BACKEND_REJECTED'],
    ['a body above the limit of a gateway', text(413, '<html>Too Large</html>'), 'BACKEND_REJECTED'],
    ['a rate limit', text(429, 'slow down'), 'BACKEND_BUSY'],
    ['a full search queue', engineError(503, 'too_many_search_requests', 'Too many.'), 'BACKEND_BUSY'],
    ['a full disk', engineError(422, 'no_space_left_on_device', 'No space.'), 'BACKEND_BUSY'],
    ['an internal error', engineError(500, 'internal', 'Oops.'), 'BACKEND_BROKEN'],
    ['a gateway without a server', text(502, '<html>Bad Gateway</html>'), 'BACKEND_BROKEN'],
    ['a redirect', text(301, '', { location: 'https://elsewhere.example/' }), 'BACKEND_BROKEN'],
    ['a page in place of an answer', text(200, '<html>Welcome</html>'), 'BACKEND_BROKEN'],
    ['an empty answer', text(200, ''), 'BACKEND_BROKEN'],
    ['half an answer', text(200, '{"hits":['), 'BACKEND_BROKEN'],
    ['another JSON', json(200, { ok: true }), 'BACKEND_BROKEN'],
    ['a hit without its key', json(200, { hits: [{ title: 'Alien' }], totalHits: 1 }), 'BACKEND_BROKEN'],
    ['a connection that breaks before the answer', reset, 'BACKEND_BROKEN'],
    ['a connection that breaks in the answer', tear, 'BACKEND_BROKEN'],
  ])('%s: a code, the index, the cause, and no secret', async (_name, reply, code) => {
    stub.replies(reply);
    for (const call of [search, write]) {
      const failure = await failureOf(call(backend));
      expect({ code: failure.code, index: failure.index }).toEqual({ code, index: 'movies' });
      expect(failure.message).toContain('movies');
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(KEY);
      expect(failure.message).not.toMatch(/a-private-(title|value)/);
    }
  });

  it('keeps what the engine said as the cause', async () => {
    stub.replies(
      json(503, { message: 'Too many.', code: 'too_many_search_requests', type: 'system' }, { 'retry-after': '10' }),
    );
    const { cause, remedy } = await failureOf(search(backend));
    expect(cause).toBeInstanceOf(EngineAnswerError);
    expect(cause).toMatchObject({
      message: 'Too many.',
      status: 503,
      code: 'too_many_search_requests',
      type: 'system',
      retryAfterSeconds: 10,
    });
    expect(remedy).toContain('10 seconds');
  });

  it.each([
    ['invalid_search_filter', 'Attribute `genre` is not filterable. Available: `year`.', 'filterable'],
    ['invalid_search_filter', 'Index `movies`: Attribute `genre` is not filterable.\n1:6 genre = 1', 'filterable'],
    ['invalid_search_facets', 'Invalid facet distribution: Pattern `genre` is not filterable.', 'filterable'],
    ['invalid_search_sort', 'Attribute `genre` is not sortable. Available: `year`.', 'sortable'],
  ])('%s for an undeclared field: FIELD_NOT_DECLARED with the field', async (engineCode, message, use) => {
    stub.replies(engineError(400, engineCode, message));
    const failure = await failureOf(search(backend));
    expect(failure.code).toBe('FIELD_NOT_DECLARED');
    expect(failure.message).toContain(`"genre" of index "movies" is not ${use}`);
  });

  it('another refusal of a filter is a rejected request', async () => {
    stub.replies(engineError(400, 'invalid_search_filter', 'Found unexpected characters.'));
    expect((await failureOf(search(backend))).code).toBe('BACKEND_REJECTED');
  });

  it('a write that the engine answers without a task is no success', async () => {
    stub.replies(json(202, { taskUid: 'seven' }));
    expect((await failureOf(write(backend))).code).toBe('BACKEND_BROKEN');
  });

  it.each([
    ['the answer', hang],
    ['the rest of the body', stall],
  ])('a server that never sends %s: BACKEND_TIMEOUT', async (_name, reply) => {
    const impatient = meilisearch({ host: stub.url, timeoutMs: 60, ...transport });
    stub.replies(reply);
    expect(await failureOf(search(impatient))).toMatchObject({ code: 'BACKEND_TIMEOUT', index: 'movies' });
    const patient = new AbortController();
    const call = impatient.search('movies', aQuery(), { signal: patient.signal });
    expect((await failureOf(call)).code).toBe('BACKEND_TIMEOUT');
    await impatient.close();
  });

  it('an answer that comes after its time is left aside, and the next request is answered', async () => {
    const impatient = meilisearch({ host: stub.url, timeoutMs: 60, ...transport });
    let late: (() => void) | null = null;
    stub.replies(
      (response, request, socket) => {
        late = () => json(200, { hits: [], totalHits: 99 })(response, request, socket);
      },
      json(200, { hits: [], totalHits: 1 }),
    );
    expect((await failureOf(search(impatient))).code).toBe('BACKEND_TIMEOUT');
    late!();
    expect(await search(impatient)).toMatchObject({ totalHits: 1 });
    await impatient.close();
  });

  it.each([
    ['an error', new Error('The user left.')],
    ['a string', 'enough'],
  ])('an aborted call rejects with its reason, %s, at any moment', async (_name, reason) => {
    const before = AbortSignal.abort(reason);
    stub.replies(hang);
    await expect(backend.search('movies', aQuery(), { signal: before })).rejects.toBe(reason);
    for (const reply of [hang, stall]) {
      const caller = new AbortController();
      stub.replies((response, request, socket) => {
        reply(response, request, socket);
        setImmediate(() => caller.abort(reason));
      });
      await expect(backend.search('movies', aQuery(), { signal: caller.signal })).rejects.toBe(reason);
    }
  });

  it('close() ends what is under way, and every later call, with CLOSED', async () => {
    stub.replies(hang);
    const pending = [search(backend), write(backend), backend.outcomes([{ id: 1, index: 'movies' }])].map(failureOf);
    await backend.close();
    for (const failure of await Promise.all(pending)) expect(failure.code).toBe('CLOSED');
    const received = stub.requests.length;
    const later = [
      search(backend),
      write(backend),
      backend.upsert('movies', []),
      backend.remove('movies', []),
      backend.outcomes([]),
      backend.documents.fetch('movies', []),
      backend.indexes.get('movies'),
      backend.task(1),
    ];
    for (const failure of await Promise.all(later.map(failureOf))) expect(failure.code).toBe('CLOSED');
    expect(stub.requests).toHaveLength(received);
  });

  it('nobody listening: BACKEND_UNREACHABLE with the host and the cause', async () => {
    const gone = await stubEngine();
    await gone.stop();
    for (const host of [gone.url, gone.url.replace('127.0.0.1', 'localhost')]) {
      const lonely = meilisearch({ host, apiKey: KEY, ...transport });
      const failure = await failureOf(search(lonely));
      expect(failure).toMatchObject({ code: 'BACKEND_UNREACHABLE', index: 'movies' });
      expect(failure.message).toContain(host);
      expect(failure.cause).toMatchObject({ code: 'ECONNREFUSED' });
      expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(KEY);
      await lonely.close();
    }
  });

  it('a name that no server has: BACKEND_UNREACHABLE', async () => {
    const lonely = meilisearch({ host: 'http://no-such-host.invalid', ...transport });
    expect(await failureOf(search(lonely))).toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    await lonely.close();
  });

  it('names the parts of a batch that were accepted before one was not', async () => {
    const small = meilisearch({ host: stub.url, maxPayloadBytes: 40, ...transport });
    stub.replies(accepted(7), accepted(8), engineError(422, 'no_space_left_on_device', 'No space.'));
    const documents = ['1', '2', '3', '4'].map((key) => ({
      key,
      data: { n: 'x'.repeat(15) },
      source: 'fields' as const,
    }));
    const failure = await failureOf(small.upsert('movies', documents));
    expect(failure).toMatchObject({ code: 'BACKEND_BUSY', index: 'movies', task: { id: 8, index: 'movies' } });
    expect(failure.message).toContain('Of 4 parts 2 were accepted before, as tasks 7, 8.');
    await small.close();
  });

  it('leaves an upload to be sent on from the part that was not accepted', async () => {
    const small = meilisearch({ host: stub.url, maxPayloadBytes: 40, ...transport });
    const upload = small.upload('movies');
    for (const key of ['1', '2', '3']) upload.add({ key, data: { n: 'x'.repeat(15) }, source: 'fields' });
    stub.replies(accepted(7), engineError(422, 'no_space_left_on_device', 'No space.'), accepted(8), accepted(9));
    const before = stub.requests.length;
    await failureOf(upload.send({ batch: 'first' }));
    expect(await upload.send({ batch: 'second' })).toEqual([
      { id: 7, index: 'movies', batch: 'first', count: 1 },
      { id: 8, index: 'movies', batch: 'second', count: 1 },
      { id: 9, index: 'movies', batch: 'second', count: 1 },
    ]);
    const keys = stub.requests.slice(before).map(({ body }) => (JSON.parse(body) as { _key: string })._key);
    expect(keys).toEqual(['1', '2', '2', '3']);
    await small.close();
  });
});

describe('a kept connection that the server has closed', () => {
  // The server ends the connection when the second request arrives on it: for a client the same as a moment before.
  const onTheSecond =
    (seen = new WeakSet<object>()): Reply =>
    (response, request, socket) => {
      if (seen.has(socket)) return socket.resetAndDestroy();
      seen.add(socket);
      const isSearch = request.url.endsWith('/search');
      (isSearch ? json(200, { hits: [], totalHits: 0 }) : accepted(1))(response, request, socket);
    };

  it('costs a read a second connection, and a write an error: its first copy may have arrived', async () => {
    const stub = await stubEngine();
    const backend = meilisearch({ host: stub.url });
    try {
      stub.replies(onTheSecond());
      await search(backend);
      await expect(search(backend)).resolves.toMatchObject({ totalHits: 0 });
      expect((await failureOf(write(backend))).code).toBe('BACKEND_BROKEN');
    } finally {
      await backend.close();
      await stub.stop();
    }
  });
});
