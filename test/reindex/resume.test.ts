import { onEveryDatabase } from '../stacks/stack';
import { BRIEF, placesOn, until } from './place';

onEveryDatabase('a reindex that is gone on with', (stack) => {
  const place = placesOn(stack);

  it('keeps to what it was begun with', async () => {
    const { items, faults, backend, created, documents, rows } = await place();
    faults.fail('apply');
    const begun = items.reindex({ cutover: false, keepOld: false, settings: { stopWords: ['the'] } });
    await expect(begun).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    const rebuild = await items.reindex({ resume: true });
    expect(rebuild.state).toBe('ready');
    expect((await backend.indexes.settings(rebuild.audit.target)).stopWords).toEqual(['the']);
    expect(await rebuild.cutover()).toMatchObject({ state: 'finished', old: { kept: false } });
    expect((await backend.indexes.settings(items.indexName)).stopWords).toEqual(['the']);
    expect(await created(rebuild.audit.target)).toBeUndefined();
    expect(await documents()).toEqual(await rows());
  });

  it('does not take the empty index that it had made for one that was whole', async () => {
    const { items, faults, backend, documents, rows } = await place({ filled: false });
    await backend.outcomes([await backend.indexes.drop(items.indexName)], { waitMs: 5_000 });
    faults.fail('apply');
    await expect(items.reindex()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    const { audit } = await items.reindex({ resume: true });
    expect(audit).toMatchObject({
      state: 'finished',
      old: { kept: false },
      notes: [expect.stringContaining('no live index')],
    });
    expect(await documents()).toEqual(await rows());
  });

  it.each(['create', 'fill', 'replay', 'verify', 'swap'] as const)('was stopped by its signal at `%s`', async (at) => {
    const { items, created, documents, rows, repository, written } = await place({ rows: 1_000 });
    const before = await created();
    const stop = new AbortController();
    const begun = items.reindex({
      batchSize: 100,
      signal: stop.signal,
      onProgress: ({ step }) => {
        if (step === at) stop.abort(new Error('stopped'));
      },
    });
    await expect(begun).rejects.toThrow('stopped');
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
    await written(() => repository.update(3, { name: 'written meanwhile' }));
    const { audit } = await items.reindex({ resume: true });
    expect(audit).toMatchObject({ state: 'kept', documents: 1_000, repaired: 0 });
    expect(await created(audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await documents(audit.target)).toEqual(await rows());
  });

  it('drops the old index where a worker has found out that the names were swapped, and it is not to be kept', async () => {
    const { items, faults, created, documents, rows, repository, scrypath, settled } = await place({
      options: { outbox: BRIEF },
    });
    const before = await created();
    faults.timeOut('swap');
    faults.fail('remove', { times: Infinity });
    await expect(items.reindex({ keepOld: false })).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    await faults.clear();
    const rebuild = (await items.rebuild())!;
    expect(rebuild.audit).toMatchObject({ state: 'swapping', cutover: { happened: false } });
    const worker = scrypath.worker();
    await worker.start();
    await repository.update(3, { name: 'written meanwhile' });
    await until(async () => (await rebuild.refresh()).state === 'kept');
    const { audit } = await items.reindex({ resume: true });
    await settled();
    await worker.stop();
    expect(audit).toMatchObject({ state: 'finished', cutover: { happened: true } });
    expect(await created()).not.toBe(before);
    expect(await created(audit.target)).toBeUndefined();
    expect(await documents()).toEqual(await rows());
  });
});
