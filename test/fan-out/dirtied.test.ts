import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { markSql } from '../../src/fan-out/mark-sql';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { ENTITIES } from './entities';
import { build, tableNamed } from './opened';
import { type Write, Writer } from './write';

const SEED = 20260701;
/** Ids of every table; few, so that histories meet. */
const IDS = [1, 2, 3];
const DATES = ['2020-01-01 00:00:00', null];

/** What each table's columns can be set to. */
const COLUMNS: Readonly<Record<string, Readonly<Record<string, readonly (string | number | null)[]>>>> = {
  country: { code: ['fr', 'se'], anthem: ['a', 'b'] },
  director: { name: ['A', 'B'], phone: ['1', '2'], countryId: [...IDS, null], deletedAt: DATES },
  profile: { bio: ['x', 'y'], directorId: [...IDS, null] },
  studio: { code: ['s1', 's2', 's3'], name: ['S', 'T'] },
  label: { code: ['l1', 'l2', 'l3'], name: ['L', 'M'] },
  actor: { name: ['A', 'B'], phone: ['1', '2'] },
  star: { name: ['A', 'B'] },
  movie: {
    title: ['t', 'u'],
    notes: ['n', 'o'],
    directorId: [...IDS, null],
    studioCode: ['s1', 's2', null],
    labelCode: ['l1', 'l2', null],
    genreName: ['g1', 'g2', null],
    deletedAt: DATES,
  },
  critic: { name: ['C', 'D'] },
  review: { text: ['r', 's'], stars: [1, 2], movieId: [...IDS, null], criticId: [...IDS, null] },
  category: { name: ['c', 'd'], parentId: [...IDS, null] },
  media: { title: ['t', 'u'], kind: ['Photo', 'Clip'], camera: ['k', 'l'], criticId: [...IDS, null] },
  copy: { note: ['n', 'o'] },
};

const one = <T>(values: readonly T[]) => fc.constantFrom(...values);
const idWrites = Object.entries(COLUMNS).flatMap(([table, columns]): fc.Arbitrary<Write>[] => {
  const id = one(IDS);
  const rows = fc.record(Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, one(values)])));
  const set = one(Object.keys(columns)).chain((name) => one(columns[name]!).map((value) => ({ [name]: value })));
  return [
    fc.record({ id, row: rows }).map(({ id: key, row }) => ({ kind: 'insert', table, row: { id: key, ...row } })),
    fc
      .record({ id, set })
      .map(({ id: key, set: values }) => ({ kind: 'update', table, where: { id: key }, set: values })),
    id.map((key) => ({ kind: 'delete', table, where: { id: key } })),
  ];
});
const genre = one(['g1', 'g2', 'g3']);
const format = one(['vhs', 'dvd']);
const edition = fc.record({ movieId: one(IDS), format });
const pairs = (table: string, near: string, far: string): fc.Arbitrary<Write>[] => {
  const pair = fc.record({ [near]: one(IDS), [far]: one(IDS) });
  return [pair.map((row) => ({ kind: 'insert', table, row })), pair.map((where) => ({ kind: 'delete', table, where }))];
};
const otherWrites: fc.Arbitrary<Write>[] = [
  fc.tuple(genre, one(['p', 'q'])).map(([name, shelf]) => ({ kind: 'insert', table: 'genre', row: { name, shelf } })),
  fc.tuple(genre, genre).map(([name, to]) => ({ kind: 'update', table: 'genre', where: { name }, set: { name: to } })),
  fc
    .tuple(genre, one(['p', 'q']))
    .map(([name, shelf]) => ({ kind: 'update', table: 'genre', where: { name }, set: { shelf } })),
  genre.map((name) => ({ kind: 'delete', table: 'genre', where: { name } })),
  edition.map((row) => ({ kind: 'insert', table: 'edition', row })),
  fc
    .tuple(edition, one(IDS))
    .map(([where, movieId]) => ({ kind: 'update', table: 'edition', where, set: { movieId } })),
  edition.map((where) => ({ kind: 'delete', table: 'edition', where })),
  fc.tuple(one(IDS), edition).map(([id, { movieId, format: kind }]) => ({
    kind: 'update',
    table: 'copy',
    where: { id },
    set: { editionMovieId: movieId, editionFormat: kind },
  })),
  fc
    .tuple(one(IDS), one([...IDS, 4]))
    .map(([id, to]) => ({ kind: 'update', table: 'movie', where: { id }, set: { id: to } })),
  ...pairs('movie_cast_actor', 'movieId', 'actorId'),
  ...pairs('movie_stars_star', 'movieId', 'starId'),
];
const write = fc.oneof(...idWrites, ...otherWrites);

