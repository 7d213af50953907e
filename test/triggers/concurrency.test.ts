import type { QueryRunner } from 'typeorm';
import { ensureTriggers } from '../../src/triggers/install';
import { onEveryDatabase } from '../stacks/stack';
import { FILMS } from './films';
import { type OpenedTables, openTables, takeRows } from './opened';
import { SEED } from './writes';

onEveryDatabase('triggers, among connections', ({ database }) => {
  if (database === 'sqlite') {
    it.skip('skipped: SQLite lets one connection write at a time', () => undefined);
    return;
  }
  let opened: OpenedTables;
  let runners: QueryRunner[] = [];
  beforeAll(async () => {
    opened = await openTables(database, FILMS);
    await ensureTriggers(opened.dataSource, opened.fanOut);
  });
  afterAll(() => opened?.drop());
  beforeEach(async () => {
    for (const table of ['film_genre', 'review', 'film', 'genre', 'person', 'studio', 'country'])
      await opened.dataSource.query(`DELETE FROM ${table}`);
    for (const sql of SEED) await opened.dataSource.query(sql);
    await takeRows(opened.dataSource);
  });
  afterEach(async () => {
    for (const runner of runners) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
    runners = [];
  });
  const begun = async (isolation: 'REPEATABLE READ' | 'READ COMMITTED', wait = true) => {
    const runner = opened.dataSource.createQueryRunner();
    runners.push(runner);
    const seconds = wait ? 10 : 1;
    await runner.query(
      database === 'postgres'
        ? `SET lock_timeout = '${seconds}s'`
        : `SET SESSION innodb_lock_wait_timeout = ${seconds}`,
    );
    await runner.startTransaction(isolation);
    return runner;
  };
  const marks = async () =>
    (await takeRows(opened.dataSource)).map(({ entity, record_key: key }) => `${entity} ${key}`);

  describe.each(['REPEATABLE READ', 'READ COMMITTED'] as const)('at %s', (isolation) => {
    it('two transactions on two children of one parent neither wait for each other nor lose it', async () => {
      await opened.dataSource.query("INSERT INTO review (id, text, film_id) VALUES (11, 'again', 1)");
      await takeRows(opened.dataSource);
      const [one, other] = [await begun(isolation, false), await begun(isolation, false)];
      await one.query("UPDATE review SET text = 'one' WHERE id = 1");
      await other.query("UPDATE review SET text = 'other' WHERE id = 11");
      await one.query("INSERT INTO review (id, text, film_id) VALUES (21, 'new', 1)");
      await other.query("INSERT INTO review (id, text, film_id) VALUES (22, 'new', 1)");
      await other.commitTransaction();
      await one.commitTransaction();
      expect(await marks()).toEqual(['Film 1', 'Film 1', 'Film 1', 'Film 1']);
    });

    it('a parent that is deleted while another gives it a child is seen by the child', async () => {
      const [deleter, mover] = [await begun(isolation), await begun('READ COMMITTED')];
      await mover.query('UPDATE film SET director_id = 1 WHERE id = 5');
      const deleted = deleter.query('DELETE FROM person WHERE id = 1').then(
        () => deleter.commitTransaction(),
        // A snapshot that is too old is refused, not passed over.
        () => deleter.rollbackTransaction(),
      );
      await mover.commitTransaction();
      await deleted;
      const [{ director_id: director }] = await opened.dataSource.query('SELECT director_id FROM film WHERE id = 5');
      const seen = await marks();
      expect(seen.filter((mark) => mark === 'Film 5').length).toBeGreaterThanOrEqual(director === null ? 2 : 1);
      if (director === null) expect(seen).toEqual(expect.arrayContaining(['Film 1', 'Film 4']));
    });
  });

  it('many writers of one parent at a time lose no mark', async () => {
    const writers = 8;
    const writes = 10;
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let at = 0; at < writes; at += 1)
          await opened.dataSource.transaction(async (manager) => {
            const id = 1000 + writer * writes + at;
            await manager.query(`INSERT INTO review (id, text, film_id) VALUES (${id}, 'x', 1)`);
            await manager.query(`UPDATE review SET text = 'y' WHERE id = ${id}`);
          });
      }),
    );
    expect((await marks()).filter((mark) => mark === 'Film 1')).toHaveLength(2 * writers * writes);
  });
});
