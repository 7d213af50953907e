import { ScrypathError, Searchable, SearchDocument } from 'scrypath';
import type { Faults } from 'scrypath/testing';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { onEveryDatabase, onEveryEngine } from '../stacks/stack';
import { beforeUpserts, type Place, placesOn, QUIET } from './place';

const refusal = () => new ScrypathError({ code: 'BACKEND_REJECTED', happened: 'The engine does not take it.' });

onEveryEngine('a target that is not the one that was made', (stack) => {
  const place = placesOn(stack);

  /** Longer than an answer of the engine is trusted. */
  const later = () => new Promise((resolve) => setTimeout(resolve, 1_100));

  it.each([
    ['dropped', async ({ backend }: Place, target: string) => [await backend.indexes.drop(target)]],
    [
      'made anew',
      async ({ backend }: Place, target: string) => [
        await backend.indexes.drop(target),
        await backend.indexes.create(target),
      ],
    ],
  ])('since it was %s: the live index goes on, and the rebuild can only be abandoned', async (_, change) => {
    const here = await place();
    const { items, backend, repository, written, created, documents, rows, scrypath } = here;
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    const { target } = rebuild.audit;
    await backend.outcomes(await change(here, target), { waitMs: 10_000 });
    await later();
    await written(() => repository.update(3, { name: 'written behind it' }));
    expect(await rebuild.refresh()).toMatchObject({ state: 'ready', problem: 'INDEX_REPLACED' });
    expect(await documents()).toEqual(await rows());
    expect((await scrypath.failedWork()).items).toEqual([]);
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'INDEX_REPLACED' });
    await expect(items.reindex({ resume: true })).resolves.toMatchObject({ state: 'ready' });
    expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned', problem: 'INDEX_REPLACED' });
    expect(await created(target)).toBeUndefined();
    expect(await created()).toBe(before);
    await written(() => repository.update(4, { name: 'written at last' }));
    expect(await documents()).toEqual(await rows());
    expect((await items.reindex()).state).toBe('kept');
  });

  it('refuses the cutover where nobody has written since', async () => {
    const { items, backend, created } = await place();
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    await backend.outcomes([await backend.indexes.drop(rebuild.audit.target)], { waitMs: 10_000 });
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'INDEX_REPLACED' });
    expect(await created()).toBe(before);
    expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned' });
  });

  it('after the cutover leaves no way back, and an end', async () => {
    const { items, backend, repository, written, documents, rows } = await place();
    const rebuild = await items.reindex();
    await backend.outcomes([await backend.indexes.drop(rebuild.audit.target)], { waitMs: 10_000 });
    await later();
    await written(() => repository.update(3, { name: 'written behind it' }));
    expect(await rebuild.refresh()).toMatchObject({
      state: 'kept',
      problem: 'INDEX_REPLACED',
      old: { kept: true, current: false },
    });
    await expect(rebuild.rollback()).rejects.toMatchObject({ code: 'INDEX_REPLACED' });
    expect(await rebuild.finish()).toMatchObject({ state: 'finished' });
    expect(await documents()).toEqual(await rows());
  });

  it('stops a cutover where the live index is another one', async () => {
    const { items, backend } = await place();
    const rebuild = await items.reindex({ cutover: false });
    const drop = await backend.indexes.drop(items.indexName);
    const create = await backend.indexes.create(items.indexName);
    await backend.outcomes([drop, create], { waitMs: 10_000 });
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'INDEX_REPLACED' });
    expect(await rebuild.refresh()).toMatchObject({ state: 'ready' });
    expect(await rebuild.abandon()).toMatchObject({ state: 'abandoned' });
  });
});

