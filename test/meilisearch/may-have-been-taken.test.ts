import { type MeilisearchBackend, type MeilisearchOptions, meilisearch } from 'scrypath/meilisearch';
import { mayHaveBeenTaken } from '../../src/backend/may-have-been-taken.js';
import type { TaskRef } from '../../src/backend/task.js';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import { networkFailure } from '../../src/meilisearch/engine-failure.js';
import { accepted, engineError, hang, json, type Reply, reset, stall, stubEngine, tear, text } from './stub-engine.js';

const documents = (...keys: string[]) => keys.map((key) => ({ key, data: {}, source: 'fields' as const }));
/** What a call rejects with, whatever it is. */
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => Promise.reject(new Error('no failure')),
    (failure: unknown) => failure,
  );

describe.each<[string, Partial<MeilisearchOptions>]>([
  ['node:http', {}],
  ['fetch', { requestInit: { redirect: 'manual' } }],
])('whether a write that failed over %s may have been taken', (_transport, transport) => {
  let stub: Awaited<ReturnType<typeof stubEngine>>;
  let backend: MeilisearchBackend;
  const failureAfter = (reply: Reply): Promise<unknown> => {
    stub.replies(reply);
    return failureOf(backend.upsert('movies', documents('1')));
  };

  beforeAll(async () => {
    stub = await stubEngine();
  });
  beforeEach(() => {
    backend = meilisearch({ host: stub.url, timeoutMs: 80, ...transport });
  });
  afterEach(() => backend.close());
  afterAll(() => stub.stop());

  it.each<[string, Reply]>([
    ['refused the key', engineError(403, 'invalid_api_key', 'No.')],
    ['refused the request', engineError(400, 'invalid_index_uid', 'No.')],
    ['had no such index', engineError(404, 'index_not_found', 'Index `movies` not found.')],
    ['found the body too large', engineError(413, 'payload_too_large', 'No.')],
    ['had no room for tasks', engineError(422, 'no_space_left_on_device', 'No.')],
    ['was busy', engineError(503, 'too_many_search_requests', 'No.')],
  ])('no: the engine itself %s', async (_name, reply) => {
    expect(mayHaveBeenTaken(await failureAfter(reply))).toBe(false);
  });

  it.each<[string, Reply]>([
    ['no answer came', hang],
    ['half of an answer came', stall],
    ['the connection broke', reset],
    ['the connection broke in the answer', tear],
    ['the engine failed inside', engineError(500, 'internal', 'Oops.')],
    ['a gateway had no answer', text(502, 'Bad Gateway')],
    ['a gateway was busy', text(503, 'Service Unavailable')],
    ['a gateway gave up', text(504, 'Gateway Timeout')],
    ['a gateway timed out', text(408, '')],
    ['the answer named no task', json(202, {})],
  ])('yes: %s', async (_name, reply) => {
    expect(mayHaveBeenTaken(await failureAfter(reply))).toBe(true);
  });

  it('no: nobody listens', async () => {
    const gone = await stubEngine();
    await gone.stop();
    const lonely = meilisearch({ host: gone.url, ...transport });
    expect(mayHaveBeenTaken(await failureOf(lonely.upsert('movies', documents('1'))))).toBe(false);
    await lonely.close();
  });

  it('no: what was never sent', async () => {
    stub.requests.length = 0;
    const failures = [
      await failureOf(backend.upsert('a/b', documents('1'))),
      await failureOf(backend.remove('movies', ['a/b'])),
    ];
    await backend.close();
    failures.push(await failureOf(backend.upsert('movies', documents('1'))));
    expect(failures.map(mayHaveBeenTaken)).toEqual([false, false, false]);
    expect(stub.requests).toEqual([]);
  });

  it('yes: an abort, and a close, of a request under way', async () => {
    const aborts = new AbortController();
    stub.replies(() => aborts.abort(new Error('enough')), hang);
    const aborted = failureOf(backend.upsert('movies', documents('1'), { signal: aborts.signal }));
    expect(mayHaveBeenTaken(await aborted)).toBe(true);
    stub.replies(() => void backend.close());
    const closed = await failureOf(backend.upsert('movies', documents('1')));
    expect(closed).toMatchObject({ code: 'CLOSED' });
    expect(mayHaveBeenTaken(closed)).toBe(true);
  });

  it('names by onAccepted what was taken of a call of several requests, whatever ends it', async () => {
    const small = meilisearch({ host: stub.url, maxPayloadBytes: 28, timeoutMs: 80, ...transport });
    const takenBefore = async (end: Reply, signal?: AbortSignal): Promise<[readonly TaskRef[], boolean]> => {
      stub.replies(accepted(7), accepted(8), end);
      const taken: TaskRef[] = [];
      const onAccepted = (task: TaskRef) => void taken.push(task);
      const call = small.upsert('movies', documents('1', '2', '3', '4', '5', '6'), { batch: 'b', onAccepted, signal });
      return [taken, mayHaveBeenTaken(await failureOf(call))];
    };
    const both = [7, 8].map((id) => ({ id, index: 'movies', batch: 'b', count: 2 }));
    const aborts = new AbortController();
    expect(await takenBefore(engineError(422, 'no_space_left_on_device', 'No.'))).toEqual([both, false]);
    expect(await takenBefore(hang)).toEqual([both, true]);
    expect(await takenBefore(() => aborts.abort('enough'), aborts.signal)).toEqual([both, true]);
    await small.close();
  });
});

describe('whether a failed write may have been taken', () => {
  const request = { method: 'POST', route: '/', index: 'movies' };
  const afterFailure = (failure: object): boolean =>
    mayHaveBeenTaken(networkFailure(Object.assign(new Error('x'), failure), new URL('http://h'), request));

  it.each([
    { code: 'ECONNREFUSED', syscall: 'connect' },
    { code: 'EHOSTUNREACH', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
    { code: 'CERT_HAS_EXPIRED' },
    { code: 'EPROTO', syscall: 'write' },
  ])('no: $code of $syscall', (failure) => {
    expect(afterFailure(failure)).toBe(false);
  });

  it.each([
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'EPIPE', syscall: 'write' },
    { code: 'ETIMEDOUT', syscall: 'read' },
    // The route was lost under a connection that stood.
    { code: 'EHOSTUNREACH', syscall: 'read' },
    { code: 'ENETUNREACH', syscall: 'write' },
  ])('yes: $code of $syscall', (failure) => {
    expect(afterFailure(failure)).toBe(true);
  });

  it.each([new Error('any'), 'a string', undefined, new ScrypathError({ code: 'PROJECTION_FAILED', happened: 'x' })])(
    'yes: %p, of which nothing is known',
    (failure) => {
      expect(mayHaveBeenTaken(failure)).toBe(true);
    },
  );
});
