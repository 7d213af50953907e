import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Column,
  DataSource,
  Entity,
  In,
  IsNull,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { DateUtils } from 'typeorm/util/DateUtils';
import { type LibsqlDatabase, libsqlDriver } from '../../src/embedded/index.js';

@Entity()
class Shelf {
  @PrimaryGeneratedColumn() id!: number;
  @OneToMany(
    () => Book,
    (book) => book.shelf,
    { cascade: true },
  )
  books!: Relation<Book>[];
}

@Entity()
class Book {
  @PrimaryGeneratedColumn() id!: number;
  @Column('varchar', { nullable: true }) title!: string | null;
  @Column('boolean', { nullable: true }) lent!: boolean | null;
  @Column('datetime', { nullable: true }) bought!: Date | null;
  @ManyToOne(
    () => Shelf,
    (shelf) => shelf.books,
    { nullable: true, orphanedRowAction: 'nullify' },
  )
  shelf!: Relation<Shelf> | null;
}

/** One column, so that the one parameter of its insert is the value. */
@Entity()
class Note {
  @PrimaryGeneratedColumn() id!: number;
  @Column('varchar', { nullable: true }) text!: string | null;
}

@Entity()
class Cover {
  @PrimaryGeneratedColumn() id!: number;
  @Column('blob') image!: Buffer;
}

@Entity()
class Sighting {
  @PrimaryColumn('bigint') id!: string;
}

const entities = [Shelf, Book, Note, Cover, Sighting];

