import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryStack } from '../stacks/stack';
import { until } from './senders';

const OUTBOX = { lockMs: 2_000, requestMs: 1_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };

onEveryStack('work over the outbox', ({ use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, outbox: OUTBOX });
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);
  const rows = async (): Promise<{ state: string; error_class: string | null }[]> =>
    stack.dataSource.query('SELECT state, error_class FROM scrypath_outbox');
  const found = async (text: string) => (await movies().search(text)).hits.map((hit) => hit._key);

  afterEach(async () => {
    await stack.faults.clear();
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    const ids = (await repository().find()).map(({ id }) => id);
    if (ids.length > 0) await repository().delete(ids);
    await movies().syncKeys(ids, { mode: 'inline' });
  });

  it('queued: the work is durable, and nobody has sent it', async () => {
    const movie = await repository().save(aMovie({ title: 'Copper kettle' }));
    const result = await movies().syncRecord(movie);
    expect(result).toMatchObject({ mode: 'queued', status: 'enqueued', count: 1, task: null, tasks: [] });
    expect(result.work).toHaveLength(1);
    expect(await rows()).toEqual([{ state: 'enqueued', error_class: null }]);
    expect(await found('kettle')).toEqual([]);
    await stack.scrypath.waitForCompletion(result.token!);
    expect(await found('kettle')).toEqual([movies().keyOf(movie)]);
    expect(await rows()).toEqual([]);
  });

  it('inline: brings it to the engine itself, and waits for the success', async () => {
    const movie = await repository().save(aMovie({ title: 'Copper kettle' }));
    const result = await movies().syncRecord(movie, { mode: 'inline' });
    expect(result).toMatchObject({ mode: 'inline', status: 'completed', count: 1 });
    expect(result.task).not.toBeNull();
    expect(await found('kettle')).toEqual([movies().keyOf(movie)]);
    expect(await rows()).toEqual([]);
  });

  it('manual: brings it to the engine itself, and returns its task', async () => {
    const movie = await repository().save(aMovie({ title: 'Copper kettle' }));
    const { status, task, token } = await movies().syncRecord(movie, { mode: 'manual' });
    expect(status).toBe('accepted');
    const [outcome] = await stack.backend.outcomes([task!], { waitMs: 10_000 });
    expect(outcome!.status).toBe('succeeded');
    await stack.scrypath.waitForCompletion(token!);
    expect(await rows()).toEqual([]);
  });

  it('a removed record is removed from the index, one that is there is written', async () => {
    const [gone, kept] = await repository().save([aMovie({ title: 'Gone kettle' }), aMovie({ title: 'Kept kettle' })]);
    await movies().syncRecords([gone!, kept!], { mode: 'inline' });
    const key = movies().keyOf(gone!);
    await repository().delete(gone!.id);
    await movies().deleteDocuments([key, movies().keyOf(kept!)], { mode: 'inline' });
    expect(await found('kettle')).toEqual([movies().keyOf(kept!)]);
  });

  it('joins the transaction of a manager, and is rolled back with it', async () => {
    const movie = await repository().save(aMovie({ title: 'Copper kettle' }));
    await expect(
      stack.dataSource.transaction(async (manager) => {
        await movies().syncRecord(movie, { manager });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
    const { token } = await stack.dataSource.transaction((manager) => movies().syncRecord(movie, { manager }));
    expect(await rows()).toHaveLength(1);
    await stack.scrypath.waitForCompletion(token!);
    expect(await found('kettle')).toHaveLength(1);
  });

  it('is refused inside an open transaction that it would not join', async () => {
    const movie = await repository().save(aMovie());
    await stack.dataSource.transaction(async (manager) => {
      for (const options of [{ mode: 'inline' }, { mode: 'manual', manager }, { mode: 'queued' }] as const)
        await expect(movies().syncRecord(movie, options)).rejects.toMatchObject({ code: 'SYNC_IN_TRANSACTION' });
    });
    expect(await rows()).toEqual([]);
  });

  it('an empty call is a noop that touches neither queue nor engine', async () => {
    stack.forgetSql();
    for (const mode of ['queued', 'inline', 'manual'] as const)
      expect(await movies().syncRecords([], { mode })).toMatchObject({ status: 'noop', work: null, token: null });
    expect(stack.sql).toEqual([]);
  });

  it('inline tells what the engine said, and nothing is lost', async () => {
    const movie = await repository().save(aMovie({ title: 'Copper kettle' }));
    stack.faults.fail('upsert');
    await expect(movies().syncRecord(movie, { mode: 'inline' })).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect(await rows()).toEqual([{ state: 'retrying', error_class: 'transport:BACKEND_UNREACHABLE' }]);
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    await until(async () => (await rows()).length === 0);
    await worker.stop();
    expect(await found('kettle')).toHaveLength(1);
  });

  it('a worker brings what is there, and what comes', async () => {
    const before = await repository().save(aMovie({ title: 'Early kettle' }));
    await movies().syncRecord(before);
    const worker = stack.scrypath.worker();
    await worker.start();
    const after = await repository().save(aMovie({ title: 'Late kettle' }));
    const { token } = await movies().syncRecord(after);
    await stack.scrypath.waitForCompletion(token!);
    await until(async () => (await rows()).length === 0);
    await worker.stop();
    expect((await found('kettle')).sort()).toEqual([movies().keyOf(before), movies().keyOf(after)].sort());
  });
});
