import { channel } from 'node:diagnostics_channel';
import { type MeilisearchBackend, meilisearch } from 'scrypath/meilisearch';
import { aQuery } from './queries.js';
import { engineError, json, stubEngine } from './stub-engine.js';

describe('telemetry', () => {
  let stub: Awaited<ReturnType<typeof stubEngine>>;
  let backend: MeilisearchBackend;
  const subscriptions: (() => void)[] = [];

  function heard(name: string): Record<string, unknown>[] {
    const messages: Record<string, unknown>[] = [];
    const listen = (message: unknown): void => {
      messages.push({ ...(message as object) });
    };
    channel(name).subscribe(listen);
    subscriptions.push(() => channel(name).unsubscribe(listen));
    return messages;
  }

  beforeEach(async () => {
    stub = await stubEngine();
    backend = meilisearch({ host: stub.url, apiKey: 'a-key' });
  });
  afterEach(async () => {
    for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
    await backend.close();
    await stub.stop();
  });

  it('tells of each request: its route without names, the index, the status and the bytes', async () => {
    const started = heard('scrypath:meilisearch:request:start');
    const ended = heard('scrypath:meilisearch:request:end');
    const answer = { hits: [{ _key: '1', title: 'é' }], totalHits: 1 };
    stub.replies(json(200, answer));
    await backend.search('movies', aQuery());
    const facts = { method: 'POST', route: '/indexes/:uid/search', index: 'movies' };
    expect(started).toEqual([expect.objectContaining({ ...facts, status: null })]);
    expect(ended).toEqual([
      expect.objectContaining({
        ...facts,
        status: 200,
        requestBytes: Buffer.byteLength(stub.requests[0]!.body),
        responseBytes: Buffer.byteLength(JSON.stringify(answer)),
      }),
    ]);
  });

  it('tells of a request that failed, with its status and its error', async () => {
    const failed = heard('scrypath:meilisearch:request:error');
    stub.replies(engineError(403, 'invalid_api_key', 'No.'));
    await expect(backend.search('movies', aQuery())).rejects.toThrow();
    expect(failed).toEqual([
      expect.objectContaining({ status: 403, error: expect.objectContaining({ code: 'BACKEND_FORBIDDEN' }) }),
    ]);
  });

  it('tells of each wait: its tasks, and how often it looked', async () => {
    const waits = heard('scrypath:meilisearch:task_wait:end');
    const look = (status: string) => json(200, { results: [{ uid: 4, status, error: null }] });
    stub.replies(look('enqueued'), look('processing'), look('succeeded'));
    await backend.outcomes([{ id: 4, index: 'movies' }], { waitMs: 10_000 });
    expect(waits).toEqual([expect.objectContaining({ tasks: [4], polls: 3 })]);
    expect(stub.requests).toHaveLength(3);
  });
});
