import { onEveryDatabase, onPairs } from '../stacks/stack';
import { type Place, placesOn } from './place';

/** Searches as long as `work` lasts: none may fail or find nothing. */
async function searched<T>({ items }: Place, work: () => Promise<T>): Promise<{ value: T; searches: number }> {
  let over = false;
  let searches = 0;
  const polling = (async () => {
    while (!over) {
      const { page } = await items.search('item', { page: { number: 1, size: 1 } });
      expect(page.totalHits).toBeGreaterThan(100);
      searches += 1;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  // What fails in it is told at the end.
  polling.catch(() => undefined);
  try {
    return { value: await work(), searches };
  } finally {
    over = true;
    await polling;
  }
}

/** A few hundred writes of every kind, one behind the other, beside `work`. */
async function writtenBeside<T>({ repository }: Place, work: () => Promise<T>, from: number): Promise<T> {
  let over = false;
  let at = from;
  const writing = (async () => {
    for (; !over || at < from + 100; at += 1) {
      await repository.update((at * 37) % 200, { name: `item written ${at}` });
      await repository.insert({ id: 10_000 + at, name: `item new ${at}` });
      if (at % 3 === 0) await repository.delete(200 + (at % 90));
      if (at % 5 === 0) await repository.update((at * 11) % 200, { listed: at % 2 === 0 });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  try {
    return await work();
  } finally {
    over = true;
    await writing;
  }
}

onPairs('writes and searches around a cutover and a rollback', (stack) => {
  const place = placesOn(stack);

  it('lose nothing, and never fail or find nothing', async () => {
    const here = await place();
    const { items, scrypath, created, documents, rows } = here;
    const worker = scrypath.worker();
    await worker.start();
    const before = await created();
    const { value: rebuild, searches } = await searched(here, () => writtenBeside(here, () => items.reindex(), 0));
    expect(searches).toBeGreaterThan(10);
    expect(rebuild.state).toBe('kept');
    const marked = await items.markAllDirty();
    await scrypath.waitForCompletion(marked.token!);
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());

    await searched(here, () => writtenBeside(here, async () => undefined, 1_000));
    const rolledBack = await searched(here, () => writtenBeside(here, () => rebuild.rollback(), 2_000));
    expect(rolledBack.value).toMatchObject({ state: 'rolled_back' });
    expect(await created()).toBe(before);
    await here.settled();
    await worker.stop();
    expect(await documents()).toEqual(await rows());
  }, 60_000);
});

onEveryDatabase('an old index that is kept', (stack) => {
  const place = placesOn(stack);

  it('gets what an engine got only late', async () => {
    const here = await place();
    const { items, faults, repository, scrypath, documents, rows } = here;
    const rebuild = await items.reindex();
    faults.fail('upsert', { times: 3 });
    faults.failTask('remove');
    const { token } = await scrypath.track(async () => {
      await repository.update(3, { name: 'written' });
      await repository.delete(4);
    });
    await scrypath.waitForCompletion(token!);
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());
  });
});
