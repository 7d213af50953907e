import type { Rebuild } from 'scrypath';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onPairs } from '../stacks/stack';

const OUTBOX = { lockMs: 10_000, requestMs: 5_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };
const ROWS = 1_200;

onPairs('movies.reindex', ({ use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, capture: 'orm', outbox: OUTBOX });
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);
  const created = async (index: string) => (await stack.backend.indexes.get(index))?.createdAt;
  const clean = async (index?: string) => {
    let report = await movies().verify({ ...(index !== undefined && { index: index.replace(/^[^_]+_/, '') }) });
    for (let look = 0; report.counts.pending > 0 && look < 20; look += 1)
      report = await movies().verify({ ...(index !== undefined && { index: index.replace(/^[^_]+_/, '') }) });
    return report;
  };
  let ids: number[];
  beforeAll(async () => {
    const director = (await repository().save(aMovie())).director;
    await stack.scrypath.withoutCapture('seed', async () => {
      const rows = Array.from({ length: ROWS - 1 }, (_, at) => aMovie({ title: `Film ${at}`, director }));
      await repository().save(rows, { chunk: 500 });
    });
    await movies().backfill();
    ids = (await repository().find({ select: { id: true }, order: { id: 'ASC' } })).map(({ id }) => id);
  });
  afterEach(async () => {
    const rebuild = await movies().rebuild();
    if (rebuild?.state === 'kept') await rebuild.finish();
    else if (rebuild) await rebuild.abandon();
  });

  /** Writes as long as `work` lasts. */
  const beside = async <T>(work: () => Promise<T>): Promise<T> => {
    let running = true;
    const writing = (async () => {
      for (let at = 0; running; at += 1) {
        await repository().update(ids[(at * 37) % ids.length]!, { title: `Written ${at}` });
        if (at % 7 === 0) await repository().delete(ids[ids.length - 1 - (at % 50)]!);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    try {
      return await work();
    } finally {
      running = false;
      await writing;
    }
  };

  it('builds an index beside the live one while it is written to, and makes it the live one', async () => {
    const worker = stack.scrypath.worker();
    await worker.start();
    const before = await created(movies().indexName);
    const steps: string[] = [];
    const rebuild: Rebuild = await beside(() =>
      movies().reindex({ batchSize: 100, onProgress: ({ step }) => steps.push(step) }),
    );
    expect([...new Set(steps)]).toEqual(['create', 'fill', 'replay', 'verify', 'swap']);
    expect(rebuild.audit).toMatchObject({
      state: 'kept',
      covered: 'double_writes',
      cutover: { happened: true },
      old: { kept: true, current: true, index: rebuild.audit.target },
      problem: null,
    });
    expect(rebuild.audit.documents).toBeGreaterThan(ROWS / 2);
    expect(await created(rebuild.audit.target)).toBe(before);
    expect(await created(movies().indexName)).not.toBe(before);
    expect(await clean()).toMatchObject({ clean: true });
    // The old one is as current.
    expect(await clean(rebuild.audit.target)).toMatchObject({ clean: true });

    await beside(() => new Promise((resolve) => setTimeout(resolve, 200)));
    const { state, old } = await rebuild.rollback();
    expect([state, old]).toEqual(['rolled_back', { index: null, kept: false, current: false }]);
    expect(await created(movies().indexName)).toBe(before);
    expect(await clean()).toMatchObject({ clean: true });
    expect(await stack.backend.indexes.get(rebuild.audit.target)).toBeNull();
    await worker.stop();
  }, 120_000);

  it('leaves the live index as it is without a cutover, and the target current until then', async () => {
    const before = await created(movies().indexName);
    const rebuild = await movies().reindex({ cutover: false });
    expect(rebuild.audit).toMatchObject({
      state: 'ready',
      cutover: { happened: false, at: null },
      old: { kept: false },
    });
    expect(await created(movies().indexName)).toBe(before);
    await repository().update(ids[5]!, { title: 'Written to both' });
    const { token } = await movies().markDirty({ id: ids[5]! });
    await movies().waitForCompletion(token!);
    expect(await clean(rebuild.audit.target)).toMatchObject({ clean: true });
    await expect(movies().reindex()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    expect(await rebuild.cutover()).toMatchObject({ state: 'kept', cutover: { happened: true } });
    expect(await created(movies().indexName)).not.toBe(before);
    expect(await rebuild.finish()).toMatchObject({ state: 'finished' });
    expect(await stack.backend.indexes.get(rebuild.audit.target)).toBeNull();
    expect(await clean()).toMatchObject({ clean: true });
  }, 120_000);

  it('drops what was abandoned, and nothing else', async () => {
    const before = await created(movies().indexName);
    const rebuild = await movies().reindex({ cutover: false });
    expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned' });
    expect(await stack.backend.indexes.get(rebuild.audit.target)).toBeNull();
    expect(await created(movies().indexName)).toBe(before);
    expect(await movies().rebuild()).toBeNull();
    expect((await movies().rebuild(rebuild.id))?.state).toBe('abandoned');
  }, 120_000);
});
