import { whims } from '../backfill/entities';
import { onEveryDatabase, onEveryEngine } from '../stacks/stack';
import { placesOn } from './place';

onEveryDatabase('a record that cannot become a document', (stack) => {
  const place = placesOn(stack);
  beforeEach(() => {
    whims.failsToProject = 'item 7';
  });
  afterEach(() => {
    whims.failsToProject = '';
  });
  const filled = async () => {
    whims.failsToProject = '';
    const here = await place();
    whims.failsToProject = 'item 7';
    return here;
  };

  it('stops a reindex that bears with none, and that goes on when it is mended', async () => {
    const { items, created, documents, rows, repository, written } = await filled();
    const before = await created();
    await expect(items.reindex()).rejects.toMatchObject({ code: 'PROJECTION_FAILED' });
    expect((await items.rebuild())!.audit).toMatchObject({ state: 'building', cutover: { happened: false } });
    expect(await created()).toBe(before);
    await written(() => repository.update(7, { name: 'mended' }));
    expect((await items.reindex({ resume: true })).audit).toMatchObject({ state: 'kept', failed: [] });
    expect(await documents()).toEqual(await rows());
  });

  it('is told by its key where one is borne with', async () => {
    const { items, documents, rows } = await filled();
    const { audit } = await items.reindex({ maxFailures: 1 });
    expect(audit).toMatchObject({ state: 'kept', documents: 299, failed: ['7'] });
    const { '7': _, ...others } = await rows();
    expect(await documents()).toEqual(others);
  });

  it('is told by its key where whoever met it was stopped behind it', async () => {
    const { items } = await filled();
    const stop = new AbortController();
    const stopped = items.reindex({
      maxFailures: 1,
      batchSize: 50,
      signal: stop.signal,
      onProgress: (progress) => {
        if (progress.step === 'fill' && progress.read >= 200) stop.abort(new Error('stopped'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    const { audit } = await items.reindex({ resume: true });
    expect(audit).toMatchObject({ state: 'kept', documents: 299, failed: ['7'], verified: { counts: { failed: 1 } } });
  });
});

onEveryEngine('a document that the engine refuses', (stack) => {
  const place = placesOn(stack);
  const refuse = {
    document: '7',
    times: Infinity,
    when: (documents: readonly { key: string }[]) => documents.some(({ key }) => key === '7'),
  };

  it('stops a reindex that bears with none, and that goes on when the engine takes it', async () => {
    const { items, faults, created, documents, rows } = await place();
    const before = await created();
    faults.failTask('upsert', refuse);
    await expect(items.reindex()).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect(await created()).toBe(before);
    await faults.clear();
    expect((await items.reindex({ resume: true })).audit).toMatchObject({ state: 'kept', documents: 300, failed: [] });
    expect(await documents()).toEqual(await rows());
  });

  it('is told by its key where one is borne with, and is the only one that is missing', async () => {
    const { items, faults, documents, rows } = await place();
    faults.failTask('upsert', refuse);
    const { audit } = await items.reindex({ maxFailures: 1 });
    expect(audit).toMatchObject({ state: 'kept', documents: 299, failed: ['7'], verified: { counts: { missing: 1 } } });
    const { '7': _, ...others } = await rows();
    expect(await documents()).toEqual(others);
  });
});
