import { setTimeout as sleep } from 'node:timers/promises';
import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import type { DataSourceOptions } from 'typeorm';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, rowsOf, STEADY, senderOf, until, workOf } from './senders';

onEveryDatabase('a worker', ({ use, database }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: STEADY, prefix });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;
  const isEmpty = async () => (await rowsOf(stack.dataSource)).length === 0;
  const write = async (title: string) => {
    const film = await repository().save({ title });
    return films().syncRecord(film);
  };

  afterEach(async () => {
    await stack.faults.clear();
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  it('started twice is started once; stopped twice, or never started, it is stopped', async () => {
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.stop();
    await Promise.all([worker.start(), worker.start()]);
    expect(worker.isRunning).toBe(true);
    await write('Once');
    await until(isEmpty);
    await Promise.all([worker.stop(), worker.stop()]);
    expect(worker.isRunning).toBe(false);
  });

  it('starts again after a stop, and is woken and waited for as before', async () => {
    const worker = stack.scrypath.worker({ pollMs: 60_000 });
    for (let round = 0; round < 3; round += 1) {
      await worker.start();
      // Long enough for it to sleep: only being woken lets it look.
      await sleep(100);
      const { token } = await write(`Round ${round}`);
      await stack.scrypath.waitForCompletion(token!, { timeoutMs: 10_000 });
      await worker.stop();
    }
    await worker.start();
    await write('Last');
    await until(isEmpty);
    await worker.stop();
  });

  it('stops gracefully: the batch under way is finished, and its outcome waited for', async () => {
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    stack.faults.delay('upsert', 300);
    await write('Under way');
    await sleep(100);
    await worker.stop();
    expect(await rowsOf(stack.dataSource)).toEqual([]);
    expect(await found('under')).toBe(1);
  });

  it('leaves what has no outcome when its time is over to whoever is next, at once', async () => {
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    stack.faults.stall('upsert');
    await write('Stalled');
    await until(async () => (await rowsOf(stack.dataSource)).some(({ state }) => state === 'backend_accepted'));
    await worker.stop({ timeoutMs: 100 });
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ state: 'backend_accepted', due_at: expect.anything() }]);
    await stack.faults.release();
    const heir = senderOf({ dataSource: stack.dataSource, backend: stack.backend, prefix, times: STEADY });
    expect(await heir.settler.adopt()).toBe(1);
    await until(async () => {
      await heir.settler.settle(500);
      return isEmpty();
    });
    await heir.close();
  });

  it('two in one instance share the work, and each key is in the index once', async () => {
    const workers = [stack.scrypath.worker({ batchSize: 20, pollMs: 20 }), stack.scrypath.worker({ batchSize: 20 })];
    for (const worker of workers) await worker.start();
    const saved = await repository().save(Array.from({ length: 200 }, (_, at) => ({ title: `Shared ${at}` })));
    await films().syncRecords(saved);
    await until(isEmpty);
    for (const worker of workers) await worker.stop();
    const stats = await stack.backend.indexes.stats(`${prefix}_films`);
    expect(stats.documents).toBeGreaterThanOrEqual(200);
  });

  it('lets writes gather for coalesceMs: a key that is written often is sent once', async () => {
    let sends = 0;
    const upsert = stack.backend.upsert.bind(stack.backend);
    const spy = jest.spyOn(stack.backend, 'upsert').mockImplementation((...given) => {
      sends += 1;
      return upsert(...given);
    });
    const worker = stack.scrypath.worker({ coalesceMs: 500, pollMs: 60_000 });
    await worker.start();
    await sleep(100);
    const film = await repository().save({ title: 'Often' });
    for (let round = 0; round < 10; round += 1) await films().syncRecord(film);
    await until(isEmpty);
    expect(sends).toBe(1);
    spy.mockRestore();
    await worker.stop();
  });

  it('stops in its time where the engine does not even say how much it has to do', async () => {
    const asked = jest.spyOn(stack.backend, 'backlog').mockImplementation(
      ({ signal } = {}) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const worker = stack.scrypath.worker({ pollMs: 20 });
    stack.faults.stall('upsert', { times: 100 });
    await worker.start();
    await until(async () => {
      await write('Hanging');
      await sleep(50);
      return asked.mock.calls.length > 0;
    });
    await worker.stop({ timeoutMs: 200 });
    expect(worker.isRunning).toBe(false);
    asked.mockRestore();
  });

  it('gives an engine no more than maxEngineTasks to do', async () => {
    const worker = stack.scrypath.worker({ maxEngineTasks: 2, pollMs: 20 });
    stack.faults.stall('upsert', { times: 100 });
    await worker.start();
    const accepted = async () =>
      new Set((await rowsOf(stack.dataSource)).flatMap(({ tasks }) => (tasks === null ? [] : [tasks]))).size;
    for (let at = 0; at < 6; at += 1) {
      await write(`Backlog ${at}`);
      await sleep(60);
    }
    await until(async () => (await accepted()) === 2);
    await sleep(300);
    expect(await accepted()).toBe(2);
    await stack.faults.clear();
    await until(isEmpty);
    await worker.stop();
  });

  it('during an outage it does not hurry for every write, and when the engine is back it goes on', async () => {
    let tries = 0;
    const upsert = stack.backend.upsert.bind(stack.backend);
    const spy = jest.spyOn(stack.backend, 'upsert').mockImplementation((...given) => {
      tries += 1;
      return upsert(...given);
    });
    stack.faults.fail('upsert', { times: Number.POSITIVE_INFINITY });
    const worker = stack.scrypath.worker({ pollMs: 20 });
    await worker.start();
    for (let at = 0; at < 60; at += 1) {
      await write(`Outage ${at}`);
      await sleep(5);
    }
    expect(tries).toBeLessThan(25);
    await stack.faults.clear();
    await until(isEmpty);
    spy.mockRestore();
    await worker.stop();
  });

  it('of an older deployment leaves rows of a newer projection, and entities and dependencies that it does not know', async () => {
    const work = workOf(stack.dataSource, prefix);
    const olderFilms = work.documents.get('Film')!;
    const documents = new Map([
      ['Film', { ...olderFilms, metadata: { ...olderFilms.metadata, version: olderFilms.metadata.version - 1 } }],
      ['Note', work.documents.get('Note')!],
    ]);
    const given = { dataSource: stack.dataSource, backend: stack.backend, prefix, times: STEADY };
    const older = senderOf({ ...given, work: { documents, dependencies: new Map() } });
    const newer = senderOf(given);
    await write('Newer projection');
    const note = await stack.dataSource.getRepository(Note).save({ text: 'Of both' });
    await stack.for(Note).syncRecord(note);
    await stack.dataSource.query(
      `INSERT INTO scrypath_outbox (id, entity, record_key, cause, created_at) VALUES
       ('00000000-0000-7000-8000-000000000001', 'Unheard', '1', 'write', 0),
       ('00000000-0000-7000-8000-000000000002', 'Film>unheard', '1', 'write', 0)`,
    );
    const all = { kind: 'due', limit: 100, fewerShards: false } as const;
    for (let round = 0; round < 3; round += 1) {
      await older.drain(all);
      await older.settler.settle(1_000);
    }
    const left = async () => (await rowsOf(stack.dataSource)).map(({ entity, state }) => [entity, state].join(' '));
    expect(await left()).toEqual(['Film enqueued', 'Film>unheard enqueued', 'Unheard enqueued']);
    await newer.drain(all);
    await newer.settler.settle(2_000);
    expect(await left()).toEqual(['Film>unheard enqueued', 'Unheard enqueued']);
    // A version that is announced later holds for who runs already.
    await stack.dataSource.query(`UPDATE scrypath_projection SET version = 9 WHERE entity = 'Film'`);
    await write('Newest projection');
    await newer.drain(all);
    expect(await left()).toContain('Film enqueued');
    await stack.dataSource.query(`UPDATE scrypath_projection SET version = 1 WHERE entity = 'Film'`);
    await older.close();
    await newer.close();
  });

  describe('of an instance', () => {
    const opened = async (logger?: ScrypathLogger) => {
      const { dataSource, drop } = await openDatabase(database, [Film, Note]);
      const scrypath = new Scrypath({
        dataSource,
        backend: embedded(),
        sync: { mode: 'queued' },
        outbox: STEADY,
        prefix: aPrefix(),
        ...(logger && { logger }),
      });
      await scrypath.start();
      return { dataSource, scrypath, drop };
    };
    interface ScrypathLogger {
      warn(message: string): void;
      error(message: string): void;
    }

    it('that is closed is stopped with it, restarted ones too, and the DataSource stays open', async () => {
      const { dataSource, scrypath, drop } = await opened();
      const workers = [scrypath.worker(), scrypath.worker()];
      for (const worker of workers) await worker.start();
      await workers[0]!.stop();
      await workers[0]!.start();
      const film = await dataSource.getRepository(Film).save({ title: 'Closing' });
      await scrypath.for(Film).syncRecord(film);
      await scrypath.close();
      expect(workers.map(({ isRunning }) => isRunning)).toEqual([false, false]);
      expect(dataSource.isInitialized).toBe(true);
      await drop();
    });

    it('whose DataSource is destroyed under it tells so, crashes nothing, and stops', async () => {
      const told: string[] = [];
      const crashes: unknown[] = [];
      const crashed = (error: unknown) => void crashes.push(error);
      process.on('unhandledRejection', crashed);
      const logger = { warn: () => undefined, error: (message: string) => void told.push(message) };
      const { dataSource, scrypath, drop } = await opened(logger);
      const worker = scrypath.worker({ pollMs: 20 });
      await worker.start();
      const film = await dataSource.getRepository(Film).save({ title: 'Destroyed' });
      await scrypath.for(Film).syncRecord(film);
      await until(async () => (await rowsOf(dataSource)).length === 0);
      await dataSource.destroy();
      if (database === 'sqlite') await until(() => told.length > 0);
      else await sleep(200);
      await worker.stop({ timeoutMs: 1_000 });
      await scrypath.close();
      process.off('unhandledRejection', crashed);
      expect(crashes).toEqual([]);
      if (database === 'sqlite') return;
      await dataSource.initialize();
      await drop();
    });
  });

  (database === 'sqlite' ? it.skip : it)('that cannot reach its database says so at start', async () => {
    const { dataSource, drop } = await openDatabase(database, [Film, Note]);
    const scrypath = new Scrypath({
      dataSource,
      backend: embedded(),
      sync: { mode: 'queued' },
      outbox: STEADY,
      prefix: aPrefix(),
    });
    await scrypath.start();
    await scrypath.close();
    const second = new Scrypath({
      dataSource: Object.assign(dataSource, { options: withPort(dataSource.options, 1) }),
      backend: embedded(),
      sync: { mode: 'queued' },
      outbox: STEADY,
    });
    const worker = second.worker();
    await expect(worker.start()).rejects.toThrow(/ECONNREFUSED|connect/);
    expect(worker.isRunning).toBe(false);
    await expect(worker.start()).rejects.toThrow(/ECONNREFUSED|connect/);
    await worker.stop();
    await second.close();
    await drop();
  });
});

function withPort(options: DataSourceOptions, port: number): DataSourceOptions {
  const url = new URL((options as { url: string }).url);
  url.port = String(port);
  return { ...options, url: url.href } as DataSourceOptions;
}
