import { hostname } from 'node:os';
import { Item } from '../backfill/entities';
import { onEveryDatabase, onEveryEngine } from '../stacks/stack';
import { BRIEF, beforeUpserts, Gate, isTarget, placesOn, until } from './place';

onEveryDatabase('one rebuild of an entity at a time', (stack) => {
  const place = placesOn(stack);

  it('refuses a second one, and tells who is at work since when', async () => {
    const { items, backend, another, documents, rows } = await place();
    const gate = new Gate();
    beforeUpserts({ backend }, (index) => (isTarget(index) ? gate.pass() : undefined));
    const first = items.reindex();
    await gate.reached;
    const other = (await another()).for(Item);
    const { startedAt } = (await other.rebuild())!.audit;
    const refusal = {
      code: 'REBUILD_RUNNING',
      entity: 'Item',
      message: expect.stringMatching(
        new RegExp(`is building, since ${startedAt}; ${hostname()}:${process.pid} is at work on it`),
      ),
    };
    await expect(other.reindex()).rejects.toMatchObject(refusal);
    await expect(other.reindex({ resume: true })).rejects.toMatchObject(refusal);
    await expect(items.reindex()).rejects.toMatchObject(refusal);
    await expect((await other.rebuild())!.resume()).rejects.toMatchObject(refusal);
    await expect((await other.rebuild())!.abandon()).rejects.toMatchObject(refusal);
    gate.open();
    expect((await first).state).toBe('kept');
    expect(await documents()).toEqual(await rows());
  });

  it('begins one of two that are asked for at the same moment', async () => {
    const { items, another } = await place();
    const other = (await another()).for(Item);
    const begun = await Promise.allSettled([items.reindex(), other.reindex(), items.reindex(), other.reindex()]);
    const refused = begun.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(refused).toEqual(['REBUILD_RUNNING', 'REBUILD_RUNNING', 'REBUILD_RUNNING']);
  });

  it('refuses a second one while the old index is kept, until that is dropped', async () => {
    const { items, another, created } = await place();
    const first = await items.reindex();
    const other = (await another()).for(Item);
    await expect(other.reindex()).rejects.toMatchObject({
      code: 'REBUILD_RUNNING',
      message: expect.stringMatching(new RegExp(`${first.id}.* is kept, since .* was at work on it last`)),
    });
    const live = await created();
    await first.finish();
    const second = await other.reindex();
    expect(second.id).not.toBe(first.id);
    expect(second.audit.target).not.toBe(first.audit.target);
    expect(await created(second.audit.target)).toBe(live);
  });
});

onEveryDatabase('the states of a rebuild', (stack) => {
  const place = placesOn(stack);
  const wrong = { code: 'REBUILD_STATE' };

  it('lets nothing happen in the wrong one', async () => {
    const { items, documents, rows, created } = await place();
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    // Another one of the same rebuild, as a second program has it.
    const second = (await items.rebuild(rebuild.id))!;
    await expect(rebuild.rollback()).rejects.toMatchObject(wrong);
    await expect(rebuild.finish()).rejects.toMatchObject(wrong);
    await rebuild.cutover();
    await expect(second.cutover()).rejects.toMatchObject(wrong);
    await expect(second.abandon()).rejects.toMatchObject(wrong);
    expect(second.state).toBe('ready');
    expect(await second.refresh()).toMatchObject({ state: 'kept' });
    await rebuild.rollback();
    for (const verb of ['cutover', 'rollback', 'finish', 'abandon', 'resume'] as const)
      await expect(second[verb]()).rejects.toMatchObject(wrong);
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await items.rebuild()).toBeNull();
    expect((await items.rebuild(rebuild.id))!.audit).toMatchObject({
      state: 'rolled_back',
      cutover: { happened: true },
    });
  });
});

