import { SimulatedCrash } from 'scrypath/testing';
import { tasksText } from '../../src/worker/accepted-tasks';
import { onEveryDatabase, onEveryStack } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, drainAll, EVERYTHING, hooked, rowsOf, SHORT, senderOf, until } from './senders';

onEveryDatabase('a request with an unknown outcome', ({ use, database }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: SHORT, prefix });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix });

  afterEach(async () => {
    await stack.faults.clear();
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  it('that arrives late over newer state is overwritten: the key is sent again after the grace', async () => {
    const film = await repository().save({ title: 'Stale' });
    await films().syncRecord(film);
    const sender = senderOf(given());
    stack.faults.late('upsert', Infinity);
    expect(await sender.drain(EVERYTHING)).toMatchObject({ outage: true });
    const [late] = await rowsOf(stack.dataSource);
    expect(late).toMatchObject({ state: 'retrying', error_class: 'transport:BACKEND_TIMEOUT' });
    await repository().update(film.id, { title: 'Fresh' });
    await films().syncKeys([film.id]);
    // The newer row is done before the grace is over.
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).length === 1;
    });
    expect(await found('fresh')).toBe(1);
    await stack.faults.release();
    await until(async () => (await found('stale')) === 1);
    await drainAll(sender, stack.dataSource);
    expect([await found('fresh'), await found('stale')]).toEqual([1, 0]);
    await sender.close();
  });

  it('whose answer was lost is sent again, and counts only then', async () => {
    const film = await repository().save({ title: 'Unanswered' });
    await films().syncRecord(film);
    const backend = hooked(stack.backend, {});
    const sender = senderOf({ ...given(), backend });
    stack.faults.timeOut('upsert');
    await sender.drain(EVERYTHING);
    // Not due before the grace is over.
    expect(await sender.drain(EVERYTHING)).toMatchObject({ rows: 0 });
    await drainAll(sender, stack.dataSource);
    expect(backend.writes).toHaveLength(2);
    expect(await found('unanswered')).toBe(1);
    await sender.close();
  });

  it('of a sender that died behind it is carried over: what is sent too early is sent once more', async () => {
    const film = await repository().save({ title: 'Before death' });
    const { token } = await films().syncRecord(film);
    const dead = senderOf(given());
    stack.faults.crash('upsert', 'after');
    await expect(dead.drain(EVERYTHING)).rejects.toBeInstanceOf(SimulatedCrash);
    await stack.faults.clear();
    await dead.close();
    await repository().update(film.id, { title: 'After death' });
    const backend = hooked(stack.backend, {});
    const heir = senderOf({ ...given(), backend });
    await until(async () => (await heir.drain(EVERYTHING)).rows > 0);
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ state: 'retrying', error_class: 'unknown' }]);
    await drainAll(heir, stack.dataSource);
    expect(backend.writes).toHaveLength(2);
    expect([await found('after'), await found('before')]).toEqual([1, 0]);
    await stack.scrypath.waitForCompletion(token!);
    await heir.close();
  });

  it('of a sender that died before it: nothing is lost', async () => {
    const film = await repository().save({ title: 'Unsent' });
    await films().syncRecord(film);
    const dead = senderOf(given());
    stack.faults.crash('upsert', 'before');
    await expect(dead.drain(EVERYTHING)).rejects.toBeInstanceOf(SimulatedCrash);
    await stack.faults.clear();
    await dead.close();
    const heir = senderOf(given());
    await drainAll(heir, stack.dataSource);
    expect(await found('unsent')).toBe(1);
    await heir.close();
  });

  it('an engine that is away takes no attempts, however long it is', async () => {
    const film = await repository().save({ title: 'Patient' });
    await films().syncRecord(film);
    const sender = senderOf({ ...given(), maxAttempts: 2 });
    stack.faults.fail('upsert', { times: 12 });
    let outages = 0;
    await until(async () => {
      if ((await sender.drain(EVERYTHING)).outage) outages += 1;
      await sender.settler.settle(100);
      const rows = await rowsOf(stack.dataSource);
      for (const { attempts, state } of rows) {
        expect(Number(attempts)).toBe(0);
        expect(state).not.toBe('discarded');
      }
      return rows.length === 0;
    });
    expect(outages).toBe(12);
    expect(sender.failures).toBe(0);
    expect(database).toBeDefined();
    await sender.close();
  });
});

onEveryStack('a task that cannot be found again', ({ use }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: SHORT, prefix });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;

  afterEach(async () => {
    await stack.faults.clear();
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
  });

  it('since its id answers with another batch: the key is sent again', async () => {
    const film = await repository().save({ title: 'Of another batch' });
    const { token, task } = await films().syncRecord(film, { mode: 'manual' });
    const [row] = await rowsOf(stack.dataSource);
    const tasks = JSON.parse(row!.tasks!) as { tasks: { batch: string }[] };
    expect(tasks.tasks[0]!.batch).toMatch(/^[0-9a-f-]{36}$/);
    tasks.tasks[0]!.batch = 'of-an-engine-that-was-restored';
    await stack.backend.outcomes([task!], { waitMs: 5_000 });
    await stack.dataSource
      .createQueryBuilder()
      .update('ScrypathOutbox')
      .set({ tasks: tasksText(tasks as never) })
      .execute();
    await stack.dataSource.query(`UPDATE film SET title = 'Sent again' WHERE id = ${film.id}`);
    await stack.scrypath.waitForCompletion(token!);
    expect([await found('again'), await found('another')]).toEqual([1, 0]);
  });

  it('since its history was pruned, or somebody canceled it, or it was lost: the key is sent again', async () => {
    for (const fault of ['vanish', 'cancelTask', 'forgetTask'] as const) {
      const film = await repository().save({ title: `Again ${fault}` });
      stack.faults[fault]('upsert');
      const { token } = await films().syncRecord(film);
      await stack.scrypath.waitForCompletion(token!);
      expect(await found(fault)).toBe(1);
      expect(await rowsOf(stack.dataSource)).toEqual([]);
    }
  });

  it('a request that arrives twice does no harm', async () => {
    const film = await repository().save({ title: 'Twice over' });
    stack.faults.duplicate('upsert');
    const { token } = await films().syncRecord(film);
    await stack.scrypath.waitForCompletion(token!);
    expect(await found('twice')).toBe(1);
  });
});
