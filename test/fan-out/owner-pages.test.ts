import { Searchable } from 'scrypath';
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Actor, Category, Clip, Country, Critic, Director, Edition, ENTITIES, Movie, Photo, Star } from './entities';
import { build } from './opened';
import { Writer } from './write';

@Entity()
class Hall {
  @PrimaryGeneratedColumn('uuid') id!: string;
  @Column() name!: string;
}

/** Three parts of different types, with many ties. */
@Entity()
@Searchable()
class Seat {
  @PrimaryColumn({ length: 20 }) block!: string;
  @PrimaryColumn('bigint') line!: string;
  @PrimaryColumn() place!: number;
  @Searchable('name') @ManyToOne(() => Hall) hall!: Relation<Hall>;
}

/** Its key is one that SQL does not write. */
@Entity()
@Searchable()
class Evening {
  @PrimaryColumn({ type: Date, precision: 3 }) at!: Date;
  @Searchable('name') @ManyToOne(() => Hall) hall!: Relation<Hall>;
}

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, at) => from + at);
const texts = (keys: readonly number[]) => keys.map(String);

onEveryDatabase('owners whose keys have several parts, or dates', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let writer: Writer;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, [Hall, Seat, Evening]));
    writer = new Writer(dataSource, build(dataSource));
  });
  afterAll(() => drop());

  it('come in pages, each once, whatever part a page ends in', async () => {
    const [hall, other] = await dataSource.getRepository(Hall).save([{ name: 'A' }, { name: 'B' }]);
    const seats = ['a', 'b', 'c'].flatMap((block) =>
      ['2', '10', '9007199254740993'].flatMap((line) => numbers(3).map((place) => ({ block, line, place }))),
    );
    // Literals: SQLite is given a number as it is written.
    for (const [at, { block, line, place }] of seats.entries())
      await dataSource.query(
        `INSERT INTO seat (block, line, place, ${dataSource.driver.escape('hallId')}) VALUES ('${block}', ${line}, ${place}, '${at % 9 === 4 ? other!.id : hall!.id}')`,
      );
    const expected = seats
      .filter((_, at) => at % 9 !== 4)
      .map(({ block, line, place }) => `["${block}","${line}","${place}"]`);
    for (const limit of [1, 2, 5, 24, 100])
      expect((await writer.pages('Seat>hall', hall!.id, limit)).flat()).toEqual(expected);
    expect((await writer.pages('Seat>hall', other!.id, 2)).flat()).toHaveLength(3);
  });

  it('come in the order of time, under the key that the program knows', async () => {
    const hall = await dataSource.getRepository(Hall).save({ name: 'C' });
    const times = numbers(5).map((day) => new Date(Date.UTC(2020, 0, day, 3, 4, 5, 678)));
    await dataSource.getRepository(Evening).insert(times.map((at) => ({ at, hall })));
    const expected = times.map((at) => String(at.getTime()));
    for (const limit of [1, 2, 100])
      expect((await writer.pages('Evening>hall', hall.id, limit)).flat()).toEqual(expected);
  });
});

