import { Item } from '../backfill/entities';
import { BRIEF, placesOn } from '../reindex/place';
import { onEveryDatabase, onEveryEngine } from '../stacks/stack';
import { shopsOn, Thing } from './things';

const idsOf = ({ actions }: { readonly actions: readonly { readonly id: string }[] }) => actions.map(({ id }) => id);
const gone = async (place: { dataSource: { query(sql: string): Promise<unknown> } }, ids: string) =>
  place.dataSource.query(`DELETE FROM item WHERE id IN (${ids})`);

onEveryDatabase('reconcile while a target exists', (stack) => {
  const open = placesOn(stack);

  it('recommends its cutover or its end, never a backfill, whatever else is wrong', async () => {
    const place = await open({ rows: 40 });
    const rebuild = await place.items.reindex({ cutover: false });
    await gone(place, Array.from({ length: 30 }, (_, at) => at + 1).join(', '));
    const report = await place.items.reconcile({ maxListed: 5 });
    expect(idsOf(report)).toEqual(['cutover:Item', 'abandon:Item']);
    expect(report.rebuild).toMatchObject({
      observed: true,
      value: {
        live: place.items.indexName,
        target: rebuild.audit.target,
        taskState: 'completed',
        cutover: 'not_started',
      },
    });
    // What differs is mended in both, where its keys are known.
    expect(idsOf(await place.items.reconcile())).toEqual(['cutover:Item', 'abandon:Item', 'repair:Item']);
    const { applied } = await place.items.reconcile({ apply: 'cutover:Item' });
    expect(applied).toMatchObject({ kind: 'cutover', rebuild: { state: 'kept', cutover: { happened: true } } });
    const after = await place.items.reconcile();
    expect(after.rebuild).toMatchObject({ value: { taskState: 'completed', cutover: 'completed' } });
    expect(after).toMatchObject({ signals: [], actions: [] });
    await (await place.items.rebuild())!.finish();
  });

  it('abandons one that has stopped, and says so when it is gone', async () => {
    const place = await open({ rows: 10 });
    const stop = new AbortController();
    const onProgress = ({ step }: { readonly step: string }) => {
      if (step === 'fill') stop.abort(new Error('stopped'));
    };
    await expect(place.items.reindex({ signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    const report = await place.items.reconcile();
    expect(report.rebuild).toMatchObject({ value: { taskState: 'failed', cutover: 'not_started' } });
    expect(idsOf(report)).toEqual(['resume:Item', 'abandon:Item']);
    const { applied } = await place.items.reconcile({ apply: 'abandon:Item' });
    expect(applied).toMatchObject({ kind: 'abandon', rebuild: { state: 'abandoned' } });
    expect(await place.items.drift()).toMatchObject({ clean: true });
    await expect(place.items.reconcile({ apply: 'abandon:Item' })).rejects.toMatchObject({
      code: 'ACTION_NOT_OFFERED',
    });
  });
});

onEveryDatabase('what the documents of an index were made by', (stack) => {
  const open = shopsOn(stack);

  it('travels with the index through cutover and rollback, and is never written over by a start', async () => {
    const shop = await open();
    const things = (await shop.deploy('first')).for(Thing);
    await things.backfill();
    const later = (await shop.deploy('newerVersion')).for(Thing);
    const changed = async (service: typeof later) => (await service.drift({ content: false })).contract;
    expect(await changed(later)).toEqual({ observed: true, value: { changed: ['projection'] } });
    // Another start of the later program changes nothing of that.
    expect(await changed((await shop.deploy('newerVersion')).for(Thing))).toMatchObject({
      value: { changed: ['projection'] },
    });
    const rebuild = await later.reindex();
    expect(await changed(later)).toEqual({ observed: true, value: { changed: [] } });
    await rebuild.rollback();
    expect(await changed(later)).toMatchObject({ value: { changed: ['projection'] } });
  });

  it('is noted by a repair that finds nothing to mend, and by no other', async () => {
    const shop = await open();
    await (await shop.deploy('first', { sync: { mode: 'inline' } })).for(Thing).backfill();
    const contract = async (declaration: Parameters<typeof shop.deploy>[0]) =>
      (await (await shop.deploy(declaration)).for(Thing).drift({ content: false })).contract;
    const scrypath = await shop.deploy('first');
    const things = scrypath.for(Thing);
    await shop.dataSource.query(`UPDATE thing SET name = 'Unseen' WHERE id = 1`);
    const unknown = { observed: false, why: expect.stringContaining('repair()') };

    const mended = await things.repair({ maxKeys: 1 });
    expect(mended).toMatchObject({ mended: { stale: 1 }, contractNoted: false });
    await scrypath.waitForCompletion(mended.token!);
    const other = (await shop.deploy('otherSettings')).for(Thing);
    expect(await other.repair()).toMatchObject({ token: null, contractNoted: false });
    // The names were swapped while it compared.
    const { createdAt, ...index } = (await shop.backend.indexes.get(things.indexName))!;
    const get = jest.spyOn(shop.backend.indexes, 'get').mockResolvedValueOnce({ ...index, createdAt });
    get.mockResolvedValue({ ...index, createdAt: '2020-01-01T00:00:00Z' });
    expect(await things.repair()).toMatchObject({ token: null, contractNoted: false });
    get.mockRestore();
    expect(await contract('first')).toEqual(unknown);

    expect(await things.repair()).toMatchObject({ token: null, ended: 'whole', contractNoted: true });
    expect(await contract('first')).toEqual({ observed: true, value: { changed: [] } });
    expect(await things.drift()).toMatchObject({ clean: true });
    expect(await contract('newerVersion')).toEqual({ observed: true, value: { changed: ['projection'] } });
    // What is known is not written over.
    const later = (await shop.deploy('newerVersion')).for(Thing);
    expect(await later.repair()).toMatchObject({ token: null, contractNoted: false });
    expect(await contract('newerVersion')).toMatchObject({ value: { changed: ['projection'] } });
  });

  it('is not noted while something is under way: that was not compared', async () => {
    const shop = await open();
    await (await shop.deploy('first', { sync: { mode: 'inline' } })).for(Thing).backfill();
    const things = (await shop.deploy('first')).for(Thing);
    await things.markDirty({ id: 2 });
    await shop.dataSource.query(`UPDATE thing SET name = 'Under way' WHERE id = 2`);
    expect(await things.repair()).toMatchObject({ mended: { stale: 0 }, token: null, contractNoted: false });
  }, 60_000);

  it('is not claimed of an index that was there before, nor without an outbox', async () => {
    const shop = await open();
    await shop.deploy('first', { sync: { mode: 'inline' } });
    const plain = (await shop.deploy('first', { sync: { mode: 'inline' } })).for(Thing);
    expect((await plain.drift()).contract).toEqual({ observed: false, why: expect.stringContaining('no outbox') });
    const queued = (await shop.deploy('first')).for(Thing);
    expect((await queued.drift()).contract).toEqual({ observed: false, why: expect.stringContaining('before') });
  });
});

onEveryEngine('repair', (stack) => {
  const open = placesOn(stack);

  it('mends no more keys than it is given, says where it ended, and goes on with the next', async () => {
    const place = await open({ rows: 50 });
    await gone(place, '1, 2, 3, 4');
    await place.dataSource.query(`UPDATE item SET name = 'Changed' WHERE id IN (10, 11, 12)`);
    const first = await place.items.repair({ maxKeys: 2, pageSize: 10 });
    expect(first).toMatchObject({ ended: 'max_keys', mended: { missing: 0, extra: 2, stale: 0 } });
    await place.items.waitForCompletion(first.token!);
    const second = await place.items.repair({ kinds: ['stale'] });
    expect(second).toMatchObject({ ended: 'whole', mended: { stale: 3, extra: 0 } });
    const third = await place.items.repair();
    expect(third).toMatchObject({ ended: 'whole', mended: { missing: 0, extra: 2, stale: 0 } });
    for (const { token } of [second, third]) await place.items.waitForCompletion(token!);
    expect(await place.items.repair()).toMatchObject({ token: null, mended: { missing: 0, extra: 0, stale: 0 } });
    expect(await place.documents()).toEqual(await place.rows());
  });

  it('ends when its time is over', async () => {
    const place = await open({ rows: 50 });
    await place.dataSource.query(`UPDATE item SET name = 'Changed'`);
    const { ended, mended } = await place.items.repair({ maxSeconds: 0.000_001, pageSize: 5 });
    expect(ended).toBe('max_seconds');
    expect(mended.stale).toBeGreaterThan(0);
  });

  it('leaves alone, and names, documents whose key no record can have', async () => {
    const place = await open({ rows: 5 });
    const keys = ['none_zz', 'two_-parts'];
    const documents = keys.map((key) => ({ key, data: { name: 'x' }, source: 'fields' }) as const);
    await place.backend.outcomes(await place.backend.upsert(place.items.indexName, documents), { waitMs: 30_000 });
    const report = await place.items.repair();
    expect([...report.foreign].sort()).toEqual(keys);
    expect(report).toMatchObject({ token: null, mended: { extra: 0 } });
    const { applied } = await place.items.reconcile({ apply: 'repair:Item' });
    expect(applied).toMatchObject({ mended: 0, foreign: expect.arrayContaining(keys) });
    await place.items.reindex();
    expect(await place.items.drift()).toMatchObject({ clean: true });
  });

  it.each([{ maxKeys: 0 }, { maxSeconds: 0 }, { kinds: ['failed'] }])('refuses %j', async (options) => {
    const place = await open({ rows: 1 });
    await expect(place.items.repair(options as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

onEveryEngine('reconcile', (stack) => {
  const open = placesOn(stack);

  it('of an instance looks at each entity, and applies to the one that is named', async () => {
    const place = await open({ rows: 10 });
    await gone(place, '1');
    const [report] = await place.scrypath.reconcile();
    expect(report).toMatchObject({ entity: 'Item', signals: [{ kind: 'extra', count: 1 }], applied: null });
    expect((await place.scrypath.drift()).map(({ entity, clean }) => [entity, clean])).toEqual([['Item', false]]);
    const [done] = await place.scrypath.reconcile({ apply: 'repair:Item' });
    expect(done!.applied).toMatchObject({ kind: 'repair', mended: 1 });
    expect(await place.items.drift()).toMatchObject({ clean: true });
    for (const apply of ['repair:Item', 'repair:Nobody', 'nonsense', ''])
      await expect(place.scrypath.reconcile({ apply })).rejects.toMatchObject({ code: 'ACTION_NOT_OFFERED' });
  });

  it('lists tasks that the engine failed for others, as what cannot be retried', async () => {
    const place = await open({ rows: 3 });
    expect((await place.items.reconcile()).engineFailures).toEqual({ observed: true, value: [] });
    const { indexName } = place.items;
    const task = await place.backend.indexes.create(indexName);
    await place.backend.outcomes([task], { waitMs: 30_000 });
    expect((await place.items.reconcile()).engineFailures).toEqual({
      observed: true,
      value: [
        {
          ...{ task: task.id, index: indexName, code: 'index_already_exists', retryable: false },
          failedAt: stack.engine === 'embedded' ? null : expect.stringMatching(/^\d{4}-/),
          why: expect.stringContaining('payload'),
        },
      ],
    });
    jest.spyOn(place.backend, 'failures' as never).mockRejectedValue(new Error('away') as never);
    expect((await place.items.reconcile()).engineFailures).toEqual({ observed: false, why: 'Error' });
  });

  it('mends without an outbox too', async () => {
    const place = await open({ rows: 10, options: { outbox: false, sync: { mode: 'inline' }, capture: 'none' } });
    await gone(place, '2, 3');
    await place.dataSource.query(`UPDATE item SET name = 'Changed' WHERE id = 4`);
    const { signals, failedWork } = await place.items.reconcile();
    expect(signals.map(({ kind, count }) => [kind, count])).toEqual([
      ['extra', 2],
      ['stale', 1],
    ]);
    expect(failedWork).toMatchObject({ observed: false });
    expect((await place.items.reconcile({ apply: 'repair:Item' })).applied).toMatchObject({ mended: 3 });
    expect(await place.items.drift()).toMatchObject({ clean: true, signals: [] });
  });

  it('is frozen, JSON, and holds no document', async () => {
    const place = await open({ rows: 10 });
    await place.dataSource.query(`UPDATE item SET name = 'Confidential' WHERE id = 4`);
    const report = await place.items.reconcile();
    const text = JSON.stringify(report);
    expect(text).not.toContain('Confidential');
    expect(JSON.parse(text).drift.content.value.differences).toEqual([{ kind: 'stale', key: '4' }]);
    expect([report, report.drift, report.signals, report.actions].every(Object.isFrozen)).toBe(true);
  });

  it('says of an engine that is away that nothing was seen, and recommends nothing', async () => {
    const place = await open({ rows: 5, options: { outbox: BRIEF } });
    const away = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    for (const name of ['get', 'settings', 'stats'] as const)
      jest.spyOn(place.backend.indexes, name).mockRejectedValue(away);
    const { documents } = place.backend;
    for (const name of ['fetch', 'texts', 'extent'] as const)
      if (documents[name] !== undefined) jest.spyOn(documents, name).mockRejectedValue(away as never);
    const { drift, actions } = await place.items.reconcile();
    for (const figure of [drift.content, drift.settings, drift.counts, drift.liveIndex, drift.contract])
      expect(figure).toEqual({ observed: false, why: expect.any(String) });
    expect(drift).toMatchObject({ clean: false, signals: [] });
    expect(actions).toEqual([]);
  });

  it('takes work that is under way for no drift', async () => {
    const place = await open({ rows: 5 });
    await place.repository.update({ id: 1 }, { name: 'On its way' });
    const report = await place.items.drift();
    expect(report.signals).toEqual([]);
    expect(report.content).toMatchObject({ value: { counts: { pending: 1 } } });
    expect(report.entity).toBe(Item.name);
  }, 60_000);
});