describe('TypeORM on libsqlDriver()', () => {
  let dataSource: DataSource;

  beforeEach(async () => {
    dataSource = await new DataSource({
      type: 'better-sqlite3',
      driver: libsqlDriver(),
      database: ':memory:',
      entities,
      synchronize: true,
    }).initialize();
  });
  afterEach(() => dataSource.destroy());

  it('inserts a null that is the only parameter', async () => {
    const { id } = await dataSource.getRepository(Note).save({ text: null });
    expect(await dataSource.getRepository(Note).findOneBy({ text: IsNull() })).toEqual({ id, text: null });
  });

  it('updates to a null that is the only parameter', async () => {
    const notes = dataSource.getRepository(Note);
    const { id } = await notes.save({ text: 'Return the atlas.' });
    const { affected } = await notes.createQueryBuilder().update().set({ text: null }).where('1 = 1').execute();
    expect([affected, await notes.findOneBy({ id })]).toEqual([1, { id, text: null }]);
    await notes.update(id, { text: 'Return the atlas!' });
    await notes.update(id, { text: null });
    expect(await notes.findOneBy({ id })).toEqual({ id, text: null });
  });

  it('takes a record out of its one-to-many relation', async () => {
    const shelves = dataSource.getRepository(Shelf);
    const shelf = await shelves.save({ books: [{ title: 'Emma' }, { title: 'Persuasion' }] });
    shelf.books.shift();
    await shelves.save(shelf);
    const books = await dataSource.getRepository(Book).find({ relations: { shelf: true }, order: { id: 'ASC' } });
    expect(books.map(({ title, shelf: of }) => [title, of?.id])).toEqual([
      ['Emma', undefined],
      ['Persuasion', shelf.id],
    ]);
  });

  it('finds by lists of booleans and of dates', async () => {
    const books = dataSource.getRepository(Book);
    const bought = new Date('2024-02-29T23:59:59.007Z');
    await books.save([
      { title: 'Emma', lent: true, bought },
      { title: 'Persuasion', lent: false, bought: new Date(0) },
    ]);
    const titles = async (condition: string, values: unknown[]) =>
      (await books.createQueryBuilder('book').where(condition, { values }).getMany()).map(({ title }) => title);
    expect(await titles('book.lent IN (:...values)', [true])).toEqual(['Emma']);
    expect(await titles('book.lent IN (:...values)', [true, false])).toEqual(['Emma', 'Persuasion']);
    expect(await titles('book.bought IN (:...values)', [bought])).toEqual(['Emma']);
    expect(await titles('book.bought IN (:...values)', [bought, new Date(0)])).toEqual(['Emma', 'Persuasion']);
    expect(await books.findOneBy({ bought: In([bought]), lent: In([true]) })).toMatchObject({ title: 'Emma', bought });
  });

  it('stores a Buffer that is the only parameter, and reads it as a Buffer', async () => {
    const covers = dataSource.getRepository(Cover);
    const image = Buffer.from([0, 255, 1]);
    await covers.save([{ image }, { image: Buffer.alloc(0) }]);
    const [first, second] = await covers.find({ order: { id: 'ASC' } });
    expect([Buffer.isBuffer(first!.image), first!.image.equals(image)]).toEqual([true, true]);
    expect([Buffer.isBuffer(second!.image), second!.image.length]).toEqual([true, 0]);
  });

  it('stores a bigint that is the only parameter, to the last digit', async () => {
    await dataSource.query('INSERT INTO sighting (id) VALUES (?)', [9007199254740993n]);
    expect(await dataSource.query('SELECT CAST(id AS TEXT) AS id FROM sighting')).toEqual([{ id: '9007199254740993' }]);
  });

  it.each([
    ['an object', { pages: 300 }, 'object (Object)'],
    ['a map', new Map(), 'object (Map)'],
    ['a symbol', Symbol('emma'), 'symbol'],
    ['a function', () => 1, 'function'],
    ['a list in a list', [[1]], 'object (Array)'],
    ['a date that is none', new Date(Number.NaN), 'date that is not valid'],
  ])('refuses %s as a value, by its kind', async (_, value, kind) => {
    await expect(dataSource.query('SELECT ? AS a', [value])).rejects.toThrow(
      `Parameter 1 is a value that SQLite cannot store: ${kind}.`,
    );
  });

  it('rolls a transaction back, and commits one', async () => {
    const notes = dataSource.getRepository(Note);
    const failing = dataSource.transaction(async (manager) => {
      await manager.save(Note, { text: null });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await notes.count()).toBe(0);
    await dataSource.transaction(async (manager) => {
      await manager.save(Note, { text: null });
      await expect(manager.transaction((inner) => inner.insert(Note, { id: 1, text: null }))).rejects.toThrow('UNIQUE');
    });
    expect(await notes.count()).toBe(1);
  });

  it('reports what SQLite refuses with its code', async () => {
    await dataSource.getRepository(Note).insert({ id: 1, text: null });
    await expect(dataSource.getRepository(Note).insert({ id: 1, text: null })).rejects.toMatchObject({
      driverError: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' },
    });
  });
});

describe('a file', () => {
  const opened: DataSource[] = [];
  let folder: string;
  const open = async (options: {
    database?: string;
    enableWAL?: boolean;
    readonly?: boolean;
    fileMustExist?: boolean;
  }) => {
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      driver: libsqlDriver(),
      database: join(folder, 'books.db'),
      timeout: 1,
      entities,
      ...options,
    });
    opened.push(await dataSource.initialize());
    return dataSource;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scrypath-driver-'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((dataSource) => dataSource.destroy()));
    rmSync(folder, { recursive: true });
  });

  it('with a write-ahead log is read by a second connection while the first is in a transaction', async () => {
    const writer = await open({ enableWAL: true });
    await writer.synchronize();
    const reader = await open({});
    expect(await reader.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    await writer.transaction(async (manager) => {
      await manager.save(Note, { text: null });
      expect(await reader.getRepository(Note).count()).toBe(0);
      await expect(reader.getRepository(Note).save({ text: null })).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    });
    expect(await reader.getRepository(Note).find()).toEqual([{ id: 1, text: null }]);
  });

  it('keeps its rows when it is opened again', async () => {
    const first = await open({});
    await first.synchronize();
    await first.getRepository(Note).save({ text: null });
    await first.destroy();
    opened.pop();
    expect(await (await open({ fileMustExist: true })).getRepository(Note).count()).toBe(1);
  });

  it('that does not exist is refused by fileMustExist and by readonly, and not created', async () => {
    const database = join(folder, 'none.db');
    for (const options of [{ fileMustExist: true }, { readonly: true }])
      await expect(open({ database, ...options })).rejects.toThrow(`unable to open database file: ${database}`);
    expect(existsSync(database)).toBe(false);
  });

  it('is not written by a connection that is readonly', async () => {
    await (await open({})).synchronize();
    const reader = await open({ readonly: true });
    await expect(reader.getRepository(Note).save({ text: null })).rejects.toMatchObject({ code: 'SQLITE_READONLY' });
    expect(await reader.getRepository(Note).count()).toBe(0);
  });

  it('is not locked by a row that was read, nor by reading that was broken off', () => {
    const path = join(folder, 'locks.db');
    const Database = libsqlDriver();
    const writer = new Database(path);
    const reader = new Database(path);
    writer.exec('CREATE TABLE word (text)');
    const insert = writer.prepare('INSERT INTO word VALUES (?)');
    writer.exec('BEGIN');
    for (let count = 0; count < 300; count += 1) insert.run('a');
    writer.exec('COMMIT');
    const select = reader.prepare('SELECT text FROM word');
    expect(select.get()).toEqual({ text: 'a' });
    writer.exec('DELETE FROM word WHERE rowid = 1');
    for (const row of select.iterate()) {
      expect(row).toEqual({ text: 'a' });
      expect(() => writer.exec('DELETE FROM word')).toThrow('locked');
      break;
    }
    writer.exec('DELETE FROM word');
    expect(select.all()).toEqual([]);
    writer.close();
    reader.close();
  });
});

