import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryEngine } from '../stacks/stack';

type Message = Record<string, unknown>;

/** Collects what is published on the phases of a span while `run` runs. */
async function published(
  name: string,
  run: () => Promise<unknown>,
): Promise<Record<'start' | 'end' | 'error', Message[]>> {
  const seen = { start: [] as Message[], end: [] as Message[], error: [] as Message[] };
  const phases = (['start', 'end', 'error'] as const).map((phase) => {
    const listener = (message: unknown) => void seen[phase].push(message as Message);
    subscribe(`${name}:${phase}`, listener);
    return () => unsubscribe(`${name}:${phase}`, listener);
  });
  try {
    await run();
  } finally {
    for (const stop of phases) stop();
  }
  return seen;
}

onEveryEngine('events', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);
  const movies = () => opened.for(Movie);
  const saved = () => opened.dataSource.getRepository(Movie).save(aMovie({ title: 'Event' }));

  it('of a sync: one start and one end, with mode, operation, status and count', async () => {
    const movie = await saved();
    const { start, end, error } = await published('scrypath:sync', () => movies().syncRecord(movie));
    expect(start).toHaveLength(1);
    expect(end).toEqual([
      {
        entity: 'Movie',
        index: movies().indexName,
        mode: 'inline',
        operation: 'upsert',
        status: 'completed',
        documents: 1,
        durationMs: expect.any(Number),
      },
    ]);
    expect(end[0]).toBe(start[0]);
    expect(error).toEqual([]);
  });

  it('of a noop: one end with status noop and no documents', async () => {
    const { end } = await published('scrypath:sync', () => movies().deleteRecords([]));
    expect(end).toMatchObject([{ operation: 'delete', status: 'noop', documents: 0 }]);
  });

  it('of a failed sync: one error, which the caller gets too', async () => {
    const movie = await saved();
    opened.faults.fail('upsert');
    const { end, error } = await published('scrypath:sync', () =>
      expect(movies().syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' }),
    );
    expect(end).toEqual([]);
    expect(error).toMatchObject([{ entity: 'Movie', error: { code: 'BACKEND_UNREACHABLE' } }]);
  });

  it('of a search and its hydration: hits, records and missing; no task, no text', async () => {
    const [kept, gone] = [await saved(), await saved()];
    await movies().syncRecords([kept, gone]);
    await opened.dataSource.getRepository(Movie).delete(gone.id);
    const run = () => movies().search('event', { hydrate: true });
    const search = await published('scrypath:search', run);
    const hydration = await published('scrypath:hydration', run);
    const hits = (search.end[0] as { hits: number }).hits;
    expect(Object.keys(search.end[0]!).sort()).toEqual(['durationMs', 'entity', 'hits', 'index']);
    expect(hydration.end).toMatchObject([{ entity: 'Movie', hits, records: hits - 1, missing: 1 }]);
  });

  it('are silent where a query is refused', async () => {
    const { start } = await published('scrypath:search', () =>
      expect(movies().search('x', { page: { number: 0 } })).rejects.toMatchObject({ code: 'QUERY_INVALID' }),
    );
    expect(start).toEqual([]);
  });

  it('carry a subscriber’s own context into what the operation calls', async () => {
    const store = new AsyncLocalStorage<string>();
    const start = channel('scrypath:search:start');
    start.bindStore(store, () => 'bound');
    const seen: (string | undefined)[] = [];
    const listener = () => void seen.push(store.getStore());
    subscribe('scrypath:hydration:start', listener);
    await movies().search('event', { hydrate: true });
    unsubscribe('scrypath:hydration:start', listener);
    start.unbindStore(store);
    expect(seen).toEqual(['bound']);
  });

  if (stack.engine === 'meilisearch')
    it('of the engine: requests with path and status, waits with tasks and polls', async () => {
      const movie = await saved();
      const requests = await published('scrypath:meilisearch:request', () => movies().syncRecord(movie));
      expect(requests.end).toContainEqual(
        expect.objectContaining({ method: 'POST', status: 202, index: movies().indexName }),
      );
      const waits = await published('scrypath:meilisearch:task_wait', () => movies().syncRecord(movie));
      expect(waits.end).toHaveLength(1);
      expect(JSON.stringify(requests)).not.toContain('Event');
    });
});
