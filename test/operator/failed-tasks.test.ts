import { placesOn } from '../reindex/place';
import { onEveryEngine } from '../stacks/stack';

onEveryEngine('tasks that the engine failed, in the list of failed work', (stack) => {
  const open = placesOn(stack);

  async function refused(count: number) {
    const place = await open({ rows: 3 });
    const { backend, items } = place;
    const tasks = [];
    for (let at = 0; at < count; at += 1) tasks.push(await backend.indexes.create(items.indexName));
    await backend.outcomes(tasks, { waitMs: 30_000 });
    return { ...place, ids: tasks.map(({ id }) => `engine:${id}`).reverse() };
  }

  it('are what cannot be retried, with the reason', async () => {
    const { scrypath, items, ids } = await refused(1);
    const report = await scrypath.failedWork();
    expect(report).toMatchObject({
      items: [
        {
          ...{ id: ids[0], entity: 'Item', path: null, key: null, state: 'discarded', reason: 'backend_rejected' },
          ...{ code: 'index_already_exists', cause: null, attempts: 1, retryAt: null, retryable: false },
          why: expect.stringContaining('payload'),
        },
      ],
      next: null,
      counts: { retrying: 0, discarded: 0, byReason: {}, engine: { backend_rejected: 1 } },
    });
    expect(await items.failedWork()).toEqual(report);
    expect(await scrypath.failedWork({ engine: false })).toMatchObject({
      items: [],
      next: null,
      counts: { engine: null },
    });
    expect((await items.reconcile()).engineFailures).toMatchObject({
      value: [{ task: Number(ids[0]!.slice('engine:'.length)), retryable: false }],
    });
  });

  it('are neither retried nor discarded, and that says why', async () => {
    const { scrypath, ids } = await refused(1);
    for (const verb of ['retry', 'discard'] as const)
      await expect(scrypath[verb](ids[0]!)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('payload'),
        remedy: expect.stringMatching(/\w/),
      });
    expect((await scrypath.failedWork()).items).toHaveLength(1);
  });

  it('come behind the rows of the outbox, by pages, the newest first, and none is left out', async () => {
    const { scrypath, items, dataSource, backend, ids } = await refused(5);
    await items.markDirty({ id: 1 });
    await items.markDirty({ id: 2 });
    await dataSource.query(`UPDATE scrypath_outbox SET state = 'discarded', error_class = 'validation'`);
    // However few the engine gives at once.
    const failures = backend.failures!.bind(backend);
    jest
      .spyOn(backend, 'failures' as never)
      .mockImplementation(((index: string, options: { limit: number; before?: number }) =>
        failures(index, { ...options, limit: 2 })) as never);
    for (const limit of [1, 2, 3, 100]) {
      const seen: string[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const page = await scrypath.failedWork({ limit, after });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        expect(page.counts).toMatchObject({
          discarded: 2,
          byReason: { validation: 2 },
          engine: { backend_rejected: 5 },
        });
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
      }
      expect(seen.slice(2)).toEqual(ids);
      expect(new Set(seen).size).toBe(7);
    }
  });

  it('are not those of our own batches: what became of these, the outbox knows', async () => {
    const { scrypath, items, backend } = await refused(0);
    const ended = (tasks: Parameters<typeof backend.outcomes>[0]) => backend.outcomes(tasks, { waitMs: 30_000 });
    const refuse = async (options: { readonly batch?: string }) =>
      expect(await ended(await backend.remove(items.indexName, ['1'], options))).toMatchObject([{ status: 'failed' }]);
    await ended([await backend.indexes.drop(items.indexName)]);
    await refuse({ batch: 'ours' });
    expect((await scrypath.failedWork()).items).toEqual([]);
    await refuse({});
    expect((await scrypath.failedWork()).items).toMatchObject([{ code: 'index_not_found' }]);
  });

  it('make the list no shorter where the engine is away: the next page says why', async () => {
    const { scrypath, items, dataSource, backend } = await refused(1);
    await items.markDirty({ id: 1 });
    await dataSource.query(`UPDATE scrypath_outbox SET state = 'discarded', error_class = 'validation'`);
    const failures = jest.spyOn(backend, 'failures' as never).mockRejectedValue(new Error('away') as never);
    const { items: rows, next, counts } = await scrypath.failedWork();
    expect(rows).toMatchObject([{ reason: 'validation', retryable: true, why: null }]);
    expect(counts).toMatchObject({ discarded: 1, engine: null });
    await expect(scrypath.failedWork({ after: next! })).rejects.toThrow('away');
    failures.mockRestore();
    expect((await scrypath.failedWork({ after: next! })).items).toHaveLength(1);
  });
});
