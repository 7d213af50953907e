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
});
