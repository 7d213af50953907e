import type { DataSource, QueryRunner } from 'typeorm';
import { append } from '../../src/outbox/append';
import { dialectOf } from '../../src/outbox/dialect';
import { newToken } from '../../src/outbox/mark-id';
import { run } from '../../src/outbox/statement';
import { LeasedShards } from '../../src/worker/leased-shards';
import { LockedShards } from '../../src/worker/locked-shards';
import type { HoldSource } from '../../src/worker/shard-hold';
import { timingOf } from '../../src/worker/timing';
import { onEveryDatabase } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, drainAll, EVERYTHING, gate, hooked, rowsOf, SHORT, senderOf, until } from './senders';

const sourceOf = (dataSource: DataSource): HoldSource =>
  dialectOf(dataSource).family === 'sqlite'
    ? new LeasedShards(dataSource, timingOf(SHORT))
    : new LockedShards(dataSource, 16, timingOf(SHORT));

onEveryDatabase('claims', ({ use, database }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: SHORT, prefix });
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix });
  const onServers = database === 'sqlite' ? it.skip : it;
  let opened: HoldSource[] = [];
  const open = () => {
    const source = sourceOf(stack.dataSource);
    opened.push(source);
    return source;
  };
  const mark = (count: number, from = 1) =>
    append(
      stack.dataSource.manager,
      Array.from({ length: count }, (_, at) => ({ entity: 'Film', recordKey: String(from + at) })),
      'verb',
    );
  const everyShard = { kind: 'due', limit: 10_000, entities: ['Film'], fewerShards: false } as const;

  beforeEach(async () => {
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('DELETE FROM scrypath_fence');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });
  afterEach(async () => {
    for (const source of opened) await source.close();
    opened = [];
  });

  it('are held by one at any time; another takes the shards that are free', async () => {
    await mark(200);
    const [one, two] = [open(), open()];
    const held = await one.hold({ ...everyShard, fewerShards: true });
    const others = await two.hold(everyShard);
    expect(held!.shards.length).toBeGreaterThan(0);
    expect(others!.shards.length + held!.shards.length).toBe(16);
    expect(others!.shards.filter((shard) => held!.shards.includes(shard))).toEqual([]);
    expect(await open().hold(everyShard)).toBeNull();
    await held!.abandon(false);
    expect((await open().hold(everyShard))!.shards.length).toBe(held!.shards.length);
    await others!.abandon(false);
  });

  it('record that something may be on its way, before they are given out', async () => {
    await mark(1);
    const held = (await open().hold(everyShard))!;
    const [{ unknown_until }] = await stack.dataSource.query(
      `SELECT unknown_until FROM scrypath_sending WHERE shard = ${held.shards[0]}`,
    );
    expect(Number(unknown_until)).toBe(held.unknownUntil);
    expect(held.unknownUntil - held.claimedAt).toBe(timingOf(SHORT).graceMs);
    await held.finish(async () => undefined);
    const [{ sum }] = await stack.dataSource.query('SELECT SUM(unknown_until) AS sum FROM scrypath_sending');
    expect(Number(sum)).toBe(0);
  });

  it('carry what a dead sender left to every row that waits in its shards, and to no later one', async () => {
    await mark(1);
    const dead = (await open().hold(everyShard))!;
    await dead.abandon(true);
    if (database === 'sqlite') await stack.dataSource.query(`UPDATE scrypath_sending SET holder = NULL`);
    const held = (await open().hold(everyShard))!;
    expect(held.rows).toMatchObject([{ recordKey: '1', unknownUntil: dead.unknownUntil }]);
    await held.finish(async () => undefined);
    await mark(1);
    const rows = await rowsOf(stack.dataSource);
    expect(rows.map(({ unknown_until }) => Number(unknown_until)).sort()).toEqual([0, dead.unknownUntil].sort());
  });

  onServers(
    'lock no row of the outbox, and let the application insert meanwhile, at its own isolation level',
    async () => {
      await mark(300);
      const held = (await open().hold(everyShard))!;
      expect(held.shards).toHaveLength(16);
      const runner = stack.dataSource.createQueryRunner();
      await runner.connect();
      // A statement that had to wait for a lock would fail.
      if (database === 'mariadb') {
        await runner.query('SET SESSION innodb_lock_wait_timeout = 0');
        const [{ level }] = await runner.query('SELECT @@tx_isolation AS level');
        expect(level).toBe('REPEATABLE-READ');
      } else await runner.query(`SET lock_timeout = '1ms'`);
      await runner.startTransaction();
      await append(
        runner.manager,
        Array.from({ length: 2_000 }, (_, at) => ({ entity: 'Film', recordKey: `new-${at}` })),
        'write',
      );
      await runner.query(`INSERT INTO scrypath_outbox (entity, record_key, cause, created_at)
      SELECT 'Note', ${database === 'mariadb' ? 'seq' : 'seq::text'}, 'write', 0
      FROM ${database === 'mariadb' ? 'seq_1_to_1000' : 'generate_series(1, 1000) AS numbers(seq)'}`);
      await runner.commitTransaction();
      // Not even rows of the outbox that it has read.
      await runner.query(`UPDATE scrypath_outbox SET attempts = 0 WHERE entity = 'Film'`);
      await runner.query(database === 'mariadb' ? 'SET SESSION innodb_lock_wait_timeout = 50' : 'RESET lock_timeout');
      await runner.release();
      await held.abandon(false);
    },
  );

  onServers('marks and deletes let the application insert meanwhile', async () => {
    await mark(300);
    const held = (await open().hold(everyShard))!;
    const runner = stack.dataSource.createQueryRunner();
    await runner.connect();
    await runner.query(
      database === 'mariadb' ? 'SET SESSION innodb_lock_wait_timeout = 0' : `SET lock_timeout = '1ms'`,
    );
    let inserted = 0;
    await held.finish(async (queryRunner: QueryRunner) => {
      const ids = held.rows.map(({ id }) => id);
      await run(
        queryRunner,
        (s) => `UPDATE ${s.tables.outbox} SET state = 'backend_accepted' WHERE ${s.isIn('id', ids.slice(0, 150))}`,
      );
      await run(queryRunner, (s) => `DELETE FROM ${s.tables.outbox} WHERE ${s.isIn('id', ids.slice(150))}`);
      inserted = (await append(runner.manager, [{ entity: 'Film', recordKey: '1' }], 'write')).length;
      inserted += (await append(runner.manager, [{ entity: 'Film', recordKey: '300' }], 'write')).length;
      inserted += (
        await append(
          runner.manager,
          Array.from({ length: 3_000 }, (_, at) => ({ entity: 'Film', recordKey: `more-${at}` })),
          'write',
        )
      ).length;
    });
    expect(inserted).toBe(3_002);
    await runner.query(database === 'mariadb' ? 'SET SESSION innodb_lock_wait_timeout = 50' : 'RESET lock_timeout');
    await runner.release();
  });

  onServers('their connections are READ COMMITTED and end by themselves when they idle in a transaction', async () => {
    const source = open();
    await mark(1);
    const held = (await source.hold(everyShard))!;
    for (const runner of [held.queryRunner, await source.aside('send'), await source.aside('settle')]) {
      if (database === 'postgres') {
        const [{ transaction_isolation }] = await runner.query('SHOW transaction_isolation');
        const [{ idle_in_transaction_session_timeout }] = await runner.query(
          'SHOW idle_in_transaction_session_timeout',
        );
        expect([transaction_isolation, idle_in_transaction_session_timeout]).toEqual(['read committed', '1s']);
      } else {
        const [{ level, idle }] = await runner.query(
          'SELECT @@tx_isolation AS level, @@idle_transaction_timeout AS idle',
        );
        expect([level, Number(idle)]).toEqual(['READ-COMMITTED', 1]);
      }
    }
    await held.abandon(false);
  });

  it('ids have no counter, and are of one token and unique under INSERT … SELECT of 50,000 rows', async () => {
    const { idWith, newId, concat, text } = dialectOf(stack.dataSource);
    const token = newToken();
    const numbers =
      database === 'postgres'
        ? 'SELECT n FROM generate_series(1, 50000) AS numbers(n)'
        : database === 'mariadb'
          ? 'SELECT seq AS n FROM seq_1_to_50000'
          : 'WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50000) SELECT n FROM numbers';
    for (const [entity, id] of [
      ['Film', idWith(`'${token}'`)],
      ['Note', newId],
    ])
      await stack.dataSource.query(
        `INSERT INTO scrypath_outbox (id, entity, record_key, cause, created_at)
         SELECT ${id}, '${entity}', ${concat([text('n')])}, 'write', 0 FROM (${numbers}) AS source`,
      );
    const [{ rows, ids, longest, shortest }] = await stack.dataSource.query(
      `SELECT COUNT(*) AS ${q('rows')}, COUNT(DISTINCT id) AS ids, MAX(length(id)) AS longest, MIN(length(id)) AS shortest FROM scrypath_outbox`,
    );
    expect([rows, ids, longest, shortest].map(Number)).toEqual([100_000, 100_000, 36, 36]);
    const [{ own }] = await stack.dataSource.query(
      `SELECT COUNT(*) AS own FROM scrypath_outbox WHERE id LIKE '${token}-%' AND entity = 'Film'`,
    );
    expect(Number(own)).toBe(50_000);
    if (database === 'mariadb') {
      const counters = await stack.dataSource.query(
        `SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name LIKE 'scrypath%' AND extra LIKE '%auto_increment%'`,
      );
      expect(counters).toEqual([]);
    }
  });
  const q = (name: string) => (database === 'mariadb' ? `\`${name}\`` : `"${name}"`);

  it('READ COMMITTED: a waiting batch is sent beside inserts that are not committed yet, and later those', async () => {
    const film = await stack.dataSource.getRepository(Film).save({ title: 'Beside' });
    await append(stack.dataSource.manager, [{ entity: 'Film', recordKey: String(film.id) }], 'verb');
    const sender = senderOf(given());
    if (database !== 'sqlite') {
      const runner = stack.dataSource.createQueryRunner();
      await runner.startTransaction();
      await append(runner.manager, [{ entity: 'Film', recordKey: String(film.id) }], 'write');
      expect(await sender.drain(EVERYTHING)).toMatchObject({ rows: 1, sent: 1 });
      await sender.settler.settle(2_000);
      await runner.commitTransaction();
      await runner.release();
      expect(await rowsOf(stack.dataSource)).toHaveLength(1);
    }
    await drainAll(sender, stack.dataSource);
    await sender.close();
  });

  describe('a fence', () => {
    it('gets every shard after the running batches, though greedy workers run; they hold back meanwhile', async () => {
      const films = await stack.dataSource
        .getRepository(Film)
        .save(Array.from({ length: 60 }, (_, at) => ({ title: `Greedy ${at}` })));
      let fenced = false;
      const broken: string[] = [];
      const backend = hooked(stack.backend, {
        sending: async () => {
          if (fenced) broken.push('sent inside the fence');
          await new Promise((resolve) => setTimeout(resolve, 15));
          if (fenced) broken.push('under way inside the fence');
        },
      });
      const senders = [0, 1, 2, 3].map(() => senderOf({ ...given(), backend }));
      let running = true;
      let batches = 0;
      const greedy = senders.map(async (sender) => {
        while (running) {
          const drained = await sender.drain({ kind: 'due', limit: 10, fewerShards: true });
          if (drained.rows > 0) batches += 1;
          else await new Promise((resolve) => setTimeout(resolve, 2));
          await sender.settler.settle(0);
        }
      });
      const writes = (async () => {
        while (running) {
          await append(
            stack.dataSource.manager,
            films.map(({ id }) => ({ entity: 'Film', recordKey: String(id) })),
            'write',
          );
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })();
      await until(() => batches > 8);
      const source = open();
      for (let round = 0; round < 3; round += 1) {
        await source.fence(`rebuild ${round}`, async (queryRunner) => {
          fenced = true;
          await new Promise((resolve) => setTimeout(resolve, 60));
          await queryRunner.query('SELECT 1');
          fenced = false;
        });
        const after = batches;
        await until(() => batches > after);
      }
      running = false;
      await Promise.all([...greedy, writes]);
      expect(broken).toEqual([]);
      for (const sender of senders) await sender.close();
    });

    it('is one at a time: two owners take turns, of one name too', async () => {
      const inside: string[] = [];
      const enter = (source: HoldSource, name: string, by: string) =>
        source.fence(name, async () => {
          inside.push(`${by} in`);
          await new Promise((resolve) => setTimeout(resolve, 30));
          inside.push(`${by} out`);
        });
      await Promise.all([enter(open(), 'rebuild', 'a'), enter(open(), 'rebuild', 'b'), enter(open(), 'other', 'c')]);
      for (let at = 0; at < 6; at += 2) expect(inside[at + 1]).toBe(inside[at]!.replace(' in', ' out'));
      expect(await stack.dataSource.query('SELECT * FROM scrypath_fence')).toEqual([]);
    });

    it('of one sender does not wait for its own batch for ever, nor disturb it', async () => {
      await mark(4);
      const source = open();
      const held = (await source.hold(everyShard))!;
      let entered = false;
      const fence = source.fence('rebuild', async () => {
        entered = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(entered).toBe(false);
      await held.check();
      await held.finish(async () => undefined);
      await fence;
      expect(entered).toBe(true);
    });

    it('is taken down where its action fails', async () => {
      await mark(1);
      await expect(open().fence('rebuild', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(await stack.dataSource.query('SELECT * FROM scrypath_fence')).toEqual([]);
      const held = await open().hold(everyShard);
      expect(held).not.toBeNull();
      await held!.abandon(false);
    });

    it('says so where the database ends its connection, and is taken down', async () => {
      await mark(1);
      const { family } = dialectOf(stack.dataSource);
      const fence = open().fence('rebuild', async (queryRunner) => {
        if (family === 'sqlite') throw new Error('no');
        const [{ id }] = await queryRunner.query(
          family === 'postgres' ? 'SELECT pg_backend_pid() AS id' : 'SELECT CONNECTION_ID() AS id',
        );
        await stack.dataSource.query(family === 'postgres' ? `SELECT pg_terminate_backend(${id})` : `KILL ${id}`);
        await queryRunner.query('SELECT 1');
      });
      await expect(fence).rejects.toMatchObject(
        // One connection for all: there is none to lose.
        family === 'sqlite' ? { message: 'no' } : { code: 'HOLD_LOST', cause: expect.anything() },
      );
      expect(await stack.dataSource.query('SELECT * FROM scrypath_fence')).toEqual([]);
    });

    it('whose owner died does not stop the world: its announcement ends', async () => {
      await mark(1);
      const { nowMs } = dialectOf(stack.dataSource);
      await stack.dataSource.query(`INSERT INTO scrypath_fence (name, until) VALUES ('dead', ${nowMs} + 1500)`);
      const source = open();
      expect(await source.hold(everyShard)).toBeNull();
      const ended = gate();
      void until(async () => {
        const held = await source.hold(everyShard);
        await held?.abandon(false);
        return held !== null;
      }).then(ended.open);
      await ended.opened;
      await source.fence('next', async () => undefined);
    });
  });
});