/** Rows of every table that refer to each other, so that a first write already meets something. */
const START: readonly Write[] = [
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'country', row: { id, code: 'fr' } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'director', row: { id, name: 'A', countryId: id } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'profile', row: { id, bio: 'x', directorId: id } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'studio', row: { id, code: `s${id}`, name: 'S' } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'label', row: { id, code: `l${id}`, name: 'L' } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'genre', row: { name: `g${id}`, shelf: 'p' } })),
  ...IDS.flatMap((id): Write[] =>
    ['actor', 'star', 'critic', 'category'].map((table) => ({ kind: 'insert', table, row: { id, name: 'A' } })),
  ),
  ...IDS.map(
    (id): Write => ({
      kind: 'insert',
      table: 'movie',
      row: { id, title: 't', directorId: id, studioCode: `s${id}`, labelCode: `l${id}`, genreName: `g${id}` },
    }),
  ),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'review', row: { id, text: 'r', movieId: id, criticId: id } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'edition', row: { movieId: id, format: 'vhs' } })),
  ...IDS.map(
    (id): Write => ({
      kind: 'insert',
      table: 'copy',
      row: { id, note: 'n', editionMovieId: id, editionFormat: 'vhs' },
    }),
  ),
  ...IDS.map(
    (id): Write => ({
      kind: 'insert',
      table: 'media',
      row: { id, title: 't', kind: 'Photo', camera: 'k', criticId: id },
    }),
  ),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'movie_cast_actor', row: { movieId: id, actorId: id } })),
  ...IDS.map((id): Write => ({ kind: 'insert', table: 'movie_stars_star', row: { movieId: id, starId: id } })),
];
const TABLES = [
  ...['movie_cast_actor', 'movie_stars_star', 'copy', 'edition', 'review', 'media', 'movie', 'profile', 'director'],
  ...['country', 'studio', 'label', 'genre', 'actor', 'star', 'critic', 'category'],
];

