import { isTerminal } from '../../src/backend/task';
import { parseTasks } from '../../src/worker/accepted-tasks';
import { onEveryDatabase } from '../stacks/stack';
import { Film, Note, whims } from './entities';
import { aPrefix, drainAll, EVERYTHING, hooked, rowsOf, STEADY, senderOf, until } from './senders';

onEveryDatabase('a poison document', ({ use }) => {
  const prefix = aPrefix();
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: STEADY, prefix });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const titles = async () => (await films().search('', { page: { size: 1000 } } as never)).hits.map(({ _key }) => _key);
  const isIsolating = async () => {
    const found = await stack.dataSource.query(`SELECT isolating FROM scrypath_index WHERE name = '${prefix}_films'`);
    return Number(found[0].isolating) > 0;
  };
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix, times: STEADY });

  beforeEach(async () => {
    await stack.faults.clear();
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('UPDATE scrypath_index SET isolating = 0, in_flight = NULL');
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  async function save(count: number) {
    const saved = await repository().save(Array.from({ length: count }, (_, at) => ({ title: `Healthy ${at}` })));
    await films().syncRecords(saved);
    return saved;
  }

  /** The engine fails every batch with the poison in it, and says so as engines do that join waiting tasks. */
  function poison(key: string, options: { document?: string; code?: string } = {}) {
    stack.faults.failTask('upsert', {
      when: (documents) => documents.some((document) => document.key === key),
      together: true,
      times: Infinity,
      ...options,
    });
  }

  it('that the engine does not name is found by halves, alone; all others are indexed', async () => {
    const saved = await save(40);
    const bad = films().keyOf(saved[17]!);
    poison(bad);
    const backend = hooked(stack.backend, {});
    const sender = senderOf({ ...given(), backend });
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    });
    const rows = await rowsOf(stack.dataSource);
    expect(rows).toMatchObject([
      { record_key: bad, error_class: 'backend_rejected:invalid_document_fields', attempts: 2, piece: 0 },
    ]);
    expect(await titles()).toHaveLength(39);
    expect(await isIsolating()).toBe(false);
    // It stands alone after six halvings or so, and not after trying each document by itself.
    expect(backend.writes.length).toBeLessThan(25);
    await sender.close();
  });

  it('that the engine names goes first and alone, and is given up at once', async () => {
    const saved = await save(20);
    const bad = films().keyOf(saved[11]!);
    poison(bad, { document: bad });
    const backend = hooked(stack.backend, {});
    const sender = senderOf({ ...given(), backend });
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    });
    expect(backend.writes.map((keys) => keys.length)).toEqual([20, 1, 19]);
    expect(backend.writes[1]).toEqual([bad]);
    expect(await rowsOf(stack.dataSource)).toMatchObject([{ record_key: bad, attempts: 1 }]);
    expect(await isIsolating()).toBe(false);
    await sender.close();
  });

  it('two of them, and a removal among the suspects', async () => {
    const saved = await save(16);
    const bad = [films().keyOf(saved[3]!), films().keyOf(saved[12]!)].sort();
    await films().syncKeys([888_888]);
    stack.faults.failTask('upsert', {
      when: (documents) => documents.some(({ key }) => bad.includes(key)),
      together: true,
      times: Infinity,
    });
    const sender = senderOf(given());
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    });
    expect((await rowsOf(stack.dataSource)).map(({ record_key }) => record_key).sort()).toEqual(bad);
    expect(await isIsolating()).toBe(false);
    await sender.close();
  });

  it('while it is looked for, one task is in flight across senders, and healthy rows still get there', async () => {
    const saved = await save(24);
    const bad = films().keyOf(saved[5]!);
    poison(bad);
    let most = 0;
    let isolatingSince = false;
    const backend = hooked(stack.backend, {
      sending: async () => {
        if (!isolatingSince) return;
        const accepted = (await rowsOf(stack.dataSource)).filter(({ state }) => state === 'backend_accepted');
        const tasks = [...new Set(accepted.map(({ tasks }) => tasks!))].flatMap((text) => parseTasks(text).tasks);
        const outcomes = await stack.backend.outcomes(tasks);
        most = Math.max(most, outcomes.filter(({ status }) => !isTerminal(status)).length + 1);
      },
    });
    const senders = [0, 1, 2].map(() => senderOf({ ...given(), backend }));
    await senders[0]!.drain(EVERYTHING);
    await senders[0]!.settler.settle(500);
    expect(await isIsolating()).toBe(true);
    isolatingSince = true;
    const late = await repository().save({ title: 'Came later' });
    await films().syncRecord(late);
    await Promise.all(
      senders.map((sender) =>
        until(async () => {
          await sender.drain(EVERYTHING).catch(() => undefined);
          await sender.settler.settle(50);
          return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
        }),
      ),
    );
    expect(most).toBe(1);
    expect((await rowsOf(stack.dataSource)).map(({ record_key }) => record_key)).toEqual([bad]);
    expect(await titles()).toContain(films().keyOf(late));
    for (const sender of senders) await sender.close();
  });

  it('what was sent before the isolation began is waited for: it must not count as failed alone', async () => {
    const [first] = await save(1);
    const sender = senderOf(given());
    stack.faults.stall('upsert');
    await sender.drain(EVERYTHING);
    await stack.dataSource.query('UPDATE scrypath_index SET isolating = 1');
    const [second] = await save(1);
    expect(await sender.drain(EVERYTHING)).toMatchObject({ waiting: true, sent: 0 });
    await stack.faults.release();
    await until(async () => (await sender.drain(EVERYTHING)).sent > 0);
    await drainAll(sender, stack.dataSource);
    expect(await titles()).toEqual(expect.arrayContaining([first, second].map((film) => films().keyOf(film!))));
    await sender.close();
  });

  it('an engine that fails for a document of somebody else discards none of ours', async () => {
    const saved = await save(4);
    stack.faults.failTask('upsert', { times: 3, document: 'not-one-of-ours' });
    const sender = senderOf(given());
    await drainAll(sender, stack.dataSource);
    expect(await titles()).toEqual(expect.arrayContaining(saved.map((film) => films().keyOf(film))));
    expect(await isIsolating()).toBe(false);
    await sender.close();
  });

  it('a failure of the engine itself never discards and counts for nobody', async () => {
    await save(3);
    stack.faults.failTask('upsert', { code: 'no_space_left_on_device', kind: 'engine', times: 12 });
    const sender = senderOf({ ...given(), maxAttempts: 2 });
    let failures = 0;
    await until(async () => {
      await sender.drain(EVERYTHING);
      const { retrying } = await sender.settler.settle(200);
      if (retrying > 0) failures += 1;
      const rows = await rowsOf(stack.dataSource);
      for (const { attempts, state } of rows) {
        expect(state).not.toBe('discarded');
        expect(Number(attempts)).toBe(0);
      }
      return rows.length === 0;
    });
    expect(failures).toBe(12);
    expect(await isIsolating()).toBe(false);
    await sender.close();
  });

  it('an engine that fails inside for one document gives it up after its attempts, alone', async () => {
    const saved = await save(5);
    const bad = films().keyOf(saved[2]!);
    stack.faults.failTask('upsert', {
      when: (documents) => documents.some(({ key }) => key === bad),
      code: 'internal',
      kind: 'engine',
      times: Infinity,
    });
    const sender = senderOf({ ...given(), maxAttempts: 3 });
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    });
    expect(await rowsOf(stack.dataSource)).toMatchObject([
      { record_key: bad, attempts: 3, error_class: 'attempts_exhausted:internal' },
    ]);
    await sender.close();
  });

  it('a record that the application cannot load or project is listed, and keeps nobody else back', async () => {
    const saved = await save(6);
    const [load, project] = await repository().save([{ title: 'No load' }, { title: 'No projection' }]);
    await films().syncKeys([load!.id, project!.id]);
    Object.assign(whims, { failsToLoad: 'No load', failsToProject: 'No projection' });
    const sender = senderOf(given());
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      return (await rowsOf(stack.dataSource)).every(({ state }) => state === 'discarded');
    });
    Object.assign(whims, { failsToLoad: '', failsToProject: '' });
    const rows = await rowsOf(stack.dataSource);
    expect(rows.map(({ record_key }) => record_key).sort()).toEqual(
      [load, project].map((film) => String(film!.id)).sort(),
    );
    for (const { error_class } of rows) expect(error_class).toMatch(/^validation/);
    expect(await titles()).toEqual(expect.arrayContaining(saved.map((film) => films().keyOf(film))));
    await sender.close();
  });
});
