import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Scrypath } from 'scrypath';
import { onEveryStack } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, rowsOf, STEADY, until } from './senders';

onEveryStack('an index that was replaced behind our back', ({ use }) => {
  const prefix = aPrefix();
  const index = `${prefix}_films`;
  const told: string[] = [];
  const logger = {
    warn: (message: string) => void told.push(`warn ${message}`),
    error: (message: string) => void told.push(`error ${message}`),
  };
  const stack = use([Film, Note], { sync: { mode: 'queued' }, outbox: STEADY, prefix, logger });
  const films = () => stack.for(Film);
  const repository = () => stack.dataSource.getRepository(Film);
  const found = async (text: string) => (await films().search(text)).hits.length;
  const done = async (task: { id: number; index: string }) => {
    const [outcome] = await stack.backend.outcomes([task], { waitMs: 10_000 });
    expect(outcome!.status).toBe('succeeded');
  };
  const published: unknown[] = [];
  const listener = (message: unknown) => void published.push(message);
  const replacedTold = () => told.filter((line) => line.startsWith('error') && line.includes(index));

  beforeEach(() => {
    subscribe('scrypath:index:replaced', listener);
    told.length = 0;
    published.length = 0;
  });
  afterEach(async () => {
    unsubscribe('scrypath:index:replaced', listener);
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
    await stack.dataSource.query('DELETE FROM film');
    if ((await stack.backend.indexes.get(index)) === null) await done(await stack.backend.indexes.create(index));
    await films().adoptIndex();
  });

  /** What is there afterwards must be told from what was there; a clock of seconds would not tell. */
  const aMoment = () => new Promise((resolve) => setTimeout(resolve, 1_100));

  async function makeOther(how: 'dropped' | 'made anew' | 'swapped') {
    await aMoment();
    if (how === 'swapped') {
      await done(await stack.backend.indexes.create(`${index}_other`));
      await done(await stack.backend.indexes.swap(index, `${index}_other`));
      await done(await stack.backend.indexes.drop(`${index}_other`));
      return;
    }
    await done(await stack.backend.indexes.drop(index));
    if (how === 'made anew') await done(await stack.backend.indexes.create(index));
  }

  for (const how of ['dropped', 'made anew', 'swapped'] as const)
    it(`${how}: nothing is sent, rows stay, it is told once; adopted and marked dirty, it converges`, async () => {
      const early = await repository().save({ title: 'Early kettle' });
      await films().syncRecord(early, { mode: 'inline' });
      await makeOther(how);
      const worker = stack.scrypath.worker({ pollMs: 50 });
      await worker.start();
      const late = await repository().save({ title: 'Late kettle' });
      const { token } = await films().syncRecord(late);
      await until(() => published.length > 0);
      for (const mode of ['inline', 'manual'] as const)
        await expect(films().syncRecord(late, { mode })).rejects.toMatchObject({ code: 'INDEX_REPLACED', index });
      // Work for other indexes goes on.
      const note = await stack.dataSource.getRepository(Note).save({ text: 'Other' });
      expect(await stack.for(Note).syncRecord(note, { mode: 'inline' })).toMatchObject({ status: 'completed' });
      expect(published).toEqual([{ index }]);
      expect(replacedTold()).toHaveLength(1);
      for (const { state, entity } of await rowsOf(stack.dataSource))
        expect([entity, state]).toEqual(['Film', 'enqueued']);
      if (how === 'dropped') {
        expect(await stack.backend.indexes.get(index)).toBeNull();
        await expect(films().adoptIndex()).rejects.toMatchObject({ code: 'INDEX_NOT_FOUND' });
        await done(await stack.backend.indexes.create(index));
      } else expect(await found('kettle')).toBe(0);
      await films().adoptIndex();
      // At once, and without another alarm.
      await films().syncKeys([early.id], { mode: 'inline' });
      await stack.scrypath.waitForCompletion(token!, { timeoutMs: 15_000 });
      expect(await found('kettle')).toBe(2);
      expect(published).toHaveLength(1);
      await worker.stop();
    });

  it('missing at start: it is created and adopted, with a warning', async () => {
    const film = await repository().save({ title: 'Restarted' });
    await films().syncRecord(film, { mode: 'inline' });
    await makeOther('dropped');
    const { dataSource, backend } = stack;
    const second = new Scrypath({
      dataSource,
      backend: { ...backend, close: async () => undefined },
      sync: { mode: 'queued' },
      outbox: STEADY,
      prefix,
      logger,
    });
    await second.start();
    expect(told.filter((line) => line.startsWith('warn') && line.includes(index))).toHaveLength(1);
    await second.for(Film).syncKeys([film.id], { mode: 'inline' });
    expect(await found('restarted')).toBe(1);
    expect(published).toEqual([]);
    await second.close();
  });
});
