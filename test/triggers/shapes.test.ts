import { DataSource, type DataSourceOptions } from 'typeorm';
import { ensureTriggers } from '../../src/triggers/install';
import { triggerName } from '../../src/triggers/trigger-name';
import { verifyTriggers } from '../../src/triggers/verify';
import { onEveryDatabase } from '../stacks/stack';
import { FILMS } from './films';
import { type OpenedTables, openTables, rulesOf, takeRows, withOutbox } from './opened';
import { LongName, SHAPES } from './shapes';

onEveryDatabase('triggers, on tables of every shape', ({ database }) => {
  let opened: OpenedTables;
  beforeAll(async () => {
    opened = await openTables(database, SHAPES);
    await ensureTriggers(opened.dataSource, opened.fanOut);
  });
  afterAll(() => opened?.drop());
  beforeEach(() => takeRows(opened.dataSource));

  const marksOf = async (...statements: string[]) => {
    for (const sql of statements) await opened.dataSource.query(sql);
    const rows = await takeRows(opened.dataSource);
    return [...new Set(rows.map(({ entity, record_key: key }) => `${entity} ${key}`))];
  };
  const quoted = (name: string) => opened.dataSource.driver.escape(name);

  it('rows of a subclass are told from their sisters in one table, and a row that changes sides is seen', async () => {
    expect(
      await marksOf(
        "INSERT INTO content (id, kind, title, headline) VALUES (1, 'article', 't', 'h')",
        "INSERT INTO content (id, kind, title, caption) VALUES (2, 'picture', 't', 'c')",
      ),
    ).toEqual(['Article 1']);
    expect(await marksOf("UPDATE content SET caption = 'other'")).toEqual([]);
    expect(await marksOf("UPDATE content SET headline = 'other'")).toEqual(['Article 1']);
    expect(await marksOf("UPDATE content SET kind = 'picture' WHERE id = 1")).toEqual(['Article 1']);
    expect(await marksOf("UPDATE content SET kind = 'article' WHERE id = 2")).toEqual(['Article 2']);
    expect(await marksOf('DELETE FROM content')).toEqual(['Article 2']);
  });

  it('a tree falls with its root, level by level', async () => {
    await marksOf(
      "INSERT INTO node (id, name, parent_id) VALUES (1, 'root', NULL), (2, 'left', 1), (3, 'leaf', 2), (4, 'below', 3)",
    );
    expect(await marksOf("UPDATE node SET name = 'trunk' WHERE id = 1")).toEqual(['Node 1', 'Node>parent 1']);
    const fallen = await marksOf('DELETE FROM node WHERE id = 1');
    expect(fallen.filter((mark) => mark.startsWith('Node '))).toEqual(['Node 1', 'Node 2', 'Node 3', 'Node 4']);
  });

  it('names that need quotes are quoted, and a composite key is one key', async () => {
    const table = quoted('Order lines');
    expect(await marksOf(`INSERT INTO ${table} VALUES ('A "1"', 1, 'x'), ('B', 2, 'y')`)).toEqual([
      'OrderLine ["A \\"1\\"","1"]',
      'OrderLine ["B","2"]',
    ]);
    expect(await marksOf(`UPDATE ${table} SET ${quoted('select')} = 'z' WHERE ${quoted('Line')} = 2`)).toEqual([
      'OrderLine ["B","2"]',
    ]);
    expect(await marksOf(`UPDATE ${table} SET ${quoted('the order')} = 'C' WHERE ${quoted('Line')} = 2`)).toEqual([
      'OrderLine ["B","2"]',
      'OrderLine ["C","2"]',
    ]);
  });

  it('a name too long is shortened, and stays one of its own', async () => {
    const { tableName } = opened.dataSource.getMetadata(LongName);
    const names = (['insert', 'update', 'delete'] as const).map((event) => triggerName(tableName, event));
    expect(new Set(names).size).toBe(3);
    expect(names.filter((name) => Buffer.byteLength(name) > 63)).toEqual([]);
    expect(triggerName(`${tableName}_2`, 'insert')).not.toBe(names[0]);
    expect(Buffer.byteLength(triggerName('日本'.repeat(30), 'truncate'))).toBeLessThanOrEqual(63);
    expect(await marksOf(`INSERT INTO ${tableName} (id, title) VALUES (1, 'x')`)).toEqual(['LongName 1']);
  });

  it('a relation to a column that is no primary key is followed by that column', async () => {
    await marksOf(
      "INSERT INTO label (id, code, name) VALUES (1, 'a', 'A'), (2, 'b', 'B')",
      "INSERT INTO parcel (id, label_code) VALUES (10, 'a'), (20, 'b')",
    );
    expect(await marksOf("UPDATE label SET name = 'AA' WHERE id = 1")).toEqual(['Parcel>label 1']);
    expect(await marksOf("UPDATE parcel SET label_code = 'b' WHERE id = 10")).toEqual(['Parcel 10']);
    expect(await marksOf('DELETE FROM label WHERE id = 2')).toEqual(expect.arrayContaining(['Parcel 10', 'Parcel 20']));
  });

  it('a relation that no foreign key keeps whole is looked up, wherever its two sides go', async () => {
    await marksOf("INSERT INTO concert (id, venue_code) VALUES (10, 'a'), (11, 'a'), (20, 'b'), (30, NULL)");
    const concerts = async (...statements: string[]) =>
      (await marksOf(...statements)).filter((mark) => mark.startsWith('Concert '));
    expect(await concerts("INSERT INTO venue (id, code, name) VALUES (1, 'a', 'A')")).toEqual([
      'Concert 10',
      'Concert 11',
    ]);
    expect(await concerts("UPDATE venue SET code = 'b' WHERE id = 1")).toEqual([
      'Concert 10',
      'Concert 11',
      'Concert 20',
    ]);
    expect(await marksOf("UPDATE venue SET name = 'B'")).toEqual(['Concert>venue 1']);
    expect(await concerts('DELETE FROM venue')).toEqual(['Concert 20']);
    const { warnings } = await verifyTriggers(opened.dataSource, opened.fanOut);
    expect(warnings.filter((warning) => /venue.*concert/.test(warning))).toHaveLength(database === 'sqlite' ? 1 : 0);
  });

  it('a foreign key that a changed key empties is seen', async () => {
    await marksOf(
      'DELETE FROM parcel',
      'DELETE FROM label',
      "INSERT INTO label (id, code, name) VALUES (1, 'a', 'A')",
      "INSERT INTO parcel (id, label_code) VALUES (10, 'a')",
    );
    expect(await marksOf("UPDATE label SET code = 'c'")).toEqual(['Parcel 10', 'Parcel>label 1']);
    expect(await opened.dataSource.query('SELECT label_code FROM parcel')).toEqual([{ label_code: null }]);
  });

  it('a cascade without end is seen, or warned of', async () => {
    await marksOf('DELETE FROM node');
    const depth = 12;
    for (let id = 1; id <= depth; id += 1)
      await marksOf(`INSERT INTO node (id, name, parent_id) VALUES (${id}, 'n', ${id === 1 ? 'NULL' : id - 1})`);
    const fallen = new Set((await marksOf('DELETE FROM node WHERE id = 1')).filter((mark) => mark.startsWith('Node ')));
    const { warnings } = await verifyTriggers(opened.dataSource, opened.fanOut);
    const warned = warnings.filter((warning) => /\bnode\b/.test(warning)).length;
    if (database === 'mariadb') expect({ warned, some: fallen.size > 5 }).toEqual({ warned: 1, some: true });
    else expect({ warned, size: fallen.size }).toEqual({ warned: 0, size: depth });
  });

  it('a prefix of tables, and a schema or database other than the default, are named as they are', async () => {
    const elsewhere = await anotherSchema(opened.dataSource);
    try {
      await withOutbox(elsewhere);
      const fanOut = rulesOf(elsewhere);
      await ensureTriggers(elsewhere, fanOut);
      expect(await verifyTriggers(elsewhere, fanOut)).toMatchObject({ missing: [], changed: [], extra: [] });
      const { tablePath } = elsewhere.getMetadata('Film');
      await elsewhere.query(`INSERT INTO ${tablePath} (id, title) VALUES (1, 'New')`);
      const outbox = elsewhere.getMetadata('ScrypathOutbox').tablePath;
      expect(await elsewhere.query(`SELECT entity, record_key FROM ${outbox}`)).toEqual([
        { entity: 'Film', record_key: '1' },
      ]);
    } finally {
      await elsewhere.destroy();
    }
    expect(await takeRows(opened.dataSource)).toEqual([]);
    expect(await verifyTriggers(opened.dataSource, opened.fanOut)).toMatchObject({
      missing: [],
      changed: [],
      extra: [],
    });
  });

  /** Beside the tables that are there: with a prefix; on PostgreSQL in a schema of their own too. */
  async function anotherSchema({ options, driver }: DataSource): Promise<DataSource> {
    const extras = { entities: FILMS, entityPrefix: 'my_', synchronize: true, logging: false };
    if (database === 'postgres') {
      await opened.dataSource.query('CREATE SCHEMA elsewhere');
      return new DataSource({ ...options, ...extras, schema: 'elsewhere' } as DataSourceOptions).initialize();
    }
    expect(driver.database).toBeDefined();
    return new DataSource({ ...options, ...extras } as DataSourceOptions).initialize();
  }
});