onEveryDatabase('the owners of a changed row', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let writer: Writer;
  const sql: string[] = [];
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, ENTITIES, sql));
    writer = new Writer(dataSource, build(dataSource));
    const { manager } = dataSource;
    await manager.insert(Country, [{ code: 'fr' }, { code: 'se' }]);
    await manager.insert(
      Director,
      numbers(3).map((id) => ({ name: `D${id}`, country: { id: id === 3 ? 2 : 1 } })),
    );
    // 1 to 10 of the first director, 11 to 20 of the second, 21 of the third.
    await manager.insert(
      Movie,
      numbers(21).map((id) => ({ title: `M${id}`, director: { id: Math.ceil(id / 10) } })),
    );
    await manager.insert(Actor, [{ name: 'A' }, { name: 'B' }]);
    await manager.insert(Star, [{ name: 'S' }, { name: 'T' }]);
    await manager.insert(Critic, [{ name: 'C' }, { name: 'D' }]);
  });
  afterAll(() => drop());

  it('come in pages of their keys, each once, to the last', async () => {
    expect(await writer.pages('Movie>director', '1', 3)).toEqual([
      ['1', '2', '3'],
      ['4', '5', '6'],
      ['7', '8', '9'],
      ['10'],
    ]);
    // A last page that is full is followed by an empty one.
    expect(await writer.pages('Movie>director', '1', 5)).toEqual([texts(numbers(5)), texts(numbers(5, 6)), []]);
    expect(await writer.pages('Movie>director', '1', 1000)).toEqual([texts(numbers(10))]);
  });

  it('are found through two relations', async () => {
    expect((await writer.pages('Movie>director.country', '1', 7)).flat()).toEqual(texts(numbers(20)));
    expect(await writer.pages('Movie>director.country', '2', 7)).toEqual([['21']]);
  });

  it('are read with one limited statement a page, none of them twice, and never by an offset', async () => {
    sql.length = 0;
    await writer.pages('Movie>director.country', '1', 7);
    expect(sql).toHaveLength(3);
    for (const statement of sql) {
      expect(statement).toMatch(/ LIMIT 7\) page /);
      expect(statement).not.toMatch(/OFFSET/i);
    }
    for (const statement of sql.slice(1)) expect(statement).toMatch(/owner\..id. > /);
  });

  it('are there while a row on the way, or an owner, is soft-deleted', async () => {
    await dataSource.getRepository(Director).softDelete({ id: 2 });
    await dataSource.getRepository(Movie).softDelete({ id: 11 });
    expect((await writer.pages('Movie>director', '2', 100)).flat()).toEqual(texts(numbers(10, 11)));
    expect((await writer.pages('Movie>director.country', '1', 100)).flat()).toHaveLength(20);
    await dataSource.getRepository(Director).restore({ id: 2 });
    await dataSource.getRepository(Movie).restore({ id: 11 });
  });

  it('are found from both sides of a join table, once where several ways lead to them', async () => {
    for (const id of [5, 3, 8, 1, 13]) {
      await dataSource.createQueryBuilder().relation(Movie, 'cast').of(id).add([1, 2]);
      await dataSource.createQueryBuilder().relation(Movie, 'stars').of(id).add([1, 2]);
    }
    expect(await writer.pages('Movie>cast', '1', 2)).toEqual([['1', '3'], ['5', '8'], ['13']]);
    expect(await writer.pages('Star>movies', '5', 1)).toEqual([['1'], ['2'], []]);
    await dataSource.getRepository(Movie).manager.query('DELETE FROM review');
    for (const movieId of [4, 4, 4, 9, 2, 9])
      await writer.write({ kind: 'insert', table: 'review', row: { text: 'r', movieId, criticId: 1 } });
    expect(await writer.pages('Movie>reviews.critic', '1', 2)).toEqual([['2', '4'], ['9']]);
  });

  it('have composite keys, ordered part by part', async () => {
    const formats = ['dvd', 'q"uote', 'tape', 'vhs'];
    for (const format of formats)
      await dataSource.getRepository(Edition).insert([2, 1, 10].map((movieId) => ({ movieId, format })));
    const all = (await writer.pages('Edition>movie', '1', 3)).flat();
    expect(all).toEqual(['["1","dvd"]', '["1","q\\"uote"]', '["1","tape"]', '["1","vhs"]']);
  });

  it('include the row itself, where a relation leads back to its own table', async () => {
    await dataSource
      .getRepository(Category)
      .insert([{ name: 'root' }, { name: 'a', parent: { id: 1 } }, { name: 'b', parent: { id: 1 } }]);
    await dataSource.getRepository(Category).update({ id: 1 }, { parent: { id: 1 } });
    expect(await writer.pages('Category>parent', '1', 2)).toEqual([['1', '2'], ['3']]);
    expect((await writer.pages('Category>parent', '2', 2)).flat()).toEqual([]);
  });

  it('are of the subclass that has the index, where others share its table', async () => {
    await dataSource.getRepository(Photo).insert([
      { title: 'p', critic: { id: 2 } },
      { title: 'q', critic: { id: 2 } },
    ]);
    await dataSource.getRepository(Clip).insert({ title: 'c' });
    await dataSource.query(`UPDATE media SET ${dataSource.driver.escape('criticId')} = 2`);
    expect((await writer.pages('Photo>critic', '2', 10)).flat()).toEqual(['1', '2']);
  });

  it('are found by a value that is no primary key, and by a key whose row is gone', async () => {
    await writer.write({ kind: 'insert', table: 'label', row: { id: 1, code: 'x', name: 'X' } });
    await writer.write({
      kind: 'update',
      table: 'movie',
      where: { id: 6 },
      set: { labelCode: 'x', genreName: 'gone' },
    });
    expect((await writer.pages('Movie>label', '1', 10)).flat()).toEqual(['6']);
    expect((await writer.pages('Movie>genre', 'gone', 10)).flat()).toEqual(['6']);
  });

  it('are none of a key that no row has', async () => {
    const { dependencies } = writer.built.fanOut;
    for (const key of ['99', 'x', "1' OR '1'='1"])
      expect((await writer.pages('Movie>director', key, 3)).flat()).toEqual([]);
    // Not a key at all: whoever wrote it must be told.
    await expect(dependencies.get('Edition>movie')!.page(dataSource.manager, '1', 'x', 3)).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
  });
});
