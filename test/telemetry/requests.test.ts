import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { meilisearch } from 'scrypath/meilisearch';
import { hearEverything } from './heard';

describe('a request that gets no answer', () => {
  let server: Server;
  let host: string;
  beforeAll(async () => {
    server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const query = { signal: undefined as AbortSignal | undefined };
  const endings = {
    'past its time': { timeoutMs: 30, end: () => undefined, error: { code: 'BACKEND_TIMEOUT' } },
    aborted: { timeoutMs: 30_000, end: (over: AbortController) => over.abort(), error: { name: 'AbortError' } },
    closed: {
      timeoutMs: 30_000,
      end: (_: AbortController, backend: { close(): Promise<void> }) => void backend.close(),
      error: { code: 'CLOSED' },
    },
  };
  it.each(Object.entries(endings))('%s ends its span, and the wait that it is a part of', async (_name, ending) => {
    const backend = meilisearch({ host, timeoutMs: ending.timeoutMs });
    const over = new AbortController();
    const { heard, stop } = hearEverything();
    const asked = backend.outcomes([{ id: 1, index: 'movies' }], { ...query, signal: over.signal });
    // Behind the start of the request.
    setImmediate(() => ending.end(over, backend));
    await expect(asked).rejects.toMatchObject(ending.error);
    stop();
    await backend.close();
    expect(heard.map(({ channel }) => channel)).toEqual([
      'scrypath:meilisearch:task_wait:start',
      'scrypath:meilisearch:request:start',
      'scrypath:meilisearch:request:error',
      'scrypath:meilisearch:task_wait:error',
    ]);
    expect(heard[2]!.message).toMatchObject({ error: ending.error, status: null, address: '127.0.0.1' });
  });
});
