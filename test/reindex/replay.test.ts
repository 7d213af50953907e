import { ScrypathError } from 'scrypath';
import { aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { reachable } from '../stacks/reachable';
import { onEveryEngine, onPairs } from '../stacks/stack';
import { beforeUpserts, Gate, isTarget, placesOn, QUIET } from './place';

onPairs('a page of the fill that is older than what was written meanwhile', (stack) => {
  const place = placesOn(stack);

  it('is written over again by the replay, and leaves nothing to repair', async () => {
    const { items, backend, repository, scrypath, documents, rows } = await place();
    const worker = scrypath.worker();
    await worker.start();
    const gate = new Gate();
    const order: string[] = [];
    beforeUpserts({ backend }, async (index, keys) => {
      if (!isTarget(index)) return;
      const isFill = order.length === 0;
      order.push(isFill ? 'read' : keys.length > 100 ? 'another page' : 'written');
      // The pages of the fill were read, and are on their way.
      if (isFill) await gate.pass();
      if (isFill) order.push('page');
    });
    const reindexing = items.reindex();
    await gate.reached;
    const { token } = await scrypath.track(async () => {
      await repository.update([3, 4, 5, 6], { name: 'written meanwhile' });
      await repository.delete([7, 8, 9]);
      await repository.update([10, 11], { listed: false });
      await repository.insert([{ id: 5_000, name: 'new' }]);
    });
    await scrypath.waitForCompletion(token!);
    const between = await items.rebuild();
    const target = await documents(between!.audit.target);
    expect(target['3']).toBe('written meanwhile');
    expect(Object.keys(target).sort()).toEqual(['3', '4', '5', '5000', '6']);
    gate.open();
    const { audit } = await reindexing;
    await worker.stop();
    expect(order.indexOf('written')).toBe(1);
    expect(order.indexOf('page')).toBeGreaterThan(1);
    expect(order.lastIndexOf('written')).toBeGreaterThan(order.indexOf('page'));
    expect(audit).toMatchObject({
      state: 'kept',
      replayed: 10,
      repaired: 0,
      documents: 300,
      verified: { counts: { missing: 0, extra: 0, stale: 0, failed: 0, pending: 0 } },
    });
    expect(await documents()).toEqual(await rows());
    expect(await documents(audit.target)).toEqual(await rows());
  });
});

onEveryEngine('a target in which one nested value is wrong', ({ engine, use }) => {
  const stack = use(MOVIE_ENTITIES, { sync: { mode: 'queued' }, capture: 'orm', logger: QUIET });
  const movies = () => stack.for(Movie);
  const key = async () =>
    String((await stack.dataSource.getRepository(Movie).findOneByOrFail({ title: 'Film 23' })).id);
  beforeAll(async () => {
    const films = [...Array(60).keys()].map((at) => aMovie({ title: `Film ${at}` }));
    await stack.scrypath.withoutCapture('seed', () => stack.dataSource.getRepository(Movie).save(films));
    await movies().backfill();
  });
  afterEach(() => jest.restoreAllMocks());

  /** As another program would: Scrypath sees nothing of it. */
  async function alter(index: string, id: string): Promise<void> {
    const [document] = await stack.backend.documents.fetch(index, [id]);
    const director = { ...(document!.data.director as object), name: 'Nobody' };
    if (engine === 'embedded') {
      const altered = { ...document!, data: { ...document!.data, director }, source: 'fields' as const };
      await stack.backend.outcomes(await stack.backend.upsert(index, [altered]), { waitMs: 5_000 });
      return;
    }
    const { url, apiKey } = (reachable().engines.meilisearch as { at: { url: string; apiKey: string } }).at;
    const answer = await fetch(`${url}/indexes/${index}/documents`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify([{ _key: id, director }]),
    });
    const { taskUid } = (await answer.json()) as { taskUid: number };
    expect((await stack.backend.outcomes([{ id: taskUid, index }], { waitMs: 10_000 }))[0]!.status).toBe('succeeded');
  }

  it('is found as exactly that key, and mended before the cutover', async () => {
    const rebuild = await movies().reindex({ cutover: false });
    const { target } = rebuild.audit;
    const id = await key();
    await alter(target, id);
    const found = await movies().verify({ index: target.slice(movies().metadata.prefix!.length + 1) });
    expect(found.differences).toEqual([{ kind: 'stale', key: id }]);
    const audit = await rebuild.cutover();
    expect(audit).toMatchObject({ state: 'kept', repaired: 1, verified: { counts: { stale: 0 } } });
    expect(await movies().verify()).toMatchObject({ clean: true });
    await rebuild.finish();
  });

  it('is refused where it cannot be mended, and the live index is left alone', async () => {
    const created = async () => (await stack.backend.indexes.get(movies().indexName))!.createdAt;
    const before = await created();
    const rebuild = await movies().reindex({ cutover: false });
    const { target } = rebuild.audit;
    const id = await key();
    await alter(target, id);
    beforeUpserts(stack, (index, keys) => {
      if (index === target && keys.includes(id))
        throw new ScrypathError({ code: 'BACKEND_REJECTED', happened: 'The engine does not take it.' });
    });
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'REBUILD_DIFFERS', index: target, keys: [id] });
    expect(await rebuild.refresh()).toMatchObject({ state: 'ready', cutover: { happened: false } });
    expect(await created()).toBe(before);
    expect(await movies().verify()).toMatchObject({ clean: true });
    jest.restoreAllMocks();
    await rebuild.abandon();
  });
});
