import type { JsonObject } from '../../src/document/json';
import { differencesOf } from '../../src/verify/differences';
import { verifyIndex } from '../../src/verify/verify-index';
import type { VerifyProgress } from '../../src/verify/verify-report';
import { aDirector, aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { type Opened, onEveryStack } from '../stacks/stack';
import {
  Account,
  accounts,
  foldedOn,
  Seat,
  Session,
  seats,
  sessions,
  smallAccounts,
  Whimsical,
  whims,
} from './entities';
import { ended, keysOf, removeDocuments, siteOf, storedData, verified, writeDocuments } from './opened';

onEveryStack('an index is verified', ({ use, database }) => {
  const Folded = foldedOn(database);
  const stack = use([...MOVIE_ENTITIES, Seat, Account, Session, Whimsical, Folded]);
  const movies = () => stack.for(Movie);
  const repository = () => stack.dataSource.getRepository(Movie);
  const indexed = async (count: number): Promise<Movie[]> => {
    const saved = await repository().save(Array.from({ length: count }, () => aMovie({ budget: '1.50', views: '7' })));
    // As the database spells its numbers: SQLite says 1.5.
    await movies().syncKeys(saved.map(({ id }) => id));
    return saved;
  };
  const keys = (...some: readonly Movie[]) => some.map((movie) => movies().keyOf(movie)).sort();

  afterEach(async () => {
    Object.assign(whims, { failsToLoad: '', failsToProject: '' });
    for (const entity of [Movie, Seat, Account, Session, Whimsical, Folded]) {
      await stack.dataSource.getRepository(entity).deleteAll();
      await emptied(stack, stack.for(entity as typeof Seat).indexName);
    }
  });

  it('one that holds what the database does is clean', async () => {
    await indexed(5);
    const report = await verified(stack, Movie, { pageSize: 2 });
    expect(report).toMatchObject({ index: movies().indexName, rows: 5, documents: 5, differences: [], clean: true });
    expect(report.counts).toEqual({ missing: 0, extra: 0, stale: 0, failed: 0, pending: 0 });
    expect(report.seconds).toBeGreaterThan(0);
  });

  it.each([0, -3, 1.5, Number.NaN])('refuses pages of %s rows, which would have no end', async (pageSize) => {
    await expect(verified(stack, Movie, { pageSize })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(movies().verify({ pageSize })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('no rows and no documents are clean', async () => {
    expect(await verified(stack, Movie)).toMatchObject({ rows: 0, documents: 0, clean: true });
  });

  it('an empty index: everything is missing', async () => {
    const saved = await repository().save([aMovie(), aMovie(), aMovie()]);
    const report = await verified(stack, Movie, { pageSize: 2 });
    expect(keysOf(report)).toEqual({ missing: keys(...saved) });
    expect(report).toMatchObject({ counts: { missing: 3 }, clean: false });
  });

  it('an empty table: everything is extra', async () => {
    const saved = await indexed(3);
    const all = keys(...saved);
    await repository().deleteAll();
    const report = await verified(stack, Movie, { pageSize: 2 });
    expect(keysOf(report)).toEqual({ extra: all });
    expect(report).toMatchObject({ rows: 0, documents: 3, clean: false });
  });

  it('names exactly what is missing, extra and stale', async () => {
    const [gone, ghost, stale, ...others] = await indexed(6);
    const { indexName } = movies();
    await removeDocuments(stack.backend, indexName, keys(gone!));
    await repository().delete(ghost!.id);
    await repository().update(stale!.id, { title: 'Renamed' });
    const report = await verified(stack, Movie, { pageSize: 2 });
    expect(keysOf(report)).toEqual({
      missing: keys(gone!),
      extra: keys(ghost!),
      stale: keys(stale!),
    });
    expect(others).toHaveLength(3);
  });

  it.each([
    ['a longer one', (name: string) => `${name}!`],
    ['one of the same length', (name: string) => `${name.slice(0, -1)}!`],
    ['a shorter one', (name: string) => name.slice(0, -1)],
  ])('one nested value that was altered in the engine to %s is found as exactly that key', async (_, alter) => {
    const [altered] = await indexed(4);
    const [key] = keys(altered!);
    const data = await storedData(stack, movies(), key!);
    const director = data.director as { name: string };
    director.name = alter(director.name);
    await writeDocuments(stack.backend, movies().indexName, { [key!]: data as JsonObject });
    expect(keysOf(await verified(stack, Movie))).toEqual({ stale: [key] });
  });

  it('null where a member is missing, and a member that is there beside the others, are stale; their order is not', async () => {
    const [without, beside, reordered] = await indexed(3);
    const { indexName } = movies();
    const write = async (movie: Movie, change: (data: Record<string, unknown>) => object) => {
      const [key] = keys(movie);
      const data = change(await storedData(stack, movies(), key!));
      await writeDocuments(stack.backend, indexName, { [key!]: data as JsonObject });
    };
    await write(without!, ({ plot: _, ...data }) => data);
    await write(beside!, (data) => ({ ...data, beside: null }));
    await write(reordered!, (data) => Object.fromEntries(Object.entries(data).reverse()));
    expect(keysOf(await verified(stack, Movie))).toEqual({ stale: keys(without!, beside!) });
  });

  it('a document of a soft-deleted record, and of one that does not belong in the index, are extra', async () => {
    const [deleted, old] = await indexed(3);
    await repository().softDelete(deleted!.id);
    await repository().update(old!.id, { year: 1899 });
    expect(keysOf(await verified(stack, Movie))).toEqual({ extra: keys(deleted!, old!) });
  });

  it('records that do not belong in the index are not missing', async () => {
    const saved = await repository().save([aMovie({ year: 1899 }), aMovie()]);
    await movies().syncRecords(saved);
    await repository().softDelete(saved[1]!.id);
    await movies().syncKeys([saved[1]!.id]);
    expect(await verified(stack, Movie)).toMatchObject({ rows: 1, documents: 0, clean: true });
  });

  it('a related record that was changed makes its documents stale', async () => {
    const director = aDirector();
    const saved = await repository().save([aMovie({ director }), aMovie()]);
    await movies().syncRecords(saved);
    await stack.dataSource.getRepository('Director').update(director.id, { name: 'Renamed' });
    expect(keysOf(await verified(stack, Movie))).toEqual({ stale: keys(saved[0]!) });
  });

  it('another index is compared with the same records', async () => {
    const [record] = await indexed(2);
    const index = `${movies().indexName}_other`;
    try {
      await ended(stack.backend, [await stack.backend.indexes.create(index)]);
      const { key, data } = movies().document(
        (await repository().find({ where: { id: record!.id }, ...RELATIONS }))[0]!,
      );
      await writeDocuments(stack.backend, index, { [key]: { ...data, title: 'Another' } });
      const report = await verified(stack, Movie, { index });
      expect(report).toMatchObject({ index, documents: 1, counts: { stale: 1, missing: 1, extra: 0 } });
      expect(await verified(stack, Movie)).toMatchObject({ clean: true });
    } finally {
      await ended(stack.backend, [await stack.backend.indexes.drop(index)]);
    }
  });

  it('an index that is missing is an error', async () => {
    await expect(verified(stack, Movie, { index: 'no_such_index' })).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
  });

  it('documents under keys that no record can have are extra, and keep nobody back', async () => {
    await indexed(2);
    const strange = ['9'.repeat(30), 'x', '007', 'a_-b', 'not_ours', '00_00'];
    await writeDocuments(
      stack.backend,
      movies().indexName,
      Object.fromEntries(strange.map((key) => [key, { title: key }])),
    );
    expect(keysOf(await verified(stack, Movie))).toEqual({ extra: strange.sort() });
  });

  const inCase = database === 'postgres' ? it.skip : it;
  inCase(
    `a document under another spelling of a key is extra, and its record is missing${database === 'postgres' ? ' (not for this database: it has no such collation)' : ''}`,
    async () => {
      await stack.dataSource.getRepository(Folded).insert({ code: 'ABC', name: 'Kettle' });
      await writeDocuments(stack.backend, stack.for(Folded).indexName, { abc: { name: 'Kettle' } });
      expect(keysOf(await verified(stack, Folded))).toEqual({ extra: ['abc'], missing: ['ABC'] });
    },
  );

  it('records that cannot become documents are failed, with a reason, and no drift', async () => {
    const records = ['good', 'unloadable', 'unprojectable', 'fine'].map((name, id) => ({ id, name }));
    await stack.dataSource.getRepository(Whimsical).insert(records);
    await stack.for(Whimsical).syncKeys([0, 1, 3]);
    Object.assign(whims, { failsToLoad: 'unloadable', failsToProject: 'unprojectable' });
    const report = await verified(stack, Whimsical);
    expect(report).toMatchObject({ counts: { failed: 2, missing: 0, stale: 0, extra: 0 }, clean: false });
    const differences = report.differences!.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    expect(differences).toMatchObject([
      { kind: 'failed', key: '1', reason: 'Error' },
      { kind: 'failed', key: '2', reason: 'PROJECTION_FAILED' },
    ]);
  });

  it.each([
    ['composite', Seat, seats, { name: 'Altered' }],
    ['bigint', Account, database === 'sqlite' ? smallAccounts : accounts, { name: 'Altered' }],
    ['uuid', Session, sessions, { name: 'Altered' }],
  ])('keys: %s; every page size finds the same', async (_, entity, make, altered) => {
    const service = stack.for<object>(entity as never);
    const records = make();
    await stack.dataSource.getRepository<object>(entity).insert(records);
    await service.syncRecords(records);
    const all = records.map((record) => service.keyOf(record));
    await removeDocuments(stack.backend, service.indexName, [all[0]!, all.at(-1)!]);
    await writeDocuments(stack.backend, service.indexName, { [all[3]!]: altered, [all[5]!]: altered });
    await stack.dataSource.getRepository<object>(entity).delete(primaryKeyOf(records[4]!));
    for (const pageSize of [1, 2, 3, records.length, 1_000]) {
      const report = await verified(stack, entity, { pageSize });
      expect(report).toMatchObject({ rows: records.length - 1, documents: records.length - 2 });
      expect(keysOf(report)).toEqual({
        missing: [all[0]!, all.at(-1)!].sort(),
        stale: [all[3]!, all[5]!].sort(),
        extra: [all[4]!],
      });
    }
  });

  it('gives differences by pages; a report lists all of them or says that it does not', async () => {
    await repository().save(Array.from({ length: 7 }, () => aMovie()));
    const sizes: number[] = [];
    const site = siteOf(stack, Movie);
    for await (const page of differencesOf(site, { pageSize: 3 })) sizes.push(page.length);
    expect(sizes).toEqual([3, 3, 1]);
    const given: string[] = [];
    const onDifferences = (page: readonly { key: string }[]) => void given.push(...page.map(({ key }) => key));
    expect(await verifyIndex(site, { onDifferences })).toMatchObject({ differences: null, counts: { missing: 7 } });
    expect(given).toHaveLength(7);
    expect((await verifyIndex(site, { maxListed: 7 })).differences).toHaveLength(7);
    expect(await verifyIndex(site, { maxListed: 6 })).toMatchObject({ differences: null, counts: { missing: 7 } });
  });

  it('says how far it is, and stops when it is told to', async () => {
    await indexed(5);
    const progress: VerifyProgress[] = [];
    await verified(stack, Movie, { pageSize: 2, onProgress: (at) => progress.push(at) });
    expect(progress.filter(({ reading }) => reading === 'records').map(({ rows }) => rows)).toEqual([2, 4, 5]);
    expect(progress.at(-1)).toEqual({ reading: 'documents', rows: 5, documents: 5, differences: 0 });
    const stop = new AbortController();
    const reason = new Error('enough');
    const stopped = verified(stack, Movie, { pageSize: 2, signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(stopped).rejects.toBe(reason);
    expect(await verified(stack, Movie)).toMatchObject({ clean: true });
  });

  it('changes nothing, and gives its connection back where whoever is told of differences throws', async () => {
    const saved = await repository().save([aMovie()]);
    const onDifferences = () => Promise.reject(new Error('no'));
    for (let round = 0; round < 20; round += 1)
      await expect(verified(stack, Movie, { onDifferences })).rejects.toThrow('no');
    expect(keysOf(await verified(stack, Movie))).toEqual({ missing: keys(...saved) });
  });
});

const RELATIONS = { relations: { director: { country: true }, cast: true } } as const;

async function emptied(stack: Opened, index: string): Promise<void> {
  for await (const page of stack.backend.documents.scan(index, { pageSize: 10_000 }))
    await removeDocuments(
      stack.backend,
      index,
      page.map(({ key }) => key),
    );
}

const primaryKeyOf = (record: object) => {
  const { name: _, ...key } = record as { name: string };
  return key as { id: string };
};
