import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onPairs } from '../stacks/stack';

const OUTBOX = { lockMs: 10_000, requestMs: 5_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };
const ROWS = 1_500;

onPairs('movies.backfill', ({ use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, capture: 'orm', outbox: OUTBOX });
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);
  beforeAll(async () => {
    const director = (await repository().save(aMovie())).director;
    await stack.scrypath.withoutCapture('seed', async () => {
      const rows = Array.from({ length: ROWS - 1 }, (_, at) => aMovie({ title: `Film ${at}`, director }));
      await repository().save(rows, { chunk: 500 });
    });
  });

  it('fills the live index while it is written to, and nothing written meanwhile is lost', async () => {
    const worker = stack.scrypath.worker();
    await worker.start();
    const ids = (await repository().find({ select: { id: true }, order: { id: 'ASC' } })).map(({ id }) => id);
    let running = true;
    const writing = (async () => {
      for (let at = 0; running || at < 20; at += 1) {
        await repository().update(ids[(at * 37) % ids.length]!, { title: `Written ${at}` });
        if (at % 5 === 0) await repository().delete(ids[ids.length - 1 - (at % 50)]!);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const { documents, failed } = await movies().backfill({ batchSize: 100 });
    running = false;
    await writing;
    expect(documents).toBeGreaterThan(ROWS / 2);
    expect(failed).toEqual([]);
    const { token } = await movies().markDirty({ id: ids[0]! });
    await movies().waitForCompletion(token!);
    let report = await movies().verify();
    for (let look = 0; report.counts.pending > 0 && look < 20; look += 1) report = await movies().verify();
    // A document whose row was deleted meanwhile is removed by its worker: the replay comes behind the last page.
    expect(report).toMatchObject({ clean: true, counts: { missing: 0, extra: 0, stale: 0, failed: 0, pending: 0 } });
    expect(await stack.dataSource.query('SELECT * FROM scrypath_registration')).toEqual([]);
    expect(await stack.dataSource.query('SELECT * FROM scrypath_touched')).toEqual([]);
    await worker.stop();
  }, 120_000);

  it('tells how far it had got where it stops, and goes on', async () => {
    const controller = new AbortController();
    const stopped = movies().backfill({
      batchSize: 50,
      signal: controller.signal,
      onProgress: ({ rows }) => {
        if (rows > 0) controller.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    const { mode, documents } = await movies().backfill({ batchSize: 50, resume: true });
    expect([mode, documents > 0]).toEqual(['resumed', true]);
    expect(await movies().verify()).toMatchObject({ clean: true });
  }, 120_000);

  it('is divided over workers, and nothing written meanwhile is lost', async () => {
    const documentsThere = await repository().count();
    const worker = stack.scrypath.worker();
    await worker.start();
    const { documents, replayed } = await movies().backfill({
      ...{ distribute: true, partitions: 4, batchSize: 100 },
      onProgress: ({ total }) => expect(total).toBe(documentsThere),
    });
    expect([documents, replayed]).toEqual([documentsThere, 0]);
    await expect(movies().backfill({ distribute: true, where: { id: 1 } })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      problems: [expect.stringContaining('where')],
    });
    expect(await movies().verify()).toMatchObject({ clean: true });
    await worker.stop();
  }, 120_000);

  it('refuses two at once, and leaves the first alone', async () => {
    const first = movies().backfill({ batchSize: 50 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(movies().backfill()).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    expect((await first).documents).toBeGreaterThan(0);
  }, 120_000);
});
