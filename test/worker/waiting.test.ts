import { setTimeout as sleep } from 'node:timers/promises';
import { onEveryDatabase } from '../stacks/stack';
import { Film, Note, whims } from './entities';
import { aPrefix, rowsOf, STEADY, until } from './senders';

onEveryDatabase('waiting for tracked work', ({ use, database }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, capture: 'orm', outbox: STEADY, prefix });
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await stack.for(Film).search(text)).hits.length;
  const scrypath = () => stack.scrypath;

  afterEach(async () => {
    await stack.faults.clear();
    Object.assign(whims, { failsToLoad: '', failsToProject: '' });
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  it('tracks that run at the same time have the tokens of their own writes', async () => {
    const save = (at: number) => scrypath().track(() => repository().save({ title: `Tracked ${at}` }));
    // On its one connection SQLite makes one transaction of saves at the same time, and one of their tracks has its token.
    const tracked =
      database === 'sqlite' ? [await save(0), await save(1)] : await Promise.all([0, 1, 2, 3, 4].map(save));
    expect(new Set(tracked.map(({ token }) => token)).size).toBe(tracked.length);
    for (const { token, value } of tracked) {
      await scrypath().waitForCompletion(token!);
      expect(await found(value.title)).toBeGreaterThan(0);
    }
    expect(await rowsOf(stack.dataSource)).toEqual([]);
  });

  it('a track inside another belongs to both', async () => {
    let inner: string | null = null;
    const { token } = await scrypath().track(async () => {
      await repository().save({ title: 'Outer kettle' });
      ({ token: inner } = await scrypath().track(() => repository().save({ title: 'Inner kettle' })));
    });
    expect(token).toContain(inner!);
    expect(token).not.toBe(inner);
    await scrypath().waitForCompletion(token!);
    expect(await found('kettle')).toBe(2);
  });

  it('what was rolled back, and what wrote nothing, has no token', async () => {
    const rolledBack = await scrypath().track(() =>
      stack.dataSource
        .transaction(async (manager) => {
          await manager.save(Film, { title: 'Never' });
          throw new Error('no');
        })
        .catch(() => 'rolled back'),
    );
    expect(rolledBack).toEqual({ value: 'rolled back', token: null });
    expect((await scrypath().track(() => repository().find())).token).toBeNull();
  });

  it('one that throws gives what was thrown', async () => {
    await expect(scrypath().track(() => Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  it('a token without rows is complete; a text that is none is refused', async () => {
    await scrypath().waitForCompletion('01234567-89ab-7cde');
    await expect(scrypath().waitForCompletion('nonsense')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('ends with WORK_TIMEOUT when the time is over; the work goes on', async () => {
    const { token } = await scrypath().track(() => repository().save({ title: 'Slow kettle' }));
    stack.faults.stall('upsert');
    await expect(scrypath().waitForCompletion(token!, { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'WORK_TIMEOUT',
    });
    await stack.faults.release();
    await scrypath().waitForCompletion(token!);
    expect(await found('slow')).toBe(1);
  });

  it('ends with the reason of its signal, before and behind the acceptance', async () => {
    const { token } = await scrypath().track(() => repository().save({ title: 'Aborted kettle' }));
    stack.faults.stall('upsert');
    await expect(
      scrypath().waitForCompletion(token!, { signal: AbortSignal.abort(new Error('at once')) }),
    ).rejects.toThrow('at once');
    const controller = new AbortController();
    const waiting = scrypath().waitForCompletion(token!, { signal: controller.signal, timeoutMs: 10_000 });
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await expect(waiting).rejects.toThrow('enough');
    await stack.faults.release();
    await scrypath().waitForCompletion(token!);
  });

  it('ends with WORK_DISCARDED where work of it was given up', async () => {
    whims.failsToProject = 'Hopeless';
    const { token } = await scrypath().track(() => repository().save({ title: 'Hopeless' }));
    await expect(scrypath().waitForCompletion(token!)).rejects.toMatchObject({ code: 'WORK_DISCARDED' });
  });

  it('failures that are tried again do not end it', async () => {
    stack.faults.fail('upsert', { times: 3 });
    const { token } = await scrypath().track(() => repository().save({ title: 'Stubborn kettle' }));
    await scrypath().waitForCompletion(token!);
    expect(await found('stubborn')).toBe(1);
  });

  it('one that waits in vain does not keep the others waiting', async () => {
    stack.faults.stall('upsert');
    const { token: stuck } = await scrypath().track(() => stack.dataSource.getRepository(Note).save({ text: 'Stuck' }));
    const vain = scrypath()
      .waitForCompletion(stuck!, { timeoutMs: 20_000 })
      .then(() => 'done');
    await sleep(200);
    for (let round = 0; round < 10; round += 1) {
      const { token } = await scrypath().track(() => repository().save({ title: `Quick ${round}` }));
      await scrypath().waitForCompletion(token!, { timeoutMs: 10_000 });
    }
    expect(await rowsOf(stack.dataSource)).toHaveLength(1);
    await stack.faults.release();
    expect(await vain).toBe('done');
  });

  it('beside a worker those who wait leave the questions to it, and hear of the end', async () => {
    const worker = scrypath().worker();
    await worker.start();
    const outcomes = jest.spyOn(stack.backend, 'outcomes');
    try {
      stack.faults.stall('upsert');
      const { token } = await scrypath().track(() => repository().save({ title: 'Watched kettle' }));
      await until(async () => (await rowsOf(stack.dataSource)).every(({ state }) => state === 'backend_accepted'));
      await until(() => outcomes.mock.calls.length > 0);
      outcomes.mockClear();
      const waiting = Array.from({ length: 50 }, () => scrypath().waitForCompletion(token!, { timeoutMs: 20_000 }));
      await sleep(400);
      expect(outcomes.mock.calls.length).toBeLessThan(50);
      await stack.faults.release();
      await Promise.all(waiting);
      expect(await found('watched')).toBe(1);
    } finally {
      outcomes.mockRestore();
      await worker.stop();
    }
  });

  it('a hundred at once, of verbs, need no more connections than one, and leave none open', async () => {
    const saved = await scrypath().withoutCapture('seed', () =>
      repository().save(Array.from({ length: 100 }, (_, at) => ({ title: `Crowd ${at}` }))),
    );
    const sync = () => Promise.all(saved.map((film) => stack.for(Film).syncRecord(film, { mode: 'inline' })));
    await sync();
    const before = await connections();
    await sync();
    expect(await connections()).toBe(before);
    // Those of the sender: it sends, settles and looks, and one holds its shards; and the pool of the application.
    expect(before).toBeLessThanOrEqual(15);
    expect(await rowsOf(stack.dataSource)).toEqual([]);
  });

  async function connections(): Promise<number> {
    if (database === 'sqlite') return 1;
    const [{ n }] = await stack.dataSource.query(
      database === 'postgres'
        ? 'SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database()'
        : 'SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = database()',
    );
    return Number(n);
  }
});
