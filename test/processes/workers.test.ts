import { describeProcesses } from './describe-load';
import { Scene } from './scene';

const SMALL_BATCHES = { batchSize: 20 };
const NOTHING_WRONG = { lost: 0, stale: 0, ghosts: 0, examples: [] };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It did not come to hold.');
    await pause(10);
  }
}

describeProcesses('workers in processes of their own', 'postgres', (engine) => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await Scene.open('postgres', engine());
  });
  afterEach(() => scene?.close());

  /** Products are there and dirty, and nobody writes any more. */
  const seeded = async () => scene.finish(await scene.writer(1, { seeds: true }));

  it('a worker that is told to stop finishes its batch, and leaves the rest free for others at once', async () => {
    await seeded();
    scene.link.mishap = (method) => (method === 'GET' ? { kind: 'none' } : { kind: 'late', ms: 300 });
    const worker = await scene.worker({ ...SMALL_BATCHES, stopMs: 5_000 });
    await until(() => scene.link.isBusy && scene.link.writes > 1);
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    expect((await worker.says('stopped')).ms).toBeLessThan(5_000);

    expect(await scene.waitingRows()).toBeGreaterThan(0);
    expect(await scene.database.query('SELECT shard FROM scrypath_shard FOR UPDATE NOWAIT')).toHaveLength(16);
    expect(await scene.database.query('SELECT shard FROM scrypath_sending WHERE unknown_until > 0')).toEqual([]);
    expect(
      await scene.database.query(`SELECT id FROM scrypath_outbox WHERE state = 'backend_accepted' AND due_at > 0`),
    ).toEqual([]);
    await scene.worker();
    await scene.drained();
    expect(await scene.compare()).toMatchObject(NOTHING_WRONG);
  }, 60_000);

  it('a worker stops within its time while the engine takes requests and answers none', async () => {
    await seeded();
    const worker = await scene.worker({ ...SMALL_BATCHES, stopMs: 1_000, answerMs: 25_000 });
    await until(() => scene.link.writes > 0);
    scene.link.mishap = () => ({ kind: 'unanswered' });
    await until(() => scene.link.mishaps > 0);
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    // A send under way ends by its own time-out, of one second. The answer to any other question would come in 25.
    expect((await worker.says('stopped')).ms).toBeLessThan(10_000);
    scene.link.mishap = () => ({ kind: 'none' });
    await scene.worker();
    await scene.drained();
    expect(await scene.compare()).toMatchObject(NOTHING_WRONG);
  }, 60_000);

  it('two share the work', async () => {
    await seeded();
    const links = [await scene.anotherLink(), await scene.anotherLink()];
    for (const link of links)
      link.mishap = (method) => (method === 'GET' ? { kind: 'none' } : { kind: 'late', ms: 50 });
    await Promise.all(links.map(({ url }) => scene.worker({ ...SMALL_BATCHES, engine: url, pollMs: 50 })));
    await scene.finish(await scene.writer(2, { perSecond: 100 }).then((writer) => pause(1_000).then(() => writer)));
    await scene.drained();
    for (const { writes } of links) expect(writes).toBeGreaterThan(0);
    expect(await scene.compare()).toMatchObject(NOTHING_WRONG);
  }, 60_000);

  it('is woken by a commit in another process, without having looked; and costs little while it idles', async () => {
    const writer = await scene.writer(3, { seeds: true, perSecond: 0 });
    const idle = await scene.worker();
    await scene.drained();
    // Its pauses have grown to the longest by then.
    await pause(2_600);
    const before = scene.databaseLink.packets;
    await pause(5_000);
    const perSecond = (scene.databaseLink.packets - before) / 5;
    console.info(`an idle worker sends ${perSecond} statements a second`);
    expect(perSecond).toBeLessThanOrEqual(2);
    await idle.kill();

    await scene.worker({ pollMs: 3_600_000 });
    // Each pause is twice as long as the one before: the next look is seconds away.
    await pause(5_500);
    let looks = 0;
    scene.databaseLink.watch = (text) => {
      if (/EXISTS \(SELECT 1 FROM .* LIMIT 1/s.test(text)) looks += 1;
    };
    expect(await scene.waitingRows()).toBe(0);
    // Behind its work it begins to look often again.
    let looksBefore: number | null = null;
    scene.link.mishap = (method) => {
      if (method !== 'GET') looksBefore ??= looks;
      return { kind: 'none' };
    };
    writer.send('write');
    await until(() => looksBefore !== null);
    await scene.drained();
    expect(looksBefore).toBe(0);
    expect(await scene.compare()).toMatchObject(NOTHING_WRONG);
  }, 60_000);
});
