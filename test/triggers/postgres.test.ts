import { describe as declare } from 'scrypath';
import { EntitySchema } from 'typeorm';
import { ensureTriggers } from '../../src/triggers/install';
import { verifyTriggers } from '../../src/triggers/verify';
import { onEveryDatabase } from '../stacks/stack';
import { type OpenedTables, openTables, rulesOf, takeRows } from './opened';

const Measure = new EntitySchema<Record<string, unknown>>({
  name: 'Measure',
  tableName: 'measure',
  columns: {
    id: { type: 'int', primary: true },
    region: { type: 'int', default: 0 },
    value: { type: 'json', nullable: true },
    amount: { type: 'numeric', nullable: true },
    place: { type: 'point', nullable: true },
    tags: { type: 'text', array: true, nullable: true },
    note: { type: 'text', nullable: true },
  },
});
const fields = {
  region: { filterable: true },
  amount: { filterable: true },
  place: { filterable: true },
  tags: { filterable: true },
  value: { filterable: true },
} as object;
const described = [declare(Measure, { fields })];

onEveryDatabase('triggers of PostgreSQL', ({ database }) => {
  if (database !== 'postgres') {
    it.skip(`skipped: not for this database, ${database}`, () => undefined);
    return;
  }
  let opened: OpenedTables;
  beforeEach(async () => {
    opened = await openTables(database, [Measure], described);
    await ensureTriggers(opened.dataSource, opened.fanOut);
  });
  afterEach(() => opened?.drop());
  const marks = async (sql: string) => {
    await opened.dataSource.query(sql);
    return (await takeRows(opened.dataSource)).map(({ record_key: key }) => key);
  };

  it('compare values of types that know no equality, and what equality does not tell apart', async () => {
    await marks(`INSERT INTO measure (id, value, amount, place, tags) VALUES (1, '{"a":1}', 1.0, '(1,2)', '{a,b}')`);
    expect(await marks(`UPDATE measure SET value = '{"a":1}', amount = 1.0, place = '(1,2)', tags = '{a,b}'`)).toEqual(
      [],
    );
    expect(await marks(`UPDATE measure SET note = 'seen'`)).toEqual([]);
    expect(await marks(`UPDATE measure SET value = '{"a":2}'`)).toEqual(['1']);
    expect(await marks('UPDATE measure SET amount = 1.00')).toEqual(['1']);
    expect(await marks(`UPDATE measure SET place = '(1,3)'`)).toEqual(['1']);
    expect(await marks(`UPDATE measure SET tags = '{b,a}'`)).toEqual(['1']);
    expect(await marks('UPDATE measure SET tags = NULL')).toEqual(['1']);
  });

  it('an update of many rows after one of few is no slower than by itself: its plan is not that of a single row', async () => {
    const runner = opened.dataSource.createQueryRunner();
    await runner.query('INSERT INTO measure (id) SELECT generate_series(1, 40000)');
    for (let at = 1; at < 8; at += 1) await runner.query(`UPDATE measure SET region = 1 WHERE id = ${at}`);
    await runner.query('DELETE FROM scrypath_outbox');
    // Compared in pairs, 1,600,000,000 of them, it would take minutes.
    await runner.query(`SET statement_timeout = '20s'`);
    await runner.query('UPDATE measure SET region = 2');
    const [{ n }] = await runner.query('SELECT count(DISTINCT record_key)::int AS n FROM scrypath_outbox');
    const [{ ids }] = await runner.query('SELECT count(DISTINCT id)::int AS ids FROM scrypath_outbox');
    await runner.release();
    expect({ n, ids }).toEqual({ n: 40_000, ids: 40_000 });
  });

  it('keys that move on to another row are dirty, and each once', async () => {
    const { dataSource } = opened;
    const [{ conname }] = await dataSource.query(
      "SELECT conname FROM pg_constraint WHERE conrelid = 'measure'::regclass",
    );
    await dataSource.query(`ALTER TABLE measure DROP CONSTRAINT "${conname}", ADD PRIMARY KEY (id) DEFERRABLE`);
    await marks('INSERT INTO measure (id, region) VALUES (1, 10), (3, 30)');
    expect(await marks('UPDATE measure SET id = id + 2')).toEqual(['1', '3', '5']);
  });

  it('the ids of the rows are UUIDs that follow the time', async () => {
    await opened.dataSource.query('INSERT INTO measure (id) SELECT generate_series(1, 20)');
    const rows: { id: string }[] = await opened.dataSource.query('SELECT id FROM scrypath_outbox ORDER BY id');
    expect(rows.filter(({ id }) => !/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/.test(id))).toEqual([]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(20);
  });

  it('a disabled trigger is reported as changed, and made again', async () => {
    await opened.dataSource.query('ALTER TABLE measure DISABLE TRIGGER scrypath_measure_update');
    expect((await verifyTriggers(opened.dataSource, opened.fanOut)).changed).toEqual([
      'scrypath_measure_update on measure',
    ]);
    await ensureTriggers(opened.dataSource, opened.fanOut);
    await marks('INSERT INTO measure (id) VALUES (1)');
    expect(await marks('UPDATE measure SET region = 5')).toEqual(['1']);
  });

  it('a function without its settings or its rights is reported as changed, and made again', async () => {
    const { dataSource, fanOut } = opened;
    const changed = async (alteration: string) => {
      await dataSource.query(`ALTER FUNCTION scrypath_measure_update() ${alteration}`);
      const report = await verifyTriggers(dataSource, fanOut);
      await ensureTriggers(dataSource, fanOut);
      return report.changed;
    };
    for (const alteration of ['RESET enable_nestloop', 'SECURITY INVOKER', 'SET search_path = public'])
      expect(await changed(alteration)).toEqual(['scrypath_measure_update on measure']);
    expect((await verifyTriggers(dataSource, fanOut)).changed).toEqual([]);
  });

  it('a partitioned table is watched where the statement names it, rows that change partition included', async () => {
    const { dataSource } = opened;
    await dataSource.query('DROP TABLE measure');
    await dataSource.query(
      `CREATE TABLE measure (id int, region int DEFAULT 0, value json, amount numeric, place point, tags text[], note text,
         PRIMARY KEY (id, region)) PARTITION BY LIST (region)`,
    );
    for (const region of [0, 1])
      await dataSource.query(`CREATE TABLE measure_${region} PARTITION OF measure FOR VALUES IN (${region})`);
    await ensureTriggers(dataSource, rulesOf(dataSource, described));
    expect(await marks('INSERT INTO measure (id, region) VALUES (1, 0), (2, 1)')).toEqual(['1', '2']);
    expect(await marks('UPDATE measure SET region = 1 WHERE id = 1')).toEqual(['1']);
    expect(await marks('DELETE FROM measure WHERE id = 2')).toEqual(['2']);
    expect(await marks('TRUNCATE measure')).toEqual(['1']);
    expect(await marks('INSERT INTO measure_1 (id, region) VALUES (3, 1)')).toEqual([]);
  });

  it('an unlogged table is watched as any other', async () => {
    await opened.dataSource.query('ALTER TABLE measure SET UNLOGGED');
    expect(await marks('INSERT INTO measure (id) VALUES (1)')).toEqual(['1']);
  });
});
