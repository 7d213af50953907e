import { onEveryEngine } from '../stacks/stack';
import { beforeUpserts, Gate, isTarget, type Place, placesOn, until } from './place';

onEveryEngine('a reindex without an outbox', (stack) => {
  const place = placesOn(stack);
  const open = (timeoutMs = 30_000) =>
    place({ options: { outbox: false, sync: { mode: 'inline', timeoutMs }, capture: 'none' } });

  /** Changes, removes and adds records by inline verbs. */
  async function write({ items, repository }: Place, at: number): Promise<void> {
    await repository.update([at, at + 1], { name: `written ${at}` });
    await repository.delete(at + 2);
    await repository.insert({ id: 1_000 + at, name: `new ${at}` });
    await items.syncKeys([at, at + 1, at + 2, 1_000 + at]);
  }

  it('brings what is written meanwhile by comparing and mending, and says that this is all it knows', async () => {
    const here = await open();
    const { items, backend, created, documents, rows } = here;
    const before = await created();
    const gate = new Gate();
    beforeUpserts({ backend }, (index) => (isTarget(index) ? gate.pass() : undefined));
    const reindexing = items.reindex();
    await gate.reached;
    await write(here, 3);
    gate.open();
    const { audit } = await reindexing;
    expect(audit).toMatchObject({
      state: 'kept',
      covered: 'verify_and_repair',
      cutover: { happened: true },
      old: { kept: true, current: false, index: audit.target },
      problem: null,
    });
    expect(audit.repaired).toBeGreaterThan(0);
    expect(await created(audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
  });

  it('brings what is written to the old index between the comparison and the swap', async () => {
    const here = await open();
    const { items, backend, documents, rows } = here;
    const { swap } = backend.indexes;
    jest.spyOn(backend.indexes, 'swap').mockImplementationOnce(async (...given) => {
      await write(here, 20);
      return swap(...given);
    });
    expect((await items.reindex()).state).toBe('kept');
    expect(await documents()).toEqual(await rows());
  });

  it('mends the old index before a rollback', async () => {
    const here = await open();
    const { items, created, documents, rows } = here;
    const before = await created();
    const rebuild = await items.reindex();
    await write(here, 30);
    expect(await documents(rebuild.audit.target)).not.toEqual(await rows());
    expect(await rebuild.rollback()).toMatchObject({ state: 'rolled_back', old: { index: null, kept: false } });
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await created(rebuild.audit.target)).toBeUndefined();
    expect(await items.rebuild()).toBeNull();
  });

  it('is one at a time', async () => {
    const { items, backend, created } = await open();
    const gate = new Gate();
    beforeUpserts({ backend }, (index) => (isTarget(index) ? gate.pass() : undefined));
    const reindexing = items.reindex();
    await gate.reached;
    await expect(items.reindex()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    await expect(items.reindex({ resume: true })).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    await expect((await items.rebuild())!.abandon()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    gate.open();
    const first = await reindexing;
    await expect(items.reindex()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    for (const verb of ['cutover', 'abandon'] as const)
      await expect(first[verb]()).rejects.toMatchObject({ code: 'REBUILD_STATE' });
    await first.finish();
    expect(await created(first.audit.target)).toBeUndefined();
    expect((await items.reindex()).id).not.toBe(first.id);
  });

  it('drops what is abandoned, and nothing else', async () => {
    const { items, created, documents, rows } = await open();
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    expect(rebuild.audit).toMatchObject({ state: 'ready', cutover: { happened: false } });
    for (const verb of ['rollback', 'finish'] as const)
      await expect(rebuild[verb]()).rejects.toMatchObject({ code: 'REBUILD_STATE' });
    expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned', cutover: { happened: false } });
    expect(await created()).toBe(before);
    expect(await created(rebuild.audit.target)).toBeUndefined();
    expect(await documents()).toEqual(await rows());
  });

  it.each(['create', 'apply', 'swap'] as const)(
    'goes on where the engine could not be reached at `%s`',
    async (point) => {
      const { items, faults, created, documents, rows } = await open();
      const before = await created();
      faults.fail(point);
      await expect(items.reindex()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
      expect(await created()).toBe(before);
      expect((await items.reindex({ resume: true })).audit).toMatchObject({ state: 'kept' });
      expect(await documents()).toEqual(await rows());
    },
  );

  it('goes on where a swap has failed, and finds out one that got no answer', async () => {
    const { items, faults, created, documents, rows } = await open();
    const before = await created();
    faults.failTask('swap', { code: 'internal' });
    await expect(items.reindex()).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect(await created()).toBe(before);
    faults.timeOut('swap');
    const { audit } = await items.reindex({ resume: true });
    expect(audit.state).toBe('kept');
    expect(await created(audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
  });

  it('does not take a swap that was lost for one that has happened, nor swaps back one that came late', async () => {
    const { items, faults, created, documents, rows } = await open(3_000);
    const before = await created();
    faults.drop('swap');
    await expect(items.reindex()).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    expect(await created()).toBe(before);
    faults.late('swap', Infinity);
    await expect(items.reindex({ resume: true })).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    await faults.release();
    await until(async () => (await created()) !== before);
    const { audit } = await items.reindex({ resume: true });
    expect(audit.state).toBe('kept');
    expect(await created(audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
  });

  it('drops the old index where it is not to be kept, and needs none', async () => {
    const { items, backend, created, documents, rows } = await open();
    const first = await items.reindex({ keepOld: false });
    expect(first.audit).toMatchObject({ state: 'finished', old: { kept: false } });
    expect(await created(first.audit.target)).toBeUndefined();
    await backend.outcomes([await backend.indexes.drop(items.indexName)], { waitMs: 10_000 });
    const { audit } = await items.reindex();
    expect(audit).toMatchObject({ state: 'finished', notes: [expect.stringContaining('no live index')] });
    expect(await documents()).toEqual(await rows());
  });
});
