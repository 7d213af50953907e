import type { EntityManager } from 'typeorm';
import { tokenOf } from '../../src/outbox/mark-id';
import { onEveryDatabase } from '../stacks/stack';
import { type Captured, openCaptured } from './captured';
import { Director, Film, Review } from './entities';
import { seed } from './seed';

onEveryDatabase('a captured write beside another transaction', ({ database }) => {
  if (database === 'sqlite') {
    it.skip('skipped: SQLite has one connection', () => undefined);
    return;
  }
  let captured: Captured;
  beforeAll(async () => {
    captured = await openCaptured(database);
  });
  afterAll(() => captured?.drop());
  beforeEach(async () => {
    await seed(captured.dataSource);
    await captured.forget();
  });

  /** Runs `write` while another transaction holds what it has done, and goes on to commit once `write` waits for it. */
  const against = async (other: (manager: EntityManager) => Promise<unknown>, write: () => Promise<unknown>) => {
    const runner = captured.dataSource.createQueryRunner();
    await runner.startTransaction();
    await other(runner.manager);
    const writing = write();
    await waiting();
    await runner.commitTransaction();
    await runner.release();
    await writing;
  };
  /** Until a connection of the database waits for a lock. */
  const waiting = async (): Promise<void> => {
    for (let at = 0; at < 60; at += 1) {
      const [{ n }] = await captured.dataSource.query(
        database === 'postgres'
          ? 'SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0'
          : "SELECT count(*) AS n FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
      );
      if (Number(n) > 0) return;
      // MariaDB tells what it knew the last time, unless nobody has asked for 100 ms.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    throw new Error('Nothing waits for a lock.');
  };

  it.each(['READ COMMITTED', 'REPEATABLE READ'] as const)(
    'marks what it changes, and changes what it marks, where a row comes to match meanwhile [%s]',
    async (isolation) => {
      const { dataSource } = captured;
      const runner = dataSource.createQueryRunner();
      let inserted = 0;
      // Between the statement that locks the rows and the one that changes them.
      const query = runner.query.bind(runner) as (...given: unknown[]) => Promise<unknown>;
      runner.query = (async (sql: string, ...rest: unknown[]) => {
        const result = await query(sql, ...rest);
        if (/FOR UPDATE$/.test(sql) && inserted === 0 && isolation === 'READ COMMITTED') {
          inserted = (await dataSource.getRepository(Film).insert({ slug: 'late', title: 'L', year: 2000 }))
            .identifiers[0]!.id;
          await dataSource.query('DELETE FROM scrypath_outbox');
        }
        return result;
      }) as typeof runner.query;
      await runner.startTransaction(isolation);
      await runner.manager.update(Film, { year: 2000 }, { title: 'changed' });
      await runner.commitTransaction();
      await runner.release();
      const changed = await dataSource.getRepository(Film).findBy({ title: 'changed' });
      expect(await captured.marks()).toEqual(changed.map(({ id }) => `Film ${id}`).sort());
      if (database === 'mariadb' && isolation === 'READ COMMITTED') expect(inserted).toBeGreaterThan(0);
      expect(changed.map(({ id }) => id)).not.toContain(inserted);
    },
  );

  it('marks the owner that a child had when it could be moved, and not the one before', async () => {
    await against(
      (manager) => manager.update(Review, { id: 1 }, { filmId: 2 }),
      () => captured.dataSource.getRepository(Review).update({ id: 1 }, { filmId: 3 }),
    );
    const rows: { id: string; record_key: string }[] = await captured.dataSource.query(
      'SELECT id, record_key FROM scrypath_outbox',
    );
    const marked = captured.committed.map(({ token }) =>
      rows
        .filter(({ id }) => tokenOf(id) === token)
        .map(({ record_key }) => record_key)
        .sort(),
    );
    expect(marked).toEqual([
      ['1', '2'],
      ['2', '3'],
    ]);
  });

  it('marks no row that does not match any more once it could be changed', async () => {
    await against(
      (manager) => manager.query('UPDATE review SET stars = 7 WHERE id = 1'),
      () => captured.dataSource.getRepository(Review).update({ stars: 1 }, { stars: 4 }),
    );
    expect(new Set(await captured.marks())).toEqual(new Set(['Film 2']));
  });

  it('marks an owner that was just given the record that is deleted', async () => {
    const director = await captured.dataSource.getRepository(Director).save({ name: 'Cut' });
    await against(
      (manager) =>
        manager.query(
          `UPDATE film SET ${captured.dataSource.driver.escape('directorId')} = ${director.id} WHERE id = 2`,
        ),
      () => captured.dataSource.getRepository(Director).delete(director.id),
    );
    expect(await captured.marks()).toEqual(['Film 2']);
    expect(await captured.dataSource.getRepository(Film).findOneByOrFail({ id: 2 })).toMatchObject({
      directorId: null,
    });
  });
});
