import type { Backend, BackfillReport, ScrypathError } from 'scrypath';
import type { QueryRunner } from 'typeorm';
import type { BackfillCall } from '../../src/backfill/backfill';
import { type FillMode, fill } from '../../src/backfill/fill';
import { StoredFillLog } from '../../src/backfill/fill-log';
import { type FillPart, takePart } from '../../src/backfill/fill-parts';
import { freshState } from '../../src/backfill/fill-state';
import { backfillReportOf } from '../../src/backfill/report';
import { fillPart } from '../../src/backfill/shared-fill';
import { FillHelp } from '../../src/fill-help';
import { projectionOf } from '../../src/projection/projection';
import type { Work } from '../../src/worker/work';
import { onPairs } from '../stacks/stack';
import { ENTITIES, Item, whims } from './entities';
import { IMPATIENT, insertAll, items, keysIn } from './filling';

const ROWS = 600;
const EVERY_KEY = [...Array(ROWS).keys()].map(String).sort();

onPairs('a backfill that is divided', ({ use }) => {
  const stack = use(ENTITIES, { sync: { mode: 'queued' }, outbox: true });
  let runners: QueryRunner[];
  const metadata = () => stack.for(Item).metadata;
  const index = () => metadata().indexName;
  const connection = async () => runners[0]!;
  const site = (backend: Backend = stack.backend, reading = runners[1]!) => ({
    ...{ backend, metadata: metadata(), projection: projectionOf(metadata()), manager: reading.manager },
  });
  const begin = (call: Partial<BackfillCall> = {}, mode: Partial<FillMode> = {}, backend?: Backend) =>
    fill(
      site(backend),
      {
        index: index(),
        partitions: 6,
        batchSize: 10,
        body: { documents: 20, bytes: 1e6 },
        patience: IMPATIENT,
        ...call,
      },
      { connection, distribute: true, resume: false, ...mode },
    );
  /** A backend that tells what went through it. */
  const counting = (before: (keys: readonly string[]) => Promise<void> = async () => undefined) => {
    const sent: string[] = [];
    const { backend } = stack;
    const counted: Backend = {
      ...{ name: backend.name, documents: backend.documents, indexes: backend.indexes },
      search: (...given) => backend.search(...given),
      remove: (...given) => backend.remove(...given),
      outcomes: (...given) => backend.outcomes(...given),
      upsert: async (name, documents, options) => {
        const keys = documents.map(({ key }) => key);
        await before(keys);
        sent.push(...keys);
        return backend.upsert(name, documents, options);
      },
    };
    return { sent, backend: counted };
  };
  const help = (backend: Backend, documents: Work['documents'] = new Map([['Item', site(backend)]])) => {
    const work = { documents, dependencies: new Map() };
    const given = { dataSource: stack.dataSource, backend, work: () => work, connection: async () => runners[2]! };
    return new FillHelp({ ...given, logger: console, lookEveryMs: 5 });
  };
  const takenPart = async (): Promise<FillPart> => (await takePart(connection, { entities: ['Item'] }))!;
  /** Until somebody has divided it. */
  const divided = async () => {
    for (;;) {
      const [{ n }] = await stack.dataSource.query('SELECT COUNT(*) AS n FROM scrypath_fill WHERE parent IS NOT NULL');
      if (Number(n) > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  beforeAll(async () => {
    runners = Array.from({ length: 4 }, () => stack.dataSource.createQueryRunner());
    await insertAll(stack.dataSource, Item, items(ROWS));
  });
  afterAll(async () => {
    for (const runner of runners) await runner.release();
  });
  beforeEach(async () => {
    whims.failsToProject = '';
    const keys = await keysIn(stack.backend, index());
    await stack.backend.outcomes(await stack.backend.remove(index(), keys), { waitMs: 10_000 });
    await stack.dataSource.query('DELETE FROM scrypath_fill');
  });

  it('is filled by whoever takes ranges, each row once, and told as one', async () => {
    const other = counting();
    const helping = help(other.backend);
    helping.start();
    const seen: number[] = [];
    // It waits at its first upload, so that the other has its part of it.
    const waits = counting(async () => {
      while (other.sent.length < 100) await new Promise((resolve) => setTimeout(resolve, 2));
    });
    const report = await begin({ onProgress: ({ rows }) => seen.push(rows) }, {}, waits.backend);
    await helping.stop(performance.now() + 5_000);
    expect(report).toMatchObject({ mode: 'fresh', documents: ROWS, rows: ROWS, skipped: 0, failed: [], lastKey: null });
    expect([...waits.sent, ...other.sent].sort()).toEqual(EVERY_KEY);
    expect([seen[0], seen.at(-1)]).toEqual([0, ROWS]);
    expect([waits.sent.length > 0, other.sent.length >= 100]).toEqual([true, true]);
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
    expect(await stack.dataSource.query('SELECT state, parent, documents FROM scrypath_fill')).toMatchObject([
      { state: 'done', parent: null },
    ]);
  });

  it('is not taken up by a program whose projection is older, or that does not know the entity', async () => {
    const other = counting();
    const [older, stranger] = [help(other.backend), help(other.backend, new Map())];
    const { version } = metadata();
    await stack.dataSource.query(`UPDATE scrypath_projection SET version = ${version + 1} WHERE entity = 'Item'`);
    try {
      older.start();
      await begin();
      await older.stop(performance.now() + 5_000);
    } finally {
      await stack.dataSource.query(`UPDATE scrypath_projection SET version = ${version} WHERE entity = 'Item'`);
    }
    stranger.start();
    await begin();
    await stranger.stop(performance.now() + 5_000);
    expect(other.sent).toEqual([]);
  });

  it('gives the range of one who is silent to another, and knows that a page of his may be late', async () => {
    const filling = begin();
    await divided();
    const part = await takePart(async () => runners[3]!, { entities: ['Item'] });
    if (part === null) throw new Error('Every range was taken before.');
    await stack.dataSource.query(
      `UPDATE scrypath_fill SET updated_at = 1 WHERE state = 'running' AND parent IS NOT NULL`,
    );
    const report = await filling;
    expect(report.documents).toBe(ROWS);
    expect(report.lateUntil).toBeGreaterThan(Date.now() - IMPATIENT.lateMs);
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
  });

  it('keeps one who was silent from sending behind the back of whoever fills his range', async () => {
    await stopped();
    const late = counting();
    const filling = fillPart(site(late.backend, runners[3]!), await takenPart(), {
      onPage: async () => {
        await stack.dataSource.query(
          `UPDATE scrypath_fill SET owner = 'another' WHERE state = 'running' AND parent IS NOT NULL`,
        );
      },
    });
    await expect(filling).rejects.toMatchObject({ code: 'BACKFILL_RUNNING', entity: 'Item' });
    expect(late.sent).toEqual([]);
    // What is another's is left as it is.
    expect(await stack.dataSource.query(`SELECT state FROM scrypath_fill WHERE owner = 'another'`)).toEqual([
      { state: 'running' },
    ]);
  });

  it('stops where a range fails elsewhere, says with what, and goes on', async () => {
    await stopped();
    whims.failsToProject = 'item 95';
    const part = await takenPartWith('95');
    await expect(fillPart(site(), part, { patience: IMPATIENT })).rejects.toMatchObject({ code: 'PROJECTION_FAILED' });
    const failed = await begin({}, { resume: true }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'PROJECTION_FAILED', entity: 'Item' } satisfies Partial<ScrypathError>);
    whims.failsToProject = '';
    const report = await begin({}, { resume: true });
    expect(report).toMatchObject({ mode: 'resumed', documents: ROWS, failed: [] });
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
  });

  it('tells of records that failed in another process, with key, step and code', async () => {
    await stopped({ maxFailures: 1 });
    whims.failsToProject = 'item 95';
    await fillPart(site(), await takenPartWith('95'), { patience: IMPATIENT });
    const report = await begin({ maxFailures: 1 }, { resume: true });
    expect(report.documents).toBe(ROWS - 1);
    expect(report.failed.flatMap(({ failures }) => failures)).toMatchObject([
      { key: '95', step: 'project', code: 'PROJECTION_FAILED' },
    ]);
  });

  it('begins ranges with failures anew where there are more of these than are borne with', async () => {
    whims.failsToProject = 'item 95';
    const failed = await begin({ maxFailures: 0 }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'PROJECTION_FAILED' });
    // More are borne with now.
    expect((await begin({ maxFailures: 1 }, { resume: true })).documents).toBe(ROWS - 1);
    await stopped({ maxFailures: 1 });
    await fillPart(site(), await takenPartWith('95'), { patience: IMPATIENT });
    const still = begin({ maxFailures: 0 }, { resume: true });
    await expect(still).rejects.toMatchObject({ code: 'PROJECTION_FAILED' });
    whims.failsToProject = '';
    expect(await begin({ maxFailures: 0 }, { resume: true })).toMatchObject({ documents: ROWS, failed: [] });
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
  });

  it('goes on where it was stopped, by those ranges that are left', async () => {
    const controller = new AbortController();
    const own = counting(async () => {
      if (own.sent.length >= ROWS * 0.6) controller.abort(new Error('enough'));
    });
    const error: unknown = await begin({ signal: controller.signal }, {}, own.backend).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ message: 'enough' });
    expect((backfillReportOf(error) as BackfillReport).documents).toBeGreaterThan(ROWS * 0.3);
    const rest = counting();
    const report = await begin({}, { resume: true, distribute: false }, rest.backend);
    expect(report).toMatchObject({ mode: 'resumed', documents: ROWS });
    expect(rest.sent.length).toBeLessThanOrEqual(ROWS * 0.45);
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
  });

  it('is divided when it goes on, where it was killed before that', async () => {
    const log = await StoredFillLog.begin(connection, { entity: 'Item', index: index() });
    await log.save(freshState([], null));
    const report = await begin({}, { resume: true });
    expect(report.documents).toBe(ROWS);
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
  });

  it('goes on with the other ranges where its own was given to somebody else, and with none where it was given up', async () => {
    let lost = '';
    const filling = begin({
      onPage: async () => {
        if (lost !== '') return;
        const [{ id }] = await stack.dataSource.query(
          `SELECT id FROM scrypath_fill WHERE state = 'running' AND parent IS NOT NULL`,
        );
        lost = id;
        await stack.dataSource.query(`UPDATE scrypath_fill SET owner = 'another' WHERE id = '${lost}'`);
        // And that one is silent too, some time later.
        setTimeout(
          () => void stack.dataSource.query(`UPDATE scrypath_fill SET updated_at = 1 WHERE id = '${lost}'`),
          200,
        );
      },
    });
    expect(await filling).toMatchObject({ documents: ROWS });
    expect(await keysIn(stack.backend, index())).toEqual(EVERY_KEY);
    const givenUp = begin({
      onPage: async () => {
        const [{ n }] = await stack.dataSource.query(`SELECT COUNT(*) AS n FROM scrypath_fill WHERE state = 'done'`);
        // As a fill that begins anew does, when some of it is done.
        if (Number(n) >= 2) await StoredFillLog.giveUp(async () => runners[3]!, { entity: 'Item', index: index() });
      },
    });
    await expect(givenUp).rejects.toMatchObject({ code: 'BACKFILL_RUNNING', entity: 'Item' });
  });

  it('is given up as a whole: whoever fills a range of it stops before his next upload', async () => {
    await stopped();
    const late = counting();
    const part = await takenPart();
    expect(await StoredFillLog.giveUp(connection, { entity: 'Item', index: index() })).toBeGreaterThan(0);
    await expect(fillPart(site(late.backend), part, {})).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    expect(late.sent).toEqual([]);
    expect(await stack.dataSource.query('SELECT id FROM scrypath_fill')).toEqual([]);
  });

  /** One that was divided and stopped before anything was done. */
  async function stopped(call: Partial<BackfillCall> = {}): Promise<void> {
    const controller = new AbortController();
    const stopping = begin({ ...call, signal: controller.signal, onPage: () => controller.abort(new Error('enough')) });
    await expect(stopping).rejects.toThrow('enough');
  }

  /** The part of the range that a key is in: the first is that of the lowest keys. */
  async function takenPartWith(key: string): Promise<FillPart> {
    const others: FillPart[] = [];
    for (;;) {
      const part = await takenPart();
      const { above, upTo } = (await part.load()).state.ranges[0]!.range;
      if ((above === null || Number(above) < Number(key)) && (upTo === null || Number(key) <= Number(upTo))) {
        for (const other of others) await other.leave(null);
        return part;
      }
      others.push(part);
    }
  }
});