onEveryDatabase('a document that only the target refuses', (stack) => {
  const place = placesOn(stack);
  const outbox = async ({ dataSource }: Place) => dataSource.query('SELECT * FROM scrypath_outbox');

  it.each([
    [
      'with its request',
      () => {
        throw refusal();
      },
    ],
    ['with its task', (faults: Faults) => faults.failTask('upsert', { document: '7' })],
  ])('%s holds up nobody, and is not swapped in', async (_, refuse) => {
    const here = await place();
    const { items, backend, faults, scrypath, repository, created, documents, rows, written } = here;
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    const { target } = rebuild.audit;
    const cause = beforeUpserts({ backend }, (index, keys) => {
      if (index === target && keys.includes('7')) refuse(faults);
    });
    await written(() => repository.update([7, 8, 9], { name: 'written' }));
    expect(await documents()).toEqual(await rows());
    expect((await scrypath.failedWork()).items).toEqual([]);
    expect(await outbox(here)).toEqual([]);
    expect((await documents(target))['7']).toBe('item 7');

    const error = await rebuild.cutover().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'REBUILD_DIFFERS', keys: ['7'], index: target });
    expect(String(error)).not.toContain('written');
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect((await scrypath.failedWork()).items).toEqual([]);
    expect(await rebuild.refresh()).toMatchObject({ state: 'ready', problem: null });

    cause.restore();
    await faults.clear();
    expect(await rebuild.cutover()).toMatchObject({ state: 'kept' });
    expect(await created(target)).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await outbox(here)).toEqual([]);
  });

  it('after the cutover holds up nobody, and keeps the old index from coming back', async () => {
    const here = await place();
    const { items, backend, repository, created, documents, rows, written } = here;
    const before = await created();
    const rebuild = await items.reindex();
    const { target } = rebuild.audit;
    const cause = beforeUpserts({ backend }, (index, keys) => {
      if (index === target && keys.includes('7')) throw refusal();
    });
    await written(() => repository.update([7, 8], { name: 'written' }));
    expect(await documents()).toEqual(await rows());
    await expect(rebuild.rollback()).rejects.toMatchObject({ code: 'REBUILD_DIFFERS' });
    expect(await created(target)).toBe(before);
    cause.restore();
    expect(await rebuild.rollback()).toMatchObject({ state: 'rolled_back' });
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
  });
});

@Entity()
@Searchable({ index: 'spots' })
class Spot {
  @PrimaryGeneratedColumn() id!: number;
  @Column() name!: string;
  @Column() lat!: string;
  @SearchDocument() toSearchDocument() {
    return { name: this.name, _geo: { lat: this.lat, lng: '1' } };
  }
}

onEveryEngine('a document that only the settings of the target refuse', ({ engine, use }) => {
  if (engine !== 'meilisearch')
    return void it.skip('skipped: this engine refuses no document for its settings', () => undefined);
  const stack = use([Spot], { sync: { mode: 'queued' }, capture: 'orm', logger: QUIET });

  it('is in the live index, and is told by its key', async () => {
    const repository = stack.dataSource.getRepository(Spot);
    const spots = stack.for(Spot);
    const save = async (spot: Partial<Spot>) => {
      const { token } = await stack.scrypath.track(() => repository.save(spot));
      await stack.scrypath.waitForCompletion(token!);
    };
    const seed = [...Array(40).keys()].map((at) => ({ name: `spot ${at}`, lat: String(at) }));
    await stack.scrypath.withoutCapture('seed', () => repository.save(seed));
    await spots.backfill();
    const rebuild = await spots.reindex({ cutover: false, settings: { filterableAttributes: ['_geo'] } });
    await save({ id: 7, lat: 'north' });
    await save({ id: 8, lat: '8.5' });
    const [found] = await stack.backend.documents.fetch(spots.indexName, ['7']);
    expect(found!.data).toMatchObject({ _geo: { lat: 'north' } });
    expect((await stack.scrypath.failedWork()).items).toEqual([]);
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'REBUILD_DIFFERS', keys: ['7'] });
    await save({ id: 7, lat: '7.5' });
    expect(await rebuild.cutover()).toMatchObject({ state: 'kept' });
    expect(await spots.verify()).toMatchObject({ clean: true });
    await rebuild.finish();
  });
});
