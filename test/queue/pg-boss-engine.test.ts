import { PgBoss } from 'pg-boss';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { pgBoss } from '../../src/pg-boss/index.js';
import { eventually, isIdle, keysNamed, recording } from '../../src/testing/queue-conformance/queue-bench.js';
import { reachable } from '../stacks/reachable.js';
import { openDatabase } from '../stacks/stack.js';

const title = 'a queue of pg-boss [postgres · pgboss]';
const server = reachable().databases.postgres;

function specification(): void {
  let dataSource: DataSource;
  let url: string;
  let drop: () => Promise<void>;
  let boss: PgBoss;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase('postgres', []));
    url = (dataSource.options as unknown as { url: string }).url;
    boss = new PgBoss({
      connectionString: url,
      schema: 'jobs',
      monitorIntervalSeconds: 1,
      superviseIntervalSeconds: 1,
    });
    boss.on('error', () => undefined);
    await boss.start();
  });
  afterAll(async () => {
    await boss?.stop({ graceful: false });
    await drop?.();
  });

  it('works through a boss of yours, and leaves it running', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'yours' });
    expect(queue.boss).toBe(boss);
    const { batches } = recording(queue);
    await dataSource.transaction((manager) => queue.enqueue(keysNamed(1), { manager }));
    await eventually('the job is handled', () => batches.length === 1);
    await queue.close();
    expect(await boss.getQueue('yours')).toMatchObject({ policy: 'standard', notify: true });
  });

  it('hears of new jobs, whoever adds them, without looking for them', async () => {
    const reader = pgBoss({ connectionString: url, schema: 'jobs', queue: 'heard', pollMs: 3_600_000 });
    const looks = jest.spyOn(reader.boss, 'fetch');
    const { batches } = recording(reader);
    await eventually('it has looked', () => looks.mock.results.length >= 1);
    expect(await looks.mock.results[0]!.value).toEqual([]);
    const writer = pgBoss({ boss, schema: 'jobs', queue: 'heard' });
    await dataSource.transaction((manager) => writer.enqueue(keysNamed(1), { manager }));
    await eventually('the job is handled', () => batches.length === 1);
    await Promise.all([reader.close(), writer.close()]);
  });

  it('refuses a queue whose policy drops jobs', async () => {
    await boss.createQueue('short', { policy: 'short' });
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'short' });
    await expect(queue.start()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await queue.close();
  });

  it('refuses a schema that is not that of the boss', async () => {
    const queue = pgBoss({ boss, queue: 'elsewhere' });
    await expect(queue.start()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await queue.close();
  });

  it('refuses a transaction of another kind of database', async () => {
    const sqlite = await new DataSource(dataSourceOptions(undefined)).initialize();
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'kinds' });
    const writing = sqlite.transaction((manager) => queue.enqueue(keysNamed(1), { manager }));
    await expect(writing).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await Promise.all([sqlite.destroy(), queue.close()]);
  });

  it('an insert that fails fails the transaction', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'failing' });
    await queue.start();
    await dataSource.query('CREATE TABLE kept (id int)');
    const writing = dataSource.transaction(async (manager) => {
      await manager.query('INSERT INTO kept VALUES (1)');
      await manager.query("SET LOCAL ROLE 'pg_monitor'");
      await queue.enqueue(keysNamed(1), { manager });
    });
    await expect(writing).rejects.toThrow('permission denied');
    expect(await dataSource.query('SELECT * FROM kept')).toEqual([]);
    await queue.close();
  });

  it('adds thousands of jobs with few statements', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'bulk' });
    await queue.start();
    const sent: string[] = [];
    await dataSource.transaction(async (manager) => {
      const { queryRunner } = manager;
      const query = queryRunner!.query.bind(queryRunner);
      queryRunner!.query = ((text: string, ...rest: never[]) => {
        sent.push(text);
        return query(text, ...rest);
      }) as typeof query;
      await queue.enqueue(keysNamed(...Array.from({ length: 20_000 }, (_, at) => at)), { manager });
    });
    expect(sent.filter((text) => text.includes('INSERT'))).toHaveLength(1);
    expect(sent.filter((text) => /SELECT|UPDATE|DELETE/.test(text))).toHaveLength(1);
    expect((await queue.stats()).waiting).toBe(200);
    await queue.close();
  });

  it('neither a waiting nor a failed job is ever deleted by age', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'old', retry: { limit: 0 } });
    await queue.enqueue(keysNamed(1));
    const [job] = await dataSource.query(
      "SELECT keep_until > now() + interval '60 years' AS kept, deletion_seconds FROM jobs.job WHERE name = 'old'",
    );
    expect(job).toEqual({ kept: true, deletion_seconds: 0 });
    const { consumer } = recording(queue, () => Promise.reject(new Error('no')));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    await consumer.stop();
    await dataSource.query("UPDATE jobs.job SET completed_on = now() - interval '2 years' WHERE name = 'old'");
    await boss.supervise('old');
    expect(await queue.failed.count()).toBe(1);
    await queue.close();
  });

  it('a job of somebody else in the queue is failed, and those beside it are handled', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'foreign' });
    await queue.start();
    await boss.insert('foreign', [{ data: { hello: 'world' }, retryLimit: 0 }]);
    await queue.enqueue(keysNamed(1));
    const { batches } = recording(queue);
    await eventually('all jobs are gone', () => isIdle(queue));
    expect(batches).toEqual([['Movie 1']]);
    expect((await queue.failed.list()).jobs).toMatchObject([{ keys: [], reason: 'not a job of Scrypath' }]);
    await queue.close();
  });

  it('a handler is told that its jobs were given to another, and what it does then does not settle them', async () => {
    const queue = pgBoss({
      boss,
      schema: 'jobs',
      queue: 'taken',
      heartbeatSeconds: 10,
      retry: { delaySeconds: 600, maxDelaySeconds: 600 },
    });
    await queue.enqueue(keysNamed(1));
    let told: AbortSignal | undefined;
    const { consumer } = recording(queue, async (_keys, signal) => {
      told = signal;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
    await eventually('the job is handled', () => told !== undefined);
    const [{ id }] = await dataSource.query("SELECT id FROM jobs.job WHERE name = 'taken'");
    await boss.fail('taken', id);
    await eventually('the handler is told', () => told!.aborted);
    await consumer.stop();
    expect(await queue.stats()).toEqual({ waiting: 0, delayed: 1, active: 0, failed: 0 });
    await queue.close();
  });

  it('what pg-boss keeps of a job and of its failure is keys, class and code', async () => {
    const queue = pgBoss({ boss, schema: 'jobs', queue: 'kept', retry: { limit: 0 } });
    await queue.enqueue([{ entity: 'Movie', recordKey: '7', title: 'secret' } as never]);
    const failure = Object.assign(new Error('secret'), { code: '23505', detail: 'secret' });
    recording(queue, () => Promise.reject(failure));
    await eventually('the job has failed', async () => (await queue.failed.count()) === 1);
    const rows = await dataSource.query("SELECT to_json(job) AS row FROM jobs.job WHERE name = 'kept'");
    expect(JSON.stringify(rows)).not.toContain('secret');
    expect(rows[0].row).toMatchObject({ data: { keys: { Movie: ['7'] } }, output: { reason: 'Error 23505' } });
    await queue.close();
  });
}

if (server.there) describe(title, specification);
else describe(title, () => it.skip(`skipped: ${server.reason}`, () => undefined));