onEveryEngine('the end of a rebuild', (stack) => {
  const place = placesOn(stack);

  it('drops the old index at the cutover where it is not to be kept', async () => {
    const { items, created, documents, rows } = await place();
    const before = await created();
    const { audit } = await items.reindex({ keepOld: false });
    expect(audit).toMatchObject({ state: 'finished', cutover: { happened: true }, old: { index: null, kept: false } });
    expect(await created()).not.toBe(before);
    expect(await created(audit.target)).toBeUndefined();
    expect(await documents()).toEqual(await rows());
  });

  it.each(['finish', 'abandon'] as const)(
    'drops an index by %s, and a late request does not bring it back',
    async (verb) => {
      const { items, backend, faults, scrypath, repository, created, documents, rows } = await place({
        options: { outbox: BRIEF },
      });
      const rebuild = await items.reindex({ cutover: verb === 'finish' });
      const { target } = rebuild.audit;
      const arrived: number[] = [];
      // What goes to the index beside the live one hangs on its way.
      const { restore } = beforeUpserts({ backend }, (index) => {
        if (index !== target) return;
        faults.late('upsert', 1_200);
        arrived.push(Date.now() + 1_200);
        restore();
      });
      const { token } = await scrypath.track(() => repository.update(5, { name: 'late' }));
      await scrypath.waitForCompletion(token!, { timeoutMs: 300 }).catch(() => undefined);
      expect(arrived).toHaveLength(1);
      expect(Date.now()).toBeLessThan(arrived[0]!);
      await rebuild[verb]();
      expect(Date.now()).toBeGreaterThan(arrived[0]!);
      expect(await created(target)).toBeUndefined();
      await scrypath.waitForCompletion(token!);
      expect(await created(target)).toBeUndefined();
      expect(await documents()).toEqual(await rows());
    },
  );
});

onEveryDatabase('a backfill of the live index beside a rebuild', (stack) => {
  const place = placesOn(stack);

  it('works, and both indexes are whole', async () => {
    const { items, backend, repository, scrypath, documents, rows } = await place();
    const gate = new Gate();
    beforeUpserts({ backend }, (index) => (isTarget(index) ? gate.pass() : undefined));
    const reindexing = items.reindex();
    await gate.reached;
    await scrypath.withoutCapture('the backfill is to bring it', () => repository.update(9, { name: 'unseen' }));
    const filled = await items.backfill();
    expect(filled.documents).toBe(300);
    expect((await documents())['9']).toBe('unseen');
    gate.open();
    const { audit } = await reindexing;
    expect(audit.state).toBe('kept');
    expect(await documents()).toEqual(await rows());
  });

  it('keeps the names from being swapped while it runs', async () => {
    const { items, backend, created, documents, rows } = await place();
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    const gate = new Gate();
    beforeUpserts({ backend }, () => gate.pass());
    const filling = items.backfill();
    await gate.reached;
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    expect(await rebuild.refresh()).toMatchObject({ state: 'ready', cutover: { happened: false } });
    expect(await created()).toBe(before);
    gate.open();
    await filling;
    expect(await rebuild.cutover()).toMatchObject({ state: 'kept' });
    expect(await documents()).toEqual(await rows());
  });

  it('does not begin while the names are swapped', async () => {
    const { items, faults, documents, rows } = await place();
    const rebuild = await items.reindex({ cutover: false });
    faults.stall('swap');
    const cutover = rebuild.cutover();
    await until(async () => (await items.rebuild())?.state === 'swapping');
    await expect(items.backfill()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    await faults.release();
    expect(await cutover).toMatchObject({ state: 'kept' });
    expect((await items.backfill()).documents).toBe(300);
    expect(await documents()).toEqual(await rows());
  });
});

onEveryDatabase('writes while the names are swapped', (stack) => {
  const place = placesOn(stack);

  it('wait until the outcome is known, and are in both indexes then', async () => {
    const { items, faults, scrypath, repository, documents, rows, settled } = await place();
    const worker = scrypath.worker();
    await worker.start();
    const rebuild = await items.reindex({ cutover: false });
    faults.stall('swap');
    const cutover = rebuild.cutover();
    await until(async () => (await items.rebuild())?.state === 'swapping');
    const { token } = await scrypath.track(async () => {
      await repository.update(3, { name: 'written meanwhile' });
      await repository.delete(4);
    });
    await expect(scrypath.waitForCompletion(token!, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'WORK_TIMEOUT',
    });
    expect(await documents()).toMatchObject({ '3': 'item 3', '4': 'item 4' });
    await faults.release();
    expect(await cutover).toMatchObject({ state: 'kept' });
    await scrypath.waitForCompletion(token!);
    await settled();
    await worker.stop();
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());
  });
});
