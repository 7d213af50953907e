import type { DataSource, QueryRunner } from 'typeorm';
import { append } from '../../src/outbox/append';
import { attachOutbox } from '../../src/outbox/attach';
import { dialectOf } from '../../src/outbox/dialect';
import { ensureOutbox } from '../../src/outbox/install';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Note } from './entities';

onEveryDatabase('the outbox among connections', ({ database }) => {
  if (database === 'sqlite') {
    it('SQLite has one connection, and so nobody to wait for', async () => {
      const { dataSource, drop } = await openDatabase(database, []);
      expect(dataSource.createQueryRunner()).toBe(dataSource.createQueryRunner());
      await drop();
    });
    return;
  }

  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let runners: QueryRunner[] = [];
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase(database, [Note]));
    await attachOutbox(dataSource);
    await ensureOutbox(dataSource);
  });
  afterAll(() => drop());
  afterEach(async () => {
    for (const runner of runners) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
    runners = [];
    await dataSource.query('DELETE FROM scrypath_outbox');
  });
  /** A connection that fails instead of waiting for a lock. */
  const connection = async () => {
    const runner = dataSource.createQueryRunner();
    runners.push(runner);
    await runner.query(
      database === 'postgres' ? `SET lock_timeout = '1s'` : 'SET SESSION innodb_lock_wait_timeout = 1',
    );
    return runner;
  };
  const count = async (runner: QueryRunner) => {
    const [{ n }] = await runner.query('SELECT COUNT(*) AS n FROM scrypath_outbox');
    return Number(n);
  };
  const keys = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({ entity: 'Note', recordKey: String(from + at) }));

  it.each(['REPEATABLE READ', 'READ COMMITTED'] as const)(
    'a reader at %s blocks no writer, and no writer blocks it',
    async (isolation) => {
      const [reader, writer] = [await connection(), await connection()];
      await append(dataSource.manager, keys(0, 20), 'write');
      await reader.startTransaction(isolation);
      expect(await count(reader)).toBe(20);
      await writer.startTransaction();
      await append(writer.manager, keys(20, 40), 'write');
      expect(await count(reader)).toBe(20);
      await writer.commitTransaction();
      expect(await count(reader)).toBe(isolation === 'READ COMMITTED' ? 40 : 20);
    },
  );

  it('writers of the same keys do not wait for each other, in whatever order', async () => {
    const [first, second] = [await connection(), await connection()];
    await first.startTransaction();
    await second.startTransaction();
    await append(first.manager, keys(0, 50), 'write');
    await append(second.manager, keys(0, 50).reverse(), 'write');
    await append(first.manager, keys(40, 90), 'write');
    await append(second.manager, keys(40, 90), 'write');
    await first.commitTransaction();
    await second.rollbackTransaction();
    expect(await count(first)).toBe(100);
  });

  it.each(['REPEATABLE READ', 'READ COMMITTED'] as const)(
    'who holds a shard by its row, at %s, blocks no writer, and others pass over it',
    async (isolation) => {
      const [holder, other, writer] = [await connection(), await connection(), await connection()];
      const lock = (where: string) =>
        `SELECT shard FROM scrypath_shard ${where} ORDER BY shard${dialectOf(dataSource).skipLocked}`;
      await holder.startTransaction(isolation);
      expect(await holder.query(lock('WHERE shard = 3'))).toEqual([{ shard: 3 }]);
      await append(writer.manager, keys(0, 200), 'write');
      await other.startTransaction(isolation);
      const free: { shard: number }[] = await other.query(lock(''));
      expect(free.map(({ shard }) => shard)).toEqual([...Array(16).keys()].filter((shard) => shard !== 3));
      expect(await count(other)).toBe(200);
    },
  );
});
