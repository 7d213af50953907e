import type { QueryRunner } from 'typeorm';
import { runBackfill } from '../../src/backfill/backfill';
import { fill as fillIndex } from '../../src/backfill/fill';
import { StoredFillLog } from '../../src/backfill/fill-log';
import { MemoryFillLog } from '../../src/backfill/fill-state';
import type { BackfillProgress } from '../../src/backfill/report';
import { projectionOf } from '../../src/projection/projection';
import { onPairs } from '../stacks/stack';
import { ENTITIES, Entry, Item, Letter, whims } from './entities';
import { fill, IMPATIENT, insertAll, items, keysIn } from './filling';

const SMALL = { batchSize: 10, body: { documents: 20, bytes: 1_000_000 } };
const keysOf = (ids: readonly number[]) => ids.map(String).sort();
const range = (count: number) => [...Array(count).keys()];

onPairs('a backfill', ({ use, database }) => {
  const stack = use(ENTITIES, { sync: { mode: 'queued' }, outbox: true });
  const metadata = () => stack.for(Item).metadata;
  const index = () => metadata().indexName;
  let runner: QueryRunner;
  const connection = async () => runner;
  const stored = () => ({ entity: 'Item', index: index() });
  beforeAll(() => {
    runner = stack.dataSource.createQueryRunner();
  });
  afterAll(() => runner.release());
  beforeEach(async () => {
    await stack.faults.clear();
    whims.failsToLoad = whims.failsToProject = '';
    for (const entity of [Item, Letter, Entry]) {
      const { indexName } = stack.for(entity as typeof Item).metadata;
      await stack.dataSource.createQueryBuilder().delete().from(entity).execute();
      const keys = await keysIn(stack.backend, indexName);
      await stack.backend.outcomes(await stack.backend.remove(indexName, keys), { waitMs: 10_000 });
    }
    await stack.dataSource.query('DELETE FROM scrypath_fill');
  });

  it('writes every record that belongs in the index, and no other; it removes nothing', async () => {
    await insertAll(
      stack.dataSource,
      Item,
      items(95, (id) => ({ listed: id % 10 !== 3 })),
    );
    await stack.dataSource.manager.softDelete(Item, [1, 2]);
    const ghost = { key: 'ghost', data: { name: 'no row' }, source: 'fields' as const };
    await stack.backend.outcomes(await stack.backend.upsert(index(), [ghost]), { waitMs: 10_000 });
    stack.forgetSql();
    const told: BackfillProgress[] = [];
    const { report, error } = await fill(stack, metadata(), {
      ...SMALL,
      onProgress: (progress) => told.push(progress),
    });
    expect(error).toBeNull();
    const there = range(95).filter((id) => id % 10 !== 3 && id !== 1 && id !== 2);
    expect(await keysIn(stack.backend, index())).toEqual([...keysOf(there), 'ghost'].sort());
    expect(report).toMatchObject({
      mode: 'fresh',
      index: index(),
      lastKey: '94',
      skipped: 10,
      rows: 93,
      failed: [],
      lateUntil: null,
    });
    expect(report!.documents).toBe(there.length);
    expect(report!.batches).toBeGreaterThan(3);
    expect(stack.sql.filter((sql) => /offset/i.test(sql))).toEqual([]);
    expect(told.at(-1)).toMatchObject({
      rows: 93,
      read: 93,
      documents: there.length,
      total: 93,
      tasksInFlight: 0,
      etaMs: 0,
    });
    expect(told.map(({ rows }) => rows)).toEqual(told.map(({ rows }) => rows).sort((a, b) => a - b));
  });

  it('that is aborted at 60 % goes on where it was: less than 45 % are read again, and nothing is lost', async () => {
    const count = 25_000;
    await insertAll(stack.dataSource, Item, items(count));
    const controller = new AbortController();
    const reason = new Error('enough');
    let read = 0;
    const onPage = (keys: readonly string[]) => {
      read += keys.length;
      if (read >= count * 0.6) controller.abort(reason);
    };
    const first = await fill(stack, metadata(), {
      ...{ signal: controller.signal, onPage, log: await StoredFillLog.begin(connection, stored()) },
    });
    expect(first.error).toBe(reason);
    expect(first.seen.length).toBeLessThan(count * 0.7);
    const log = await StoredFillLog.resume(connection, stored());
    const second = await fill(stack, metadata(), { log: log! });
    expect(second.error).toBeNull();
    expect(second.seen.length).toBeLessThanOrEqual(count * 0.45);
    expect(second.report).toMatchObject({ mode: 'resumed', documents: count, lastKey: String(count - 1) });
    expect((await stack.backend.indexes.stats(index())).documents).toBe(count);
    expect(await StoredFillLog.resume(connection, stored())).toBeNull();
    const [row] = await stack.dataSource.query('SELECT * FROM scrypath_fill');
    expect(row).toMatchObject({ entity: 'Item', index_name: index(), state: 'done' });
    expect(Number(row.documents)).toBe(count);
  }, 120_000);

  it('knows that a page may be late of one that was killed at its first upload, whether it goes on or begins anew', async () => {
    await insertAll(stack.dataSource, Item, items(30));
    const place = { backend: stack.backend, metadata: metadata(), manager: stack.dataSource.manager };
    const site = { ...place, projection: projectionOf(metadata()) };
    for (const resume of [true, false]) {
      const log = await StoredFillLog.begin(connection, stored());
      let killed: () => void = () => undefined;
      const died = new Promise<void>((resolve) => {
        killed = resolve;
      });
      // It never comes back from there.
      const beforeSend = () => {
        killed();
        return new Promise<void>(() => undefined);
      };
      void runBackfill({ ...site, log }, { index: index(), beforeSend });
      await died;
      const mode = { connection, resume, distribute: false };
      const report = await fillIndex(site, { index: index(), patience: IMPATIENT }, mode);
      expect(report).toMatchObject({ mode: resume ? 'resumed' : 'fresh', documents: 30 });
      expect(report.lateUntil).toBeGreaterThan(Date.now());
      const quiet = await fillIndex(site, { index: index(), patience: IMPATIENT }, { ...mode, resume: false });
      expect(quiet.lateUntil).toBeNull();
    }
  });

  it('is not begun with a signal that is aborted already', async () => {
    stack.forgetSql();
    const { error, seen } = await fill(stack, metadata(), { signal: AbortSignal.abort(new Error('early')) });
    expect(error).toMatchObject({ message: 'early' });
    expect([seen, stack.sql]).toEqual([[], []]);
  });

  it('sends again what was lost, canceled or failed, and what got no answer', async () => {
    await insertAll(stack.dataSource, Item, items(200));
    stack.faults.forgetTask('upsert');
    stack.faults.cancelTask('upsert');
    stack.faults.vanish('upsert');
    stack.faults.failTask('upsert', { code: 'invalid_document_fields' });
    stack.faults.drop('upsert');
    stack.faults.timeOut('upsert');
    const before = Date.now();
    const { report, error } = await fill(stack, metadata(), SMALL);
    expect(error).toBeNull();
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(200)));
    expect(report).toMatchObject({ documents: 200, failed: [] });
    expect(report!.lateUntil).toBeGreaterThanOrEqual(before);
  });

  it.each([true, false])(
    'finds a document that fails its task, its neighbours are written (the engine names it: %p)',
    async (named) => {
      await insertAll(stack.dataSource, Item, items(150));
      const fail = (key: string) =>
        stack.faults.failTask('upsert', {
          ...{ when: (documents) => documents.some((document) => document.key === key), times: Infinity },
          ...(named ? { document: key } : {}),
        });
      fail('33');
      const stopped = await fill(stack, metadata(), { ...SMALL, log: await StoredFillLog.begin(connection, stored()) });
      expect(stopped.error).toMatchObject({ code: 'TASK_FAILED' });
      expect(stopped.report!.failed.flatMap(({ failures }) => failures)).toMatchObject([
        { key: '33', step: 'index', code: 'invalid_document_fields' },
      ]);
      const log = await StoredFillLog.resume(connection, stored());
      const went = await fill(stack, metadata(), { ...SMALL, log: log!, maxFailures: 1 });
      expect(went.error).toBeNull();
      expect(went.report!.failed).toMatchObject([{ failures: [{ key: '33' }] }]);
      expect(went.report!.documents).toBe(149);
      expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(150).filter((id) => id !== 33)));
    },
  );

  it('is not thrown off by a document that fails the tasks beside its own', async () => {
    await insertAll(stack.dataSource, Item, items(150));
    stack.faults.failTask('upsert', {
      ...{ when: (documents) => documents.some(({ key }) => key === '77'), together: true, times: Infinity },
    });
    const { report, error } = await fill(stack, metadata(), { ...SMALL, maxFailures: 1 });
    expect(error).toBeNull();
    expect(report!.failed.flatMap(({ failures }) => failures.map(({ key }) => key))).toEqual(['77']);
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(150).filter((id) => id !== 77)));
  });

  it('records up to maxFailures records that cannot be loaded or projected, by pages, and stops at the next', async () => {
    await insertAll(stack.dataSource, Item, items(50));
    whims.failsToProject = 'item 21';
    const stopped = await fill(stack, metadata(), SMALL);
    expect(stopped.error).toMatchObject({ code: 'PROJECTION_FAILED' });
    expect(stopped.report!.failed).toMatchObject([
      { lastKey: '29', failures: [{ key: '21', step: 'project', code: 'PROJECTION_FAILED' }] },
    ]);
    // What was read before is sent.
    expect(await keysIn(stack.backend, index())).toEqual(expect.arrayContaining(keysOf(range(10))));
    const { report, error } = await fill(stack, metadata(), { ...SMALL, maxFailures: 1 });
    expect(error).toBeNull();
    expect(report).toMatchObject({ documents: 49, rows: 50 });
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(50).filter((id) => id !== 21)));

    const letters = stack.for(Letter).metadata;
    await insertAll(
      stack.dataSource,
      Letter,
      range(40).map((n) => ({ text: `letter ${n}` })),
    );
    whims.failsToLoad = 'letter 7';
    const unread = await fill(stack, letters, { ...SMALL, maxFailures: 3 });
    expect(unread.error).toBeNull();
    const bad = await stack.dataSource
      .createQueryBuilder(Letter, 'l')
      .select('l.id', 'id')
      .where('l.text = :t', { t: 'letter 7' })
      .getRawOne();
    expect(unread.report!.failed.flatMap(({ failures }) => failures)).toMatchObject([
      { key: bad.id, step: 'read', code: null },
    ]);
    expect(await keysIn(stack.backend, letters.indexName)).toHaveLength(39);
  });

  it('stops where the engine is away, and goes on when it is back', async () => {
    await insertAll(stack.dataSource, Item, items(300));
    let pages = 0;
    const onPage = () => {
      pages += 1;
      if (pages === 16) stack.faults.fail('upsert', { times: Infinity });
    };
    const first = await fill(stack, metadata(), {
      ...SMALL,
      onPage,
      log: await StoredFillLog.begin(connection, stored()),
    });
    expect(first.error).toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    await stack.faults.clear();
    const second = await fill(stack, metadata(), {
      ...SMALL,
      log: (await StoredFillLog.resume(connection, stored()))!,
    });
    expect(second.error).toBeNull();
    expect(second.seen.length).toBeLessThanOrEqual(180);
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(300)));
    expect(second.report).toMatchObject({ documents: 300 });
  });

  it('stops where nobody can say how tasks ended, and takes their outcome up when it goes on', async () => {
    await insertAll(stack.dataSource, Item, items(100));
    stack.faults.fail('outcomes', { times: Infinity });
    const log = await StoredFillLog.begin(connection, stored());
    const first = await fill(stack, metadata(), { ...SMALL, log });
    expect(first.error).toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect(first.report).toMatchObject({ documents: 0, lastKey: null });
    await stack.faults.clear();
    const second = await fill(stack, metadata(), {
      ...SMALL,
      log: (await StoredFillLog.resume(connection, stored()))!,
    });
    expect(second.error).toBeNull();
    // What was accepted is not read again.
    expect(second.seen).toEqual([]);
    expect(second.report).toMatchObject({ documents: 100, lastKey: '99' });
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(100)));
  });

  it('leaves no more tasks in the engine than it may', async () => {
    await insertAll(stack.dataSource, Item, items(200));
    stack.faults.stall('upsert', { times: Infinity });
    let most = 0;
    const filled = fill(stack, metadata(), {
      ...{ ...SMALL, maxTasks: 3 },
      onProgress: ({ tasksInFlight }) => {
        most = Math.max(most, tasksInFlight);
        if (tasksInFlight === 3) void stack.faults.clear();
      },
    });
    const { error, report } = await filled;
    expect([error, most, report!.documents]).toEqual([null, 3, 200]);
  });

  it('takes conditions, a key to begin behind, and ranges side by side', async () => {
    await insertAll(
      stack.dataSource,
      Item,
      items(120, (id) => ({ id: id * 7 - 300, name: `n${id % 3}` })),
    );
    const { report } = await fill(stack, metadata(), { ...SMALL, where: { name: 'n1' }, after: '-200' });
    const wanted = range(120)
      .filter((id) => id % 3 === 1)
      .map((id) => id * 7 - 300)
      .filter((id) => id > -200);
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(wanted));
    expect(report!.rows).toBe(wanted.length);

    const all = await fill(stack, metadata(), { ...SMALL, partitions: 4 });
    expect(all.seen.toSorted()).toEqual(keysOf(range(120).map((id) => id * 7 - 300)));
    expect(all.report).toMatchObject({ documents: 120, lastKey: null });
    expect(await keysIn(stack.backend, index())).toHaveLength(120);

    const letters = stack.for(Letter).metadata;
    await insertAll(
      stack.dataSource,
      Letter,
      range(60).map((n) => ({ text: `letter ${n}` })),
    );
    const divided = await fill(stack, letters, { ...SMALL, partitions: 3 });
    expect(new Set(divided.seen).size).toBe(60);
    expect(await keysIn(stack.backend, letters.indexName)).toHaveLength(60);
  });

  it('resumes ranges side by side, each where it was', async () => {
    await insertAll(stack.dataSource, Item, items(400));
    const controller = new AbortController();
    let read = 0;
    const onPage = (keys: readonly string[]) => {
      read += keys.length;
      if (read >= 240) controller.abort();
    };
    const log = new MemoryFillLog();
    const call = { ...SMALL, partitions: 4, log };
    await fill(stack, metadata(), { ...call, onPage, signal: controller.signal });
    const { seen, report } = await fill(stack, metadata(), call);
    expect(seen.length).toBeLessThanOrEqual(180);
    expect(report).toMatchObject({ mode: 'resumed', documents: 400 });
    expect(await keysIn(stack.backend, index())).toEqual(keysOf(range(400)));
  });

  it('fills from keys of several columns', async () => {
    const entries = stack.for(Entry).metadata;
    const large = database === 'sqlite' ? '90071992547' : '900719925474099';
    const rows = range(20).flatMap((n) =>
      ['first', 'second'].map((half) => ({ account: `${large}${10 + n}`, day: '2024-02-29', half, text: 't' })),
    );
    await insertAll(stack.dataSource, Entry, rows);
    const { report, seen } = await fill(stack, entries, {
      batchSize: 3,
      partitions: 3,
      body: { documents: 6, bytes: 1e6 },
    });
    expect(new Set(seen).size).toBe(40);
    expect(report).toMatchObject({ documents: 40 });
    expect(await keysIn(stack.backend, entries.indexName)).toHaveLength(40);
  });
});
