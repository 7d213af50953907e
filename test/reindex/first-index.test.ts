import { type Backend, Scrypath, Searchable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { withFaults } from 'scrypath/testing';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { DATABASES, type DatabaseName, reachable } from '../stacks/reachable';
import { onEveryDatabase, onEveryEngine, openDatabase } from '../stacks/stack';
import { aPrefix, beforeUpserts, documentsIn, Gate, isTarget, placesOn, QUIET } from './place';

onEveryDatabase('a first reindex', (stack) => {
  const place = placesOn(stack);

  it('needs no live index: what it made in its stead is not kept', async () => {
    const { items, backend, documents, rows, created } = await place({ filled: false });
    await backend.outcomes([await backend.indexes.drop(items.indexName)], { waitMs: 5_000 });
    const { audit } = await items.reindex();
    expect(audit).toMatchObject({
      state: 'finished',
      documents: 300,
      cutover: { happened: true },
      old: { index: null, kept: false, current: false },
      notes: [expect.stringContaining('no live index')],
    });
    expect(await documents()).toEqual(await rows());
    expect(await created(audit.target)).toBeUndefined();
    expect(await items.rebuild()).toBeNull();
  });
});

onEveryEngine('a reindex and the live index that it finds', (stack) => {
  const place = placesOn(stack);

  it('brings settings to the target alone; the live index has them from the cutover on', async () => {
    const { items, backend } = await place();
    const stopWords = async (index: string) => (await backend.indexes.settings(index)).stopWords;
    const rebuild = await items.reindex({ cutover: false, settings: { stopWords: ['the'] } });
    expect(await stopWords(rebuild.audit.target)).toEqual(['the']);
    expect(await stopWords(items.indexName)).toEqual([]);
    expect(rebuild.audit.settings).toMatchObject({ stopWords: ['the'], searchableAttributes: ['name'] });
    await rebuild.cutover();
    expect(await stopWords(items.indexName)).toEqual(['the']);
    expect(await stopWords(rebuild.audit.target)).toEqual([]);
  });

  it('mends an index that was replaced behind our back, and keeps nothing of it', async () => {
    const { items, backend, repository, scrypath, documents, rows, written } = await place();
    const drop = await backend.indexes.drop(items.indexName);
    const create = await backend.indexes.create(items.indexName);
    await backend.outcomes([drop, create], { waitMs: 10_000 });
    const { token } = await scrypath.track(() => repository.update(1, { name: 'written while it was away' }));
    await expect(items.syncKeys([1], { mode: 'inline' })).rejects.toMatchObject({ code: 'INDEX_REPLACED' });
    const { audit } = await items.reindex();
    expect(audit).toMatchObject({ state: 'finished', old: { kept: false } });
    expect(audit.notes).toEqual([expect.stringContaining('not the one that was written to')]);
    await scrypath.waitForCompletion(token!);
    await written(() => repository.update(2, { name: 'written behind it' }));
    expect(await documents()).toEqual(await rows());
    expect((await documents())['1']).toBe('written while it was away');
  });
});

const { engines, databases } = reachable();

(engines.meilisearch.there ? describe : describe.skip)(
  'a live index that another program has made [meilisearch]',
  () => {
    const place = placesOn({ database: 'sqlite', engine: 'meilisearch' });

    it('may have another primary key: it is searched until the cutover, not written, and not kept', async () => {
      const { items, repository, backend, documents, rows, scrypath } = await place({ filled: false });
      const { url, apiKey } = (engines.meilisearch as { at: { url: string; apiKey: string } }).at;
      const ask = (method: string, path: string, body?: object) =>
        fetch(`${url}${path}`, {
          method,
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        }).then((response) => response.json() as Promise<{ taskUid: number }>);
      const done = async ({ taskUid: id }: { taskUid: number }) =>
        backend.outcomes([{ id, index: items.indexName }], { waitMs: 10_000 });
      await done(await ask('DELETE', `/indexes/${items.indexName}`));
      await done(await ask('POST', '/indexes', { uid: items.indexName, primaryKey: 'id' }));
      await done(await ask('POST', `/indexes/${items.indexName}/documents`, [{ id: 7, name: 'foreign' }]));

      const gate = new Gate();
      beforeUpserts({ backend }, (index) => (isTarget(index) ? gate.pass() : undefined));
      const reindexing = items.reindex();
      await gate.reached;
      // The gate holds the fill alone; what comes meanwhile goes to the target, and not to the foreign index.
      const { token } = await scrypath.track(() => repository.update(3, { name: 'written meanwhile' }));
      await scrypath.waitForCompletion(token!);
      const live = (await ask('GET', `/indexes/${items.indexName}/documents`)) as unknown as { results: object[] };
      expect(live.results).toEqual([{ id: 7, name: 'foreign' }]);
      gate.open();
      const { audit } = await reindexing;
      expect(audit).toMatchObject({
        state: 'finished',
        old: { index: null, kept: false, current: false },
        repaired: 0,
        notes: expect.arrayContaining([expect.stringContaining('another primary key')]),
      });
      expect(await documents()).toEqual(await rows());
      expect((await documents())['3']).toBe('written meanwhile');
      expect((await backend.indexes.get(items.indexName))!.primaryKey).toBe('_key');
      expect(await backend.indexes.get(audit.target)).toBeNull();
    });
  },
);

/** One table, keyed as the application did it first, and as it does it now. */
const PartByNumber = (() => {
  @Entity()
  @Searchable({ index: 'parts' })
  class Part {
    @PrimaryColumn() number!: number;
    @Searchable() @Column({ length: 40 }) code!: string;
    @Searchable() @Column() name!: string;
  }
  return Part;
})();
const PartByCode = (() => {
  @Entity()
  @Searchable({ index: 'parts' })
  class Part {
    @Searchable() @Column() number!: number;
    @PrimaryColumn({ length: 40 }) code!: string;
    @Searchable() @Column() name!: string;
  }
  return Part;
})();

const servers = DATABASES.filter((name) => name !== 'sqlite' && databases[name].there);

(servers.length > 0 ? describe.each(servers) : describe.skip.each(['no server database']))(
  'an entity whose primary key is another field now [%s · embedded]',
  (name) => {
    it('has its documents under the new keys, and no others, after a reindex', async () => {
      const { dataSource, drop } = await openDatabase(name as DatabaseName, [PartByNumber]);
      const engine = withFaults(embedded()).backend;
      // Both instances work on it, and each closes what it is given.
      const backend: Backend = { ...engine, close: async () => undefined };
      const options = { backend, prefix: aPrefix(), logger: QUIET, sync: { mode: 'queued' }, capture: 'orm' } as const;
      const before = new Scrypath({ ...options, dataSource });
      await before.start();
      const parts = [...Array(50).keys()].map((number) => ({ number, code: `C${number}`, name: `part ${number}` }));
      await before.withoutCapture('seed', () => dataSource.getRepository(PartByNumber).insert(parts));
      await before.for(PartByNumber).backfill();
      await before.close();
      const { url } = dataSource.options as unknown as { url: string };
      const now = new DataSource(dataSourceOptions(url, { entities: [PartByCode] }));
      const after = new Scrypath({ ...options, dataSource: await now.initialize() });
      await after.start();
      const index = after.for(PartByCode).indexName;
      expect(Object.keys(await documentsIn(backend, index))).toContain('7');
      const worker = after.worker();
      await worker.start();
      const repository = now.getRepository(PartByCode);
      const gate = new Gate();
      const { upsert } = backend;
      jest.spyOn(backend, 'upsert').mockImplementation(async (...given) => {
        if (isTarget(given[0])) await gate.pass();
        return upsert(...given);
      });
      const reindexing = after.for(PartByCode).reindex();
      await gate.reached;
      await repository.update('C3', { name: 'written meanwhile' });
      await repository.delete('C4');
      gate.open();
      const { audit } = await reindexing;
      const expected = parts.filter(({ code }) => code !== 'C4').map(({ code, name }) => [code, name]);
      expect(await documentsIn(backend, index)).toEqual({
        ...Object.fromEntries(expected),
        C3: 'written meanwhile',
      });
      expect(audit).toMatchObject({ state: 'kept', problem: null });
      await worker.stop();
      await after.close();
      await now.destroy();
      await engine.close!();
      await drop();
    });
  },
);