describe('a statement of prepareDatabase', () => {
  let database: LibsqlDatabase;
  beforeEach(() => {
    database = new (libsqlDriver())(':memory:');
    database.exec('CREATE TABLE word (id INTEGER PRIMARY KEY, text, at)');
  });
  afterEach(() => database.close());

  it('takes values one by one, in an array, in parts, and by name', () => {
    const select = database.prepare('SELECT ? AS a, ? AS b');
    expect([select.get(null, 'x'), select.get([null, 'x']), select.get([null], 'x')]).toEqual(
      Array(3).fill({ a: null, b: 'x' }),
    );
    const named = database.prepare('SELECT :a AS a, @b AS b, $c AS c, :a AS d');
    expect(named.get({ a: true, b: new Date(0), c: undefined })).toEqual({
      a: 1,
      b: '1970-01-01 00:00:00.000',
      c: null,
      d: 1,
    });
    expect(named.get(1, 2, 3)).toEqual({ a: 1, b: 2, c: 3, d: 1 });
    class Values {
      get a() {
        return 4;
      }
    }
    expect(database.prepare('SELECT :a AS a').get(new Values())).toEqual({ a: 4 });
    expect(() => named.get({ a: 1, b: {}, c: 3 })).toThrow('Parameter @b is a value that SQLite cannot store');
  });

  it('refuses another number of values than it has parameters', () => {
    const insert = database.prepare('INSERT INTO word (text) VALUES (?)');
    insert.run('secret of the last call');
    for (const values of [[], [[]], ['a', 'b'], [['a', 'b']]])
      expect(() => insert.run(...values)).toThrow(
        new RangeError(`The statement has 1 parameters; ${values.flat().length} values were given.`),
      );
    expect(database.prepare('SELECT count(*) FROM word').pluck().get()).toBe(1);
  });

  it.each([
    [`SELECT '?', 'it''s ?', "?" FROM (SELECT 1 AS "?")`, 0],
    ['SELECT `?`, [?] FROM (SELECT 1 AS "?") -- ?\n/* ? \' */', 0],
    ['SELECT 1 /* ?', 0],
    ['SELECT a$b FROM (SELECT 1 AS a$b) WHERE ? <> 1', 1],
    ["SELECT x'00ff', 1-?2", 2],
    ['SELECT ?3, ?, :a, :a, @a, ?1', 6],
    ['SELECT $é, :1, $a::b(c)', 3],
    [';; SELECT ?; SELECT ?', 1],
    ['SELECT 1; SELECT ?', 0],
  ])('%j has %i parameters', (sql, count) => {
    const statement = database.prepare(sql);
    expect(statement.all(Array(count).fill(2))).toHaveLength(1);
    expect(() => statement.all(Array(count + 1).fill(2))).toThrow(RangeError);
    // What SQLite itself says: every parameter that is used is an instruction.
    const used = database.prepare(`EXPLAIN ${sql.replace(/^[; ]+/, '')}`).all(Array(count).fill(2)) as {
      opcode: string;
      p1: number;
    }[];
    expect(Math.max(0, ...used.filter(({ opcode }) => opcode === 'Variable').map(({ p1 }) => p1))).toBe(count);
  });

  it('gives rows as objects, as arrays, or as the first column, however they are read', () => {
    const select = database.prepare(
      'SELECT x AS "b", x + 1 AS "1", x\'ff\' AS "b" FROM (SELECT 7 AS x UNION SELECT 8)',
    );
    const read = () => [select.get(), select.all()[0], [...select.iterate()][0]];
    const blob = Buffer.from([255]);
    expect(read()).toEqual(Array(3).fill({ 1: 8, b: blob }));
    select.raw();
    expect(read()).toEqual(Array(3).fill([7, 8, blob]));
    select.pluck();
    expect(read()).toEqual([7, 7, 7]);
    expect([...select.iterate()]).toEqual([7, 8]);
    select.pluck(false);
    expect(read()).toEqual(Array(3).fill({ 1: 8, b: blob }));
    expect(select.safeIntegers().raw().get()).toEqual([7n, 8n, blob]);
    expect(database.prepare('SELECT 1 WHERE 0').get()).toBeUndefined();
  });

  it('tells whether it gives rows, and what it changed', () => {
    const insert = database.prepare('INSERT INTO word (text) VALUES (?)');
    expect([insert.reader, insert.run(null)]).toMatchObject([false, { changes: 1, lastInsertRowid: 1 }]);
    const returning = database.prepare('INSERT INTO word (text) VALUES (?) RETURNING id, text');
    expect([returning.reader, returning.get(null)]).toEqual([true, { id: 2, text: null }]);
    expect(database.prepare('SELECT count(*) FROM word').pluck().get()).toBe(2);
  });

  it('is what a pragma gives', () => {
    expect(database.pragma('foreign_keys = ON')).toEqual([]);
    expect(database.pragma('foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
    expect(database.pragma('foreign_keys = OFF', { simple: true })).toBeUndefined();
  });

  it.each(['2024-02-29T23:59:59.007Z', '1969-12-31T00:00:00Z', '0099-01-02T03:04:05.6Z', '9999-12-31T23:59:59.999Z'])(
    'stores %s as TypeORM does',
    (text) => {
      const date = new Date(text);
      database.prepare('INSERT INTO word (at) VALUES (?)').run(date);
      expect(database.prepare('SELECT at FROM word').pluck().get()).toBe(DateUtils.mixedDateToUtcDatetimeString(date));
    },
  );
});

describe('libsql as it is', () => {
  const program = (value: string) =>
    `new (require(${JSON.stringify(require.resolve('libsql'))}))(':memory:').prepare('SELECT ?').all(${value})`;
  /** In a process of its own, which may not outlive it, and elsewhere, where a dump of it would be in nobody's way. */
  const run = (value: string) =>
    spawnSync(process.execPath, ['-e', program(value)], { cwd: tmpdir(), encoding: 'utf8' });

  it.each([
    ['a date', 'new Date(0)'],
    ['a Buffer', 'Buffer.alloc(1)'],
    ['an object', '{}'],
    ['a boolean beside another value', 'true, 1'],
  ])('ends the process where the parameter is %s', (_, value) => {
    const { signal, stderr } = run(value);
    expect([signal, stderr]).toEqual(['SIGABRT', expect.stringContaining('panicked at')]);
  });

  it('fails where the parameter is null', () => {
    expect(run('null').stderr).toContain('failed to downcast any to object');
  });
});

it('says what to install where the package libsql is missing', () => {
  jest.isolateModules(() => {
    jest.doMock('libsql', () => {
      throw new Error("Cannot find module 'libsql'");
    });
    const door = require('../../src/embedded/index.js') as typeof import('../../src/embedded/index.js');
    expect(() => door.libsqlDriver()).toThrow(
      expect.objectContaining({ code: 'PEER_MISSING', message: expect.stringContaining('npm install libsql') }),
    );
  });
});
