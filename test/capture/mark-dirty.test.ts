import { markAllDirty, markDirty } from '../../src/capture/mark-dirty';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { tokenOf } from '../../src/outbox/mark-id';
import { onEveryDatabase } from '../stacks/stack';
import { type Captured, openCaptured } from './captured';
import { Film, Photo, Seat } from './entities';
import { seed } from './seed';

onEveryDatabase('marking by hand', ({ database }) => {
  let captured: Captured;
  let of: (entity: new () => object) => SearchMetadata;
  beforeAll(async () => {
    captured = await openCaptured(database);
    const registry = new MetadataRegistry(captured.dataSource, [], { prefix: null });
    of = (entity) => registry.of(entity);
  });
  afterAll(() => captured?.drop());
  beforeEach(async () => {
    await seed(captured.dataSource);
    await captured.forget();
  });

  it('marks the rows that match, soft-deleted ones too, under one token', async () => {
    const { manager } = captured.dataSource;
    const { token, count } = await markDirty<Film>(of(Film), [{ year: 1990 }, { slug: 'a' }], manager);
    expect(await captured.marks()).toEqual(['Film 1', 'Film 3']);
    expect(count).toBe(2);
    const rows: { id: string; cause: string }[] = await captured.dataSource.query(
      'SELECT id, cause FROM scrypath_outbox',
    );
    expect(rows.map(({ id, cause }) => [tokenOf(id), cause])).toEqual([
      [token, 'verb'],
      [token, 'verb'],
    ]);
  });

  it('marks by a relation, each record once', async () => {
    const { count } = await markDirty<Film>(of(Film), { reviews: { text: '' } }, captured.dataSource.manager);
    expect(await captured.marks()).toEqual(['Film 1', 'Film 2']);
    expect(count).toBe(2);
  });

  it('marks by a function on the query, and by a key of two parts', async () => {
    const { manager } = captured.dataSource;
    await markDirty<Film>(
      of(Film),
      (query) => query.where('Film.slug = :text', { text: 'b' }).orderBy('Film.id'),
      manager,
    );
    await markDirty<Seat>(of(Seat), { row: 'A' }, manager);
    expect(await captured.marks()).toEqual(['Film 2', 'Seat ["A","1"]', 'Seat ["A","2"]']);
  });

  it('marks all rows of an entity, and of a subclass its own only', async () => {
    const { manager } = captured.dataSource;
    expect((await markAllDirty(of(Film), manager)).count).toBe(3);
    expect((await markAllDirty(of(Photo), manager)).count).toBe(2);
    expect(await captured.marks()).toEqual(['Film 1', 'Film 2', 'Film 3', 'Photo 1', 'Photo 3']);
  });

  it('is rolled back with its transaction', async () => {
    const failing = captured.dataSource.transaction(async (manager) => {
      await markAllDirty(of(Film), manager);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await captured.marks()).toEqual([]);
  });

  it.each([[{}], [[]], [[{ slug: 'a' }, {}]]])('refuses a condition that says nothing: %j', async (where) => {
    await expect(markDirty(of(Film), where, captured.dataSource.manager)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    expect(await captured.marks()).toEqual([]);
  });

  it('refuses a value that is undefined', async () => {
    await expect(
      markDirty<Film>(of(Film), { slug: undefined as unknown as string }, captured.dataSource.manager),
    ).rejects.toThrow();
    expect(await captured.marks()).toEqual([]);
  });
});
