import { Searchable } from 'scrypath';
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import type { MarkRule } from '../../src/fan-out/mark-rule';
import { markSql, rowMarkSql } from '../../src/fan-out/mark-sql';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { ENTITIES } from './entities';
import { build, shown, tableNamed } from './opened';
import { type Write, Writer } from './write';

onEveryDatabase('the SQL of a rule', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let writer: Writer;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, ENTITIES));
    await dataSource.query('CREATE TABLE marks (marked varchar(200))');
    writer = new Writer(dataSource, build(dataSource));
  });
  afterAll(() => drop());

  /** A row trigger of the database that writes what the rule says of OLD or NEW. */
  const trigger = async (name: string, event: string, table: string, rule: MarkRule, row: 'OLD' | 'NEW') => {
    const insert = `INSERT INTO marks ${rowMarkSql(rule, row)}`;
    if (database === 'postgres') {
      await dataSource.query(
        `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${insert}; RETURN ${row}; END $$`,
      );
      await dataSource.query(`CREATE TRIGGER ${name} ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${name}()`);
    } else await dataSource.query(`CREATE TRIGGER ${name} ${event} ON ${table} FOR EACH ROW BEGIN ${insert}; END`);
  };
  const ruleOf = (table: string, line: string): MarkRule => {
    const found = writer.built.fanOut
      .rulesOf(tableNamed(dataSource, table))
      .find((rule) => shown(rule).startsWith(line));
    if (!found) throw new Error(`no rule ${line}`);
    return found;
  };
  const marked = async (write: Write) => {
    await dataSource.query('DELETE FROM marks');
    await writer.write(write);
    const rows: { marked: string }[] = await dataSource.query('SELECT marked FROM marks ORDER BY marked');
    return rows.map((row) => row.marked);
  };

  it('stands in a row trigger: a key of the row, a key looked up, and none of a null', async () => {
    await trigger('of_review', 'AFTER UPDATE', 'review', ruleOf('review', 'Movie by movieId'), 'OLD');
    await trigger('of_copy', 'AFTER INSERT', 'copy', ruleOf('copy', 'Edition by'), 'NEW');
    await trigger('of_country', 'BEFORE DELETE', 'country', ruleOf('country', 'Movie by id via director'), 'OLD');
    await trigger('of_media', 'AFTER INSERT', 'media', ruleOf('media', 'Photo by id'), 'NEW');
    const insert = (table: string, row: Record<string, string | number | null>): Write => ({
      kind: 'insert',
      table,
      row,
    });
    await writer.write(insert('country', { id: 1, code: 'fr' }));
    for (const id of [1, 2]) await writer.write(insert('director', { id, name: 'D', countryId: 1 }));
    for (const id of [1, 2, 3]) await writer.write(insert('movie', { id, title: 'M', directorId: id === 3 ? 2 : 1 }));
    await writer.write(insert('review', { id: 1, text: 'r', movieId: 2 }));
    await writer.write(insert('edition', { movieId: 1, format: 'q"t' }));

    const set = (movieId: number | null): Write => ({
      kind: 'update',
      table: 'review',
      where: { id: 1 },
      set: { movieId },
    });
    expect(await marked(set(null))).toEqual(['2']);
    expect(await marked(set(1))).toEqual([]);
    expect(await marked(insert('copy', { id: 1, note: 'n', editionMovieId: 1, editionFormat: 'q"t' }))).toEqual([
      '["1","q\\"t"]',
    ]);
    expect(await marked(insert('copy', { id: 2, note: 'n' }))).toEqual([]);
    expect(await marked(insert('media', { id: 1, title: 'm', kind: 'Photo' }))).toEqual(['1']);
    expect(await marked(insert('media', { id: 2, title: 'm', kind: 'Clip' }))).toEqual([]);
    expect(await marked({ kind: 'delete', table: 'country', where: { id: 1 } })).toEqual(['1', '2', '3']);
  });

  it('names its looked-up tables for a lock', async () => {
    const { aliases, joins } = markSql(ruleOf('country', 'Movie by id via director'), 'changed');
    expect(aliases).toEqual(['scrypath_0', 'scrypath_1']);
    for (const alias of aliases) expect(joins).toContain(` ${alias} ON `);
  });
});

it('refuses a key that SQL does not write as the program does', async () => {
  @Entity()
  @Searchable()
  class Day {
    @PrimaryColumn({ type: Date, precision: 3 }) at!: Date;
    @Searchable('text')
    @OneToMany(
      () => Entry,
      (entry) => entry.day,
    )
    entries!: Relation<Entry>[];
  }
  @Entity()
  class Entry {
    @PrimaryGeneratedColumn() id!: number;
    @Column() text!: string;
    @ManyToOne(
      () => Day,
      (day) => day.entries,
    )
    day!: Relation<Day>;
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Day, Entry]);
  const [rule] = build(dataSource).fanOut.rulesOf(dataSource.getMetadata(Entry));
  expect(shown(rule!)).toBe('Day by dayAt: insert, delete, update of dayAt id text');
  expect(() => markSql(rule!, 'changed')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  await drop();
});
