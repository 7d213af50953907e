import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryEngine } from '../stacks/stack';

const OUTBOX = { lockMs: 10_000, requestMs: 5_000, marginMs: 100, backoff: { baseMs: 5, maxMs: 50 } };

onEveryEngine('beside a rebuild', ({ use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, capture: 'orm', outbox: OUTBOX });
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);

  it('the settings of the live index alone are not changed, and the target is verified and searched by its own name', async () => {
    const { token } = await stack.scrypath.track(() => repository().save(aMovie({ title: 'Solaris' })));
    await stack.scrypath.waitForCompletion(token!);
    const rebuild = await movies().reindex({ cutover: false, settings: { stopWords: ['the'] } });
    await expect(movies().applySettings()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    expect(await rebuild.verify()).toMatchObject({ clean: true, index: rebuild.audit.target, documents: 1 });
    const { hits } = await movies().search('solaris', { index: rebuild.audit.target, prefix: '' });
    expect(hits).toHaveLength(1);
    expect((await stack.backend.indexes.settings(rebuild.audit.target)).stopWords).toEqual(['the']);
    expect((await stack.backend.indexes.settings(movies().indexName)).stopWords).toEqual([]);
    await rebuild.cutover();
    expect(await rebuild.verify()).toMatchObject({ clean: true, documents: 1 });
    await rebuild.finish();
    await movies().applySettings({ dropForeign: true, reindexInPlace: ['stopWords'] });
    expect((await stack.backend.indexes.settings(movies().indexName)).stopWords).toEqual([]);
  });

  it('one that was frozen, and was taken for dead, sends nothing over what another has sent', async () => {
    const director = (await repository().save(aMovie())).director;
    await repository().save(Array.from({ length: 1_200 }, (_, at) => aMovie({ title: `Film ${at}`, director })));
    const now = performance.now.bind(performance);
    let taken: Promise<unknown> | null = null;
    const clock = jest.spyOn(performance, 'now');
    const frozen = movies().reindex({
      batchSize: 20,
      onProgress: ({ step }) => {
        if (step !== 'fill' || taken !== null) return;
        taken = stack.dataSource.query(`UPDATE scrypath_rebuild SET owner = 'elsewhere:1' WHERE state = 'building'`);
        clock.mockImplementation(() => now() + 6_000);
      },
    });
    await expect(frozen).rejects.toMatchObject({ code: 'REBUILD_STATE' });
    clock.mockRestore();
    await taken;
    const rebuild = (await movies().rebuild())!;
    expect(rebuild.state).toBe('building');
    await stack.dataSource.query('UPDATE scrypath_rebuild SET seen_at = 0');
    expect((await rebuild.resume()).cutover.happened).toBe(true);
    await rebuild.finish();
    expect(await movies().verify()).toMatchObject({ clean: true });
  }, 60_000);
});