onEveryDatabase('what a write dirties', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let writer: Writer;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, ENTITIES));
    writer = new Writer(dataSource, build(dataSource));
  });
  afterAll(() => drop());

  const restart = async () => {
    await dataSource.query(`UPDATE category SET ${dataSource.driver.escape('parentId')} = NULL`);
    for (const table of TABLES) await dataSource.query(`DELETE FROM ${table}`);
    for (const first of START) await writer.write(first);
  };

  it('has every document that it changes among its owners, whatever is written', async () => {
    let changes = 0;
    let through = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 20, maxLength: 20 }), async (writes) => {
        await restart();
        let before = await writer.documents();
        for (const each of writes) {
          const marks = await writer.marks(each).catch(() => null);
          // Refused by the database: a key that is there, a reference to nothing.
          if (marks === null) continue;
          const after = await writer.documents();
          const owners = await writer.owners(marks);
          const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
            (key) => before.get(key) !== after.get(key),
          );
          for (const key of changed)
            if (!owners.includes(key)) throw new Error(`${key} was not marked by ${JSON.stringify(each)}`);
          changes += changed.length;
          if (changed.length > 0 && marks.some((mark) => mark.includes('>'))) through++;
          before = after;
        }
      }),
      { seed: SEED, numRuns: 12, endOnFailure: true },
    );
    expect(changes).toBeGreaterThan(50);
    expect(through).toBeGreaterThan(10);
  });

  describe('is exactly', () => {
    beforeEach(restart);
    const del = (table: string, where: Record<string, number>): Write => ({
      kind: 'delete',
      table,
      where,
    });
    const update = (table: string, id: number, set: Record<string, string | number | null>): Write => ({
      kind: 'update',
      table,
      where: { id },
      set,
    });

    it.each<[string, Write]>([
      ['a country', update('country', 1, { anthem: 'x' })],
      ['a director', update('director', 1, { phone: 'x' })],
      ['a movie', update('movie', 1, { notes: 'x' })],
      ['a review', update('review', 1, { stars: 5 })],
      ['a photo', update('media', 1, { title: 'x' })],
    ])('nothing where no projected column of %s is written', async (_name, each) => {
      expect(await writer.marks(each)).toEqual([]);
    });

    it('the old parent and the new one of a child that is moved', async () => {
      expect(await writer.marks(update('review', 1, { movieId: 2 }))).toEqual(['Movie 1', 'Movie 2']);
      expect(await writer.marks(update('review', 1, { movieId: null }))).toEqual(['Movie 2']);
      expect(await writer.marks(update('profile', 1, { directorId: null }))).toEqual(['Movie>director 1']);
    });

    it('the owners of what a delete takes along or sets free, through two tables', async () => {
      expect(await writer.marks(del('country', { id: 1 }))).toEqual(['Edition>movie 1', 'Movie 1', 'Star>movies 1']);
      expect(await writer.marks(del('studio', { id: 2 }))).toEqual(['Edition>movie 2', 'Movie 2', 'Star>movies 2']);
      expect(await writer.marks(del('actor', { id: 3 }))).toEqual(['Movie 3']);
      expect(await writer.marks(del('critic', { id: 3 }))).toEqual(['Movie 3', 'Photo 3']);
      expect(await writer.marks(del('movie', { id: 2 }))).toEqual(['Edition ["2","vhs"]', 'Movie 2', 'Star 2']);
    });

    it('the whole of a small tree', async () => {
      await writer.write(update('category', 2, { parentId: 1 }));
      await writer.write(update('category', 3, { parentId: 2 }));
      expect(await writer.marks(del('category', { id: 1 }))).toEqual(['Category 1', 'Category 2', 'Category 3']);
    });

    it('both sides of a value that is no primary key', async () => {
      expect(await writer.marks(update('label', 1, { code: 'l9' }))).toEqual(['Movie 1', 'Movie>label 1']);
      expect(await writer.marks(update('label', 1, { code: 'l1' }))).toEqual(['Movie 1', 'Movie>label 1']);
      expect(await writer.marks(del('label', { id: 1 }))).toEqual(['Movie 1', 'Movie>label 1']);
    });

    it('a photo, when it becomes one and when it ceases to be one', async () => {
      expect(await writer.marks(update('media', 1, { kind: 'Clip' }))).toEqual(['Photo 1']);
      expect(await writer.marks(update('media', 1, { camera: 'z' }))).toEqual([]);
      expect(await writer.marks(update('media', 1, { kind: 'Photo' }))).toEqual(['Photo 1']);
    });

    it('the old keys and the new ones of rows that follow the key of another', async () => {
      await writer.write({ kind: 'insert', table: 'movie', row: { id: 8, title: 't' } });
      await writer.write({ kind: 'insert', table: 'edition', row: { movieId: 8, format: 'vhs' } });
      expect(await writer.marks(update('movie', 8, { id: 9 }))).toEqual([
        'Edition ["8","vhs"]',
        'Edition ["9","vhs"]',
        'Edition>movie 8',
        'Edition>movie 9',
        'Movie 8',
        'Movie 9',
        'Star>movies 8',
        'Star>movies 9',
      ]);
    });

    it('not all of a tree that is too deep, and tells what it leaves', async () => {
      for (let id = 4; id <= 9; id++)
        await writer.write({ kind: 'insert', table: 'category', row: { id, name: 'c', parentId: id - 1 } });
      const beyond = async (id: number) => {
        const table = tableNamed(dataSource, 'category');
        const [deep] = writer.built.fanOut.deepCascadesOf(table);
        const { key, joins, notNull } = markSql(deep!, 'changed');
        const found: { k: string }[] = await dataSource.query(
          `SELECT ${key} AS k FROM category changed${joins} WHERE ${notNull} AND changed.id = ${id}`,
        );
        return found.map(({ k }) => k);
      };
      expect(await beyond(3)).toEqual(['9']);
      expect(await beyond(4)).toEqual([]);
      expect(await writer.marks(del('category', { id: 4 }))).toEqual([4, 5, 6, 7, 8, 9].map((id) => `Category ${id}`));
    });

    it('the composite key in a foreign key, and none of one that is null', async () => {
      expect(await writer.marks(update('copy', 1, { note: 'z' }))).toEqual(['Edition ["1","vhs"]']);
      expect(await writer.marks(update('copy', 1, { editionMovieId: null, editionFormat: null }))).toEqual([
        'Edition ["1","vhs"]',
      ]);
      expect(await writer.marks(update('copy', 1, { note: 'n' }))).toEqual([]);
    });
  });
});
