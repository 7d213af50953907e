import type { DataSource } from 'typeorm';
import type { Scrypath, Worker, WorkerOptions, WorkQueue } from '../../src/index.js';
import { withFaults } from '../../src/testing/index.js';
import { eventually, isIdle } from '../../src/testing/queue-conformance/queue-bench.js';
import { type DatabaseName, reachable } from '../stacks/reachable.js';
import { openDatabase, openEngine } from '../stacks/stack.js';
import {
  type Article,
  ArticleSchema,
  AuthorSchema,
  converged,
  forgetQueue,
  newName,
  OUTBOX,
  openQueue,
  type QueueAddress,
  rows,
  SCHEMAS,
  scrypathOf,
} from './newsroom.js';
import { TcpProxy } from './tcp-proxy.js';

/** No worker looks for due rows in the time of a case: what arrives has come by a job. */
const BY_JOBS_ONLY: WorkerOptions = { pollMs: 600_000 };

function specification(engine: QueueAddress['engine'], database: DatabaseName): void {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let queue: WorkQueue;
  let address: QueueAddress;
  let scrypath: Scrypath;
  let faulty: ReturnType<typeof withFaults>;
  const workers: Worker[] = [];
  const enqueued: { readonly recordKeys: readonly string[]; readonly joined: boolean }[] = [];

  beforeEach(async () => {
    ({ dataSource, drop } = await openDatabase(database, SCHEMAS));
    const redis = reachable().redis;
    const url = engine === 'pgboss' ? urlOf(dataSource) : redis.there ? redis.at.url : '';
    address = { engine, url, name: newName() };
    await open(openQueue(address));
  });

  async function open(opened: WorkQueue, outbox: object = OUTBOX): Promise<void> {
    queue = opened;
    const original = queue.enqueue.bind(queue);
    jest.spyOn(queue, 'enqueue').mockImplementation(async (keys, options) => {
      const given = [...keys];
      if (given.length > 0)
        enqueued.push({ recordKeys: given.map(({ recordKey }) => recordKey), joined: options?.manager !== undefined });
      return original(given, options);
    });
    faulty = withFaults(openEngine('embedded'));
    scrypath = scrypathOf(dataSource, faulty.backend, queue, { outbox });
    await scrypath.start();
  }

  afterEach(async () => {
    await faulty.faults.clear();
    await Promise.all(workers.splice(0).map((worker) => worker.stop({ timeoutMs: 1_000 })));
    await scrypath.close();
    await forgetQueue(address);
    await drop();
    enqueued.length = 0;
  });

  const repository = () => dataSource.getRepository(ArticleSchema);
  const settled = () => converged(scrypath, dataSource, faulty.backend);
  const work = async (options: WorkerOptions = BY_JOBS_ONLY): Promise<Worker> => {
    const worker = scrypath.worker(options);
    workers.push(worker);
    await worker.start();
    return worker;
  };
  const save = (title: string): Promise<Article> => repository().save({ title });

  it('a captured write becomes a job, and a worker brings it to the index', async () => {
    await work();
    const article = await save('Kettle');
    await settled();
    await repository().update(article.id, { title: 'Copper kettle' });
    await settled();
    await repository().delete(article.id);
    await settled();
    await eventually('no job is left', () => isIdle(queue));
    // A statement without a transaction is committed before anybody can read what it marked.
    const recordKeys = [String(article.id)];
    const later = { recordKeys, joined: false };
    expect(enqueued).toEqual([{ recordKeys, joined: queue.transactional }, later, later]);
    expect(await queue.failed.count()).toBe(0);
  });

  it('a queued verb becomes a job, one that brings its work itself does not', async () => {
    await work();
    const { id } = await scrypath.withoutCapture('a test', () => save('Kettle'));
    await scrypath.for(ArticleSchema).syncKeys([id]);
    await settled();
    expect(enqueued).toEqual([{ recordKeys: [String(id)], joined: queue.transactional }]);
    await scrypath.for(ArticleSchema).syncKeys([id], { mode: 'inline' });
    expect(enqueued).toHaveLength(1);
  });

  it('what a transaction rolls back has neither row nor job', async () => {
    const undone = new Error('undone');
    const writing = dataSource.transaction(async (manager) => {
      const article = await manager.getRepository(ArticleSchema).save({ title: 'Kettle' });
      await scrypath.for(ArticleSchema).syncKeys([article.id], { manager });
      throw undone;
    });
    await expect(writing).rejects.toBe(undone);
    await scrypath.drain();
    expect(await rows(dataSource)).toEqual([]);
    expect(await isIdle(queue)).toBe(true);
  });

  it('what a transaction commits has its jobs, and none before', async () => {
    await dataSource.transaction(async (manager) => {
      await manager.getRepository(ArticleSchema).save([{ title: 'One' }, { title: 'Two' }]);
      expect(await isIdle(queue)).toBe(true);
    });
    await scrypath.drain();
    expect(await rows(dataSource)).toHaveLength(2);
    expect((await queue.stats()).waiting).toBe(1);
    await work();
    await settled();
    await eventually('no job is left', () => isIdle(queue));
  });

  it('marks whose keys only the database knows become jobs after the commit, by pages', async () => {
    const titles = Array.from({ length: 4_100 }, (_, at) => ({ title: `Kettle ${at}` }));
    for (let start = 0; start < titles.length; start += 500)
      await scrypath.withoutCapture('a seed', () => repository().insert(titles.slice(start, start + 500)));
    const { count } = await scrypath.for(ArticleSchema).markAllDirty();
    expect(count).toBe(4_100);
    await scrypath.drain();
    expect(enqueued.map(({ recordKeys, joined }) => [recordKeys.length, joined])).toEqual([
      [2_000, false],
      [2_000, false],
      [100, false],
    ]);
    expect(new Set(enqueued.flatMap(({ recordKeys }) => recordKeys)).size).toBe(4_100);
    await work();
    await settled();
    await eventually('no job is left', () => isIdle(queue));
  });

  it('a bulk update becomes jobs', async () => {
    await scrypath.withoutCapture('a seed', () =>
      repository().insert([{ title: 'a' }, { title: 'b' }, { title: 'c' }]),
    );
    await work();
    await scrypath.for(ArticleSchema).markAllDirty();
    await settled();
    enqueued.length = 0;
    await dataSource
      .createQueryBuilder()
      .update(ArticleSchema)
      .set({ shelf: 7 })
      .where('title <> :no', { no: 'b' })
      .execute();
    await settled();
    expect(enqueued.flatMap(({ recordKeys }) => recordKeys)).toHaveLength(2);
    enqueued.length = 0;
    await dataSource.transaction((manager) => manager.getRepository(ArticleSchema).update({ shelf: 7 }, { shelf: 8 }));
    await settled();
    expect(enqueued.map(({ recordKeys, joined }) => [recordKeys.length, joined])).toEqual([[2, queue.transactional]]);
    await eventually('no job is left', () => isIdle(queue));
  });

  it('a related record dirties its owners', async () => {
    const author = await dataSource.getRepository(AuthorSchema).save({ name: 'Ada' });
    await repository().save([{ title: 'One', author }, { title: 'Two', author }, { title: 'Three' }]);
    await work();
    await settled();
    await dataSource.getRepository(AuthorSchema).update(author.id, { name: 'Grace' });
    await settled();
    await eventually('no job is left', () => isIdle(queue));
  });

  it('a write succeeds where no job can be made after it, and a worker finds its row', async () => {
    const enqueue = queue.enqueue as jest.MockedFunction<WorkQueue['enqueue']>;
    await scrypath.withoutCapture('a seed', () => repository().insert([{ title: 'Kettle' }]));
    enqueue.mockRejectedValueOnce(new Error('away'));
    await scrypath.for(ArticleSchema).markAllDirty();
    await scrypath.drain();
    expect(await isIdle(queue)).toBe(true);
    expect(await rows(dataSource)).toHaveLength(1);
    await work({ pollMs: 50 });
    await settled();
  });

  it('work that failed inside the engine is tried again without a job', async () => {
    await work({ pollMs: 50 });
    faulty.faults.failTask('upsert');
    await save('Kettle');
    await settled();
    expect(enqueued).toHaveLength(1);
    await eventually('no job is left', () => isIdle(queue));
    expect(await queue.failed.count()).toBe(0);
  });

  it('many workers on one queue bring every write, each batch one sender', async () => {
    await Promise.all([work(), work(), work()]);
    const saved: Article[] = [];
    for (let at = 0; at < 60; at += 1) {
      saved.push(await save(`Kettle ${at}`));
      if (at % 3 === 0) await repository().update(saved[at >> 1]!.id, { shelf: at });
      if (at % 7 === 6) await repository().delete(saved[at - 3]!.id);
    }
    await settled();
    await eventually('no job is left', () => isIdle(queue));
    expect(await queue.failed.count()).toBe(0);
  });

  it('a stopped worker leaves nothing under way, and the next goes on', async () => {
    const worker = await work();
    await Promise.all(Array.from({ length: 30 }, (_, at) => save(`Kettle ${at}`)));
    await worker.stop();
    await save('Late kettle');
    await work();
    await settled();
    await eventually('no job is left', () => isIdle(queue));
  });

  describe('jobs that failed for good', () => {
    const noRetry = async () => {
      await scrypath.close();
      // Rows wait for long, so that nothing but a retry brings them.
      await open(openQueue(address, { limit: 0 }), { ...OUTBOX, backoff: { baseMs: 600_000, maxMs: 600_000 } });
      await work();
      // From here on only jobs bring anything: the look at the start is over.
      await save('Warm');
      await settled();
    };
    const failOne = async (...titles: string[]) => {
      const failed = (await queue.failed.count()) + 1;
      faulty.faults.fail('upsert');
      const saved = await repository().save(titles.map((title) => ({ title })));
      await eventually('the job has failed', async () => (await queue.failed.count()) === failed);
      return saved;
    };

    it('are listed behind the rows, page by page, and none is missed', async () => {
      await noRetry();
      const [first] = await failOne('One');
      await failOne('Two', 'Three');
      const all = await scrypath.failedWork();
      expect(all.next).toBeNull();
      expect(all.counts.retrying).toBe(3);
      expect(all.items.map(({ id, state }) => [id.startsWith('queue:'), state])).toEqual([
        [false, 'retrying'],
        [false, 'retrying'],
        [false, 'retrying'],
        [true, 'discarded'],
        [true, 'discarded'],
      ]);
      const shared = { path: null, reason: 'transport', code: 'BACKEND_UNREACHABLE', cause: null, attempts: 1 };
      const key = scrypath.for(ArticleSchema).keyOf(first!);
      expect(all.items.slice(3).sort(byKey)).toEqual([
        expect.objectContaining({ ...shared, entity: 'Article', key: null }),
        expect.objectContaining({ ...shared, entity: 'Article', key, retryable: true, retryAt: null }),
      ]);
      for (const limit of [1, 2, 3, 4]) {
        const ids: string[] = [];
        let after: string | undefined;
        do {
          const page: Awaited<ReturnType<typeof scrypath.failedWork>> = await scrypath.failedWork(
            after ? { limit, after } : { limit },
          );
          expect(page.items.length === limit || page.next === null).toBe(true);
          ids.push(...page.items.map(({ id }) => id));
          after = page.next ?? undefined;
        } while (after !== undefined);
        expect(ids).toEqual(all.items.map(({ id }) => id));
      }
      expect((await scrypath.failedWork({ entity: 'Author' })).items).toEqual([]);
    });

    it('are retried by their id, as the rows are', async () => {
      await noRetry();
      await failOne('One');
      const { items } = await scrypath.failedWork();
      expect(await scrypath.retry(items[1]!.id)).toBe(true);
      await eventually('the job is gone', async () => (await isIdle(queue)) && (await queue.failed.count()) === 0);
      expect(await scrypath.retry(items[1]!.id)).toBe(false);
      // The row waits for its own time; the job has nothing to add to that.
      expect(await rows(dataSource)).toHaveLength(1);
      expect(await scrypath.retry(items[0]!.id)).toBe(true);
      await settled();
    });

    it('are discarded by their id', async () => {
      await noRetry();
      await failOne('One');
      const { items } = await scrypath.failedWork();
      expect(await scrypath.discard(items[1]!.id)).toBe(true);
      expect(await scrypath.discard(items[1]!.id)).toBe(false);
      expect((await scrypath.failedWork()).items.map(({ id }) => id)).toEqual([items[0]!.id]);
    });

    it('are not left out in silence where the queue does not answer', async () => {
      await noRetry();
      await failOne('One');
      const list = jest.spyOn(queue.failed, 'list').mockRejectedValue(new Error('away'));
      const page = await scrypath.failedWork();
      expect(page.items).toHaveLength(1);
      expect(page.next).not.toBeNull();
      await expect(scrypath.failedWork({ after: page.next! })).rejects.toThrow('away');
      list.mockRestore();
      expect((await scrypath.failedWork({ after: page.next! })).items).toHaveLength(1);
    });
  });

  if (engine === 'bullmq')
    it('while Redis is away writes succeed, and workers find them; afterwards jobs are made again', async () => {
      const { hostname, port } = new URL(address.url);
      const proxy = await TcpProxy.before({ host: hostname, port: Number(port || 6379) });
      await scrypath.close();
      await forgetQueue(address);
      address = { ...address, name: newName() };
      await open(openQueue({ ...address, url: `redis://${proxy.address.host}:${proxy.address.port}` }));
      await work({ pollMs: 50 });
      await save('Before');
      await settled();
      const restore = await proxy.cut();
      await save('Meanwhile');
      await settled();
      await restore();
      await eventually('a write becomes a job again', async () => {
        await save('After');
        await scrypath.drain();
        return (await queue.stats().catch(() => null)) !== null;
      });
      await settled();
      await eventually('no job is left', () => isIdle(queue));
      await scrypath.close();
      await proxy.close();
    });

  if (engine === 'pgboss')
    it('a write fails with its job: neither is there', async () => {
      const enqueue = queue.enqueue as jest.MockedFunction<WorkQueue['enqueue']>;
      enqueue.mockImplementationOnce(async (_keys, options) => {
        await options!.manager!.query('SELECT * FROM no_such_table');
      });
      await expect(save('Kettle')).rejects.toThrow();
      expect(await repository().count()).toBe(0);
      expect(await rows(dataSource)).toEqual([]);
      await work();
      await save('Kettle');
      await settled();
    });
}

// The order of jobs is their engine's.
const byKey = (one: { key: string | null }, other: { key: string | null }): number =>
  Number(one.key !== null) - Number(other.key !== null);

const urlOf = (dataSource: DataSource): string => (dataSource.options as unknown as { url: string }).url;

for (const [engine, database] of [
  ['pgboss', 'postgres'],
  ['bullmq', 'postgres'],
  ['bullmq', 'mariadb'],
  ['bullmq', 'sqlite'],
] as const) {
  const title = `work over a queue [${database} · ${engine}]`;
  const needed = [reachable().databases[database], ...(engine === 'bullmq' ? [reachable().redis] : [])];
  const missing = needed.flatMap((part) => (part.there ? [] : [part.reason]));
  if (missing.length === 0) describe(title, () => specification(engine, database));
  else describe(title, () => it.skip(`skipped: ${missing.join('; ')}`, () => undefined));
}
