import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { attachOutbox } from '../../src/outbox/attach';
import { LeasedShards } from '../../src/worker/leased-shards';
import { timingOf } from '../../src/worker/timing';
import { Film, Note } from './entities';
import { aPrefix, EVERYTHING, rowsOf, STEADY, senderOf, until } from './senders';

describe('background work on SQLite [sqlite · embedded]', () => {
  const prefix = aPrefix();
  const directory = mkdtempSync(join(tmpdir(), 'scrypath-'));
  const file = join(directory, 'application.db');
  let dataSource: DataSource;
  let scrypath: Scrypath;
  const open = (path: string) =>
    new DataSource(dataSourceOptions(path, { entities: [Film, Note], synchronize: true })).initialize();

  beforeAll(async () => {
    dataSource = await open(file);
    scrypath = new Scrypath({
      dataSource,
      backend: embedded(),
      sync: { mode: 'queued', timeoutMs: 20_000 },
      outbox: STEADY,
      prefix,
    });
    await scrypath.start();
  });
  afterAll(async () => {
    await scrypath.close();
    await dataSource.destroy();
    rmSync(directory, { recursive: true });
  });
  afterEach(async () => {
    await dataSource.query('DELETE FROM scrypath_outbox');
    await dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  const found = async (text: string) => (await scrypath.for(Film).search(text)).hits.length;
  const repository = () => dataSource.getRepository(Film);

  for (const raw of [false, true])
    it(`neither joins, sees, commits nor undoes a transaction of the application${raw ? ', begun by hand' : ''}`, async () => {
      const before = await repository().save({ title: `Committed ${raw}` });
      const changed = await repository().save({ title: `Unchanged ${raw}` });
      const { token } = await scrypath.for(Film).syncRecords([before, changed]);
      const worker = scrypath.worker({ pollMs: 10 });
      const within = async (query: (sql: string) => Promise<unknown>) => {
        await query(`UPDATE film SET title = 'Uncommitted' WHERE id = ${changed.id}`);
        await query(`INSERT INTO film (title, listed) VALUES ('Uncommitted too', 1)`);
        // All of it wants to work now, and none of it may until the transaction has ended.
        await worker.start();
        const waiting = scrypath.waitForCompletion(token!);
        waiting.catch(() => undefined);
        const rows = JSON.stringify(await query('SELECT state, attempts FROM scrypath_outbox'));
        await sleep(300);
        expect(JSON.stringify(await query('SELECT state, attempts FROM scrypath_outbox'))).toBe(rows);
        expect(await query('SELECT holder FROM scrypath_sending WHERE holder IS NOT NULL')).toEqual([]);
        return { waiting };
      };
      let waiting: Promise<void>;
      if (raw) {
        await dataSource.query('BEGIN');
        ({ waiting } = await within((sql) => dataSource.query(sql)));
        await dataSource.query('ROLLBACK');
      } else {
        const rolledBack = dataSource.transaction(async (manager) => {
          ({ waiting } = await within((sql) => manager.query(sql)));
          throw new Error('rolled back');
        });
        await expect(rolledBack).rejects.toThrow('rolled back');
      }
      await waiting!;
      await scrypath.waitForCompletion(token!);
      expect(await repository().findOneBy({ id: changed.id })).toMatchObject({ title: `Unchanged ${raw}` });
      expect(await found('uncommitted')).toBe(0);
      expect(await found('committed')).toBeGreaterThan(0);
      expect(await rowsOf(dataSource)).toEqual([]);
      await worker.stop();
    });

  it('an inline verb waits for the end of a transaction that another caller has open', async () => {
    const film = await repository().save({ title: 'Patient verb' });
    await dataSource.query('BEGIN');
    const verb = scrypath.for(Film).syncRecord(film, { mode: 'inline' });
    verb.catch(() => undefined);
    await sleep(150);
    expect(await dataSource.query('SELECT * FROM scrypath_outbox')).toEqual([]);
    await dataSource.query('ROLLBACK');
    expect(await verb).toMatchObject({ status: 'completed' });
    expect(await found('patient')).toBe(1);
  });

  it('a transaction that does not end is told as the database’s fault, and discards nothing', async () => {
    const film = await repository().save({ title: 'Held up' });
    await scrypath.for(Film).syncRecord(film);
    const short = { lockMs: 200, requestMs: 200, marginMs: 0 };
    const sender = senderOf({ dataSource, backend: embedded(), prefix, times: short });
    await sender.source.aside('send');
    await dataSource.query('BEGIN');
    await expect(sender.drain(EVERYTHING)).rejects.toThrow('A transaction was still open after 200 ms.');
    await dataSource.query('ROLLBACK');
    expect(await rowsOf(dataSource)).toMatchObject([{ state: 'enqueued' }]);
    await sender.close();
  });

  it('two DataSources on one file share by leases: no key is with both', async () => {
    const other = await open(file);
    await attachOutbox(other, { shards: 16 });
    const saved = await repository().save(Array.from({ length: 40 }, (_, at) => ({ title: `Leased ${at}` })));
    await scrypath.for(Film).syncRecords(saved);
    const [one, two] = [dataSource, other].map((source) => new LeasedShards(source, timingOf(STEADY)));
    const scope = { kind: 'due', entities: ['Film'], limit: 100 } as const;
    const held = (await one!.hold({ ...scope, fewerShards: true }))!;
    const rest = (await two!.hold({ ...scope, fewerShards: false }))!;
    const keys = [...held.rows, ...rest.rows].map(({ recordKey }) => recordKey);
    expect(keys.sort()).toEqual(saved.map(({ id }) => String(id)).sort());
    expect(held.rows.length).toBeGreaterThan(0);
    expect(rest.rows.length).toBeGreaterThan(0);
    await held.abandon(false);
    await rest.abandon(false);
    await one!.close();
    await two!.close();
    await other.destroy();
  });

  it('a holder in another process keeps its lease while it lives, and is succeeded at once when it was killed', async () => {
    const film = await repository().save({ title: 'Killed holder' });
    await scrypath.for(Film).syncRecord(film);
    const child = fork(join(__dirname, 'lease-holder.cjs'), [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const ended = once(child, 'exit');
    const [held] = (await Promise.race([once(child, 'message'), ended.then(() => [{ rows: 0 }])])) as [
      { rows: number },
    ];
    expect(held.rows).toBe(1);
    const source = new LeasedShards(dataSource, timingOf(STEADY));
    const scope = { kind: 'due', entities: ['Film'], limit: 100, fewerShards: false } as const;
    expect(await source.hold(scope)).toBeNull();
    (child as ChildProcess).kill('SIGKILL');
    await ended;
    const heir = (await source.hold(scope))!;
    // What the dead one may have sent is not forgotten.
    expect(heir.rows).toMatchObject([{ recordKey: String(film.id) }]);
    await until(async () => Number((await rowsOf(dataSource))[0]!.unknown_until) > Date.now());
    await heir.abandon(false);
    await source.close();
  });
});
