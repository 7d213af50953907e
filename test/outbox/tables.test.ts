import { DataSource, type DataSourceOptions } from 'typeorm';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox, outboxMigration } from '../../src/outbox/install';
import { OUTBOX_STATES } from '../../src/outbox/outbox-row';
import { checkShardCount, readShardCount } from '../../src/outbox/shard-count';
import { LIFECYCLE } from '../../src/sync/lifecycle';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Note } from './entities';

const schemaDiff = async (dataSource: DataSource) =>
  (await dataSource.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

onEveryDatabase('the tables of the outbox', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  const sql: string[] = [];
  beforeEach(async () => {
    ({ dataSource, drop } = await openDatabase(database, [Note], sql));
  });
  afterEach(() => drop());

  const tables = async () => {
    const found = await Promise.all(
      ['scrypath_outbox', 'scrypath_shard'].map((name) => withRunner((runner) => runner.hasTable(name))),
    );
    return found.filter((there) => there).length;
  };
  const withRunner = async <T>(use: (runner: ReturnType<DataSource['createQueryRunner']>) => Promise<T>) => {
    const runner = dataSource.createQueryRunner();
    try {
      return await use(runner);
    } finally {
      await runner.release();
    }
  };
  const migrating = async (migration: ReturnType<typeof outboxMigration>) => {
    dataSource.migrations.push(new migration());
  };

  it.each([true, false])('a migration makes and reverts them (attached: %p)', async (attach) => {
    if (attach) await attachOutbox(dataSource, { shards: 8 });
    await migrating(outboxMigration({ shards: 8 }));
    expect(await dataSource.runMigrations()).toHaveLength(1);
    expect(await tables()).toBe(2);
    await attachOutbox(dataSource, { shards: 8 });
    expect(await schemaDiff(dataSource)).toEqual([]);
    expect(await readShardCount(dataSource.manager)).toBe(8);
    await dataSource.undoLastMigration();
    expect(await tables()).toBe(0);
    expect(await dataSource.query(`SELECT * FROM typeorm_metadata`)).toEqual([]);
    await dataSource.runMigrations();
    expect(await schemaDiff(dataSource)).toEqual([]);
  });

  it('synchronize makes the same tables, and leaves them alone the second time', async () => {
    await attachOutbox(dataSource);
    await dataSource.synchronize();
    expect(await schemaDiff(dataSource)).toEqual([]);
    await expect(readShardCount(dataSource.manager)).rejects.toMatchObject({ code: 'OUTBOX_MISMATCH' });
    await ensureOutbox(dataSource);
    expect(await readShardCount(dataSource.manager)).toBe(16);
    sql.length = 0;
    await dataSource.synchronize();
    expect(sql.filter((statement) => /^\s*(CREATE|ALTER|DROP|DELETE|UPDATE)/i.test(statement))).toEqual([]);
    expect(await readShardCount(dataSource.manager)).toBe(16);
  });

  it('ensure makes what is missing, any number of times, and keeps what is there', async () => {
    await attachOutbox(dataSource, { shards: 4 });
    await ensureOutbox(dataSource, { shards: 4 });
    await dataSource.query(`UPDATE scrypath_sending SET unknown_until = 7 WHERE shard = 3`);
    await ensureOutbox(dataSource, { shards: 4 });
    expect(await readShardCount(dataSource.manager)).toBe(4);
    const [row] = await dataSource.query(`SELECT unknown_until FROM scrypath_sending WHERE shard = 3`);
    expect(Number(row.unknown_until)).toBe(7);
    expect(await schemaDiff(dataSource)).toEqual([]);
  });

  it('refuses another number of shards than the database was made with', async () => {
    await attachOutbox(dataSource, { shards: 4 });
    await expect(readShardCount(dataSource.manager)).rejects.toMatchObject({ code: 'OUTBOX_MISSING' });
    await ensureOutbox(dataSource, { shards: 4 });
    await checkShardCount(dataSource.manager, 4);
    await expect(checkShardCount(dataSource.manager, 8)).rejects.toMatchObject({ code: 'OUTBOX_MISMATCH' });
    await expect(ensureOutbox(dataSource, { shards: 8 })).rejects.toMatchObject({ code: 'OUTBOX_MISMATCH' });
    expect(await readShardCount(dataSource.manager)).toBe(4);
    await dataSource.query(`DELETE FROM scrypath_shard WHERE shard = 2`);
    await expect(readShardCount(dataSource.manager)).rejects.toMatchObject({ code: 'OUTBOX_MISMATCH' });
  });

  it('fills id, shard, state, times and attempts by itself, on its own clock', async () => {
    await attachOutbox(dataSource);
    await ensureOutbox(dataSource);
    const before = Date.now();
    await dataSource.query(
      `INSERT INTO scrypath_outbox (entity, record_key, cause) SELECT 'Note', n, 'repair' FROM (SELECT 'a' AS n UNION SELECT 'b') AS two`,
    );
    const rows = await dataSource.query(`SELECT * FROM scrypath_outbox ORDER BY record_key`);
    expect(new Set(rows.map(({ id }: { id: string }) => id)).size).toBe(2);
    for (const row of rows) {
      expect(row.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(row).toMatchObject({ state: 'enqueued', attempts: 0, tasks: null, error_class: null });
      expect([row.due_at, row.unknown_until].map(Number)).toEqual([0, 0]);
      expect(Math.abs(Number(row.created_at) - before)).toBeLessThan(60_000);
    }
  });

  if (database === 'postgres')
    it('stand in the schema and under the prefix of the DataSource', async () => {
      await dataSource.query('CREATE SCHEMA search');
      const other = new DataSource({
        ...dataSource.options,
        entities: [],
        synchronize: false,
        schema: 'search',
        entityPrefix: 'my_',
      } as DataSourceOptions);
      await other.initialize();
      try {
        await attachOutbox(other);
        await ensureOutbox(other);
        expect(await schemaDiff(other)).toEqual([]);
        expect(await readShardCount(other.manager)).toBe(16);
        expect(await other.query(`SELECT count(*)::int AS n FROM search.my_scrypath_shard`)).toEqual([{ n: 16 }]);
      } finally {
        await other.destroy();
      }
    });
});

it('the states of a row are words of the lifecycle, in its order', () => {
  expect(LIFECYCLE.filter((word) => (OUTBOX_STATES as readonly string[]).includes(word))).toEqual([...OUTBOX_STATES]);
});

it('a database that the outbox does not know is refused by name', async () => {
  const dataSource = { options: { type: 'oracle' } } as DataSource;
  await expect(attachOutbox(dataSource)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('oracle'),
  });
});

it.each([0, 1025, 1.5, Number.NaN])('%p shards are refused', (shards) => {
  expect(() => outboxMigration({ shards })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
