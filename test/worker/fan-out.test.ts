import { append } from '../../src/outbox/append';
import type { DependencyWork } from '../../src/worker/work';
import { onEveryDatabase } from '../stacks/stack';
import { Film, Series, Studio } from './entities';
import { aPrefix, drainAll, EVERYTHING, hooked, rowsOf, STEADY, senderOf, until, workOf } from './senders';

onEveryDatabase('fan-out through the worker', ({ use }) => {
  const prefix = aPrefix();
  const stack = use([Film, Series, Studio], { sync: { mode: 'queued' }, capture: 'orm', outbox: STEADY, prefix });
  const found = async (text: string) => (await stack.for(Series).search(text)).hits.length;
  const given = () => ({ dataSource: stack.dataSource, backend: stack.backend, prefix });
  const documents = async () => (await stack.backend.indexes.stats(`${prefix}_series`)).documents;

  afterEach(async () => {
    await stack.faults.clear();
    await stack.scrypath.withoutCapture('clean', async () => {
      for (const table of ['scrypath_outbox', 'series', 'studio', 'film'])
        await stack.dataSource.query(`DELETE FROM ${table}`);
    });
    await stack.dataSource.query('UPDATE scrypath_sending SET unknown_until = 0, holder = NULL');
  });

  async function aStudio(name: string, series: number): Promise<Studio> {
    return stack.scrypath.withoutCapture('seed', async () => {
      const studio = await stack.dataSource.getRepository(Studio).save({ name });
      await stack.dataSource
        .getRepository(Series)
        .save(Array.from({ length: series }, (_, at) => ({ title: `Part ${at}`, studio })));
      return studio;
    });
  }
  const rename = (studio: Studio, name: string) =>
    stack.scrypath.track(() => stack.dataSource.getRepository(Studio).save({ ...studio, name }));

  it('a renamed owner is in every one of its documents when the token is complete', async () => {
    const studio = await aStudio('Ghibli', 30);
    const { token } = await rename(studio, 'Kettleworks');
    expect((await rowsOf(stack.dataSource)).map(({ entity }) => entity)).toEqual(['Series>studio']);
    await stack.scrypath.waitForCompletion(token!);
    expect(await rowsOf(stack.dataSource)).toEqual([]);
    expect(await documents()).toBeGreaterThanOrEqual(30);
    expect(await found('kettleworks')).toBeGreaterThan(0);
  });

  it('with a worker running, too', async () => {
    const studio = await aStudio('Mosfilm', 20);
    const worker = stack.scrypath.worker({ pollMs: 50 });
    await worker.start();
    const { token } = await rename(studio, 'Lanternworks');
    await stack.scrypath.waitForCompletion(token!);
    expect(await rowsOf(stack.dataSource)).toEqual([]);
    expect(await found('lanternworks')).toBeGreaterThan(0);
    await worker.stop();
  });

  /** The dependencies with pages of three owners. */
  function paged(pages: { after: string | null; recordKeys: readonly string[] }[]) {
    const work = workOf(stack.dataSource, prefix);
    const dependencies = new Map(
      [...work.dependencies].map(([name, dependency]) => {
        const small: DependencyWork = {
          owner: dependency.owner,
          page: async (manager, recordKey, after) => {
            const answer = await dependency.page(manager, recordKey, after, 3);
            pages.push({ after, recordKeys: answer.recordKeys });
            return answer;
          },
        };
        return [name, small] as const;
      }),
    );
    return { ...work, dependencies };
  }

  it('goes by pages, in order, each owner once, and other work goes in between', async () => {
    const studio = await aStudio('Paged', 10);
    await rename(studio, 'Turned');
    const pages: { after: string | null; recordKeys: readonly string[] }[] = [];
    const sender = senderOf({ ...given(), work: paged(pages) });
    const film = await stack.dataSource.getRepository(Film).save({ title: 'In between' });
    let filmWasThere = 0;
    await until(async () => {
      await sender.drain(EVERYTHING);
      await sender.settler.settle(200);
      const rows = await rowsOf(stack.dataSource);
      if (filmWasThere === 0 && !rows.some(({ entity }) => entity === 'Film')) filmWasThere = pages.length;
      return rows.length === 0;
    });
    expect(pages.map(({ recordKeys }) => recordKeys.length)).toEqual([3, 3, 3, 1]);
    const keys = pages.flatMap(({ recordKeys }) => recordKeys);
    expect(new Set(keys).size).toBe(10);
    expect(pages.slice(1).every(({ after }) => after !== null)).toBe(true);
    expect(filmWasThere).toBeLessThan(pages.length);
    expect(film.id).toBeDefined();
    await sender.close();
  });

  it('a death between two pages: the next sender goes on at the cursor, and nobody is left out', async () => {
    const studio = await aStudio('Dying', 8);
    const { token } = await rename(studio, 'Risen');
    const pages: { after: string | null; recordKeys: readonly string[] }[] = [];
    const first = senderOf({ ...given(), work: paged(pages) });
    await first.drain(EVERYTHING);
    await first.close();
    const heir = senderOf({ ...given(), work: paged(pages) });
    await drainAll(heir, stack.dataSource);
    expect(pages.map(({ recordKeys }) => recordKeys.length)).toEqual([3, 3, 2]);
    expect(pages[0]!.after).toBeNull();
    expect(pages[1]!.after).not.toBeNull();
    expect(new Set(pages.flatMap(({ recordKeys }) => recordKeys)).size).toBe(8);
    await stack.scrypath.waitForCompletion(token!);
    await heir.close();
  });

  it('thousands of dependencies that wait do not keep documents from being sent', async () => {
    const dependencies = Array.from({ length: 3_000 }, (_, at) => ({
      entity: 'Series>studio',
      recordKey: String(900_000 + at),
    }));
    await append(stack.dataSource.manager, dependencies, 'write');
    const film = await stack.dataSource.getRepository(Film).save({ title: 'Overtakes' });
    const backend = hooked(stack.backend, {});
    const sender = senderOf({ ...given(), backend });
    await sender.drain({ kind: 'due', limit: 500, fewerShards: false });
    expect(backend.writes).toEqual([[String(film.id)]]);
    await sender.settler.settle(2_000);
    await sender.close();
  });

  it('code of the application that cannot name the owners is listed, and keeps nobody else back', async () => {
    const studio = await aStudio('Unnameable', 2);
    await rename(studio, 'Unnamed');
    const work = workOf(stack.dataSource, prefix);
    const [[name, dependency]] = [...work.dependencies] as [[string, DependencyWork]];
    const failing: DependencyWork = {
      owner: dependency.owner,
      page: () => Promise.reject(new Error('The application cannot name them.')),
    };
    const sender = senderOf({ ...given(), work: { ...work, dependencies: new Map([[name, failing]]) } });
    const film = await stack.dataSource.getRepository(Film).save({ title: 'Not kept back' });
    await sender.drain(EVERYTHING);
    await sender.settler.settle(2_000);
    expect(await rowsOf(stack.dataSource)).toMatchObject([
      { entity: 'Series>studio', state: 'discarded', error_class: 'validation' },
    ]);
    const { items } = await stack.scrypath.failedWork();
    expect(items).toMatchObject([{ entity: 'Series', path: 'studio', key: null, reason: 'validation' }]);
    expect(await stack.scrypath.retry(items[0]!.id)).toBe(true);
    await sender.close();
    const able = senderOf(given());
    await drainAll(able, stack.dataSource);
    expect(await found('unnamed')).toBeGreaterThan(0);
    expect(film.id).toBeDefined();
    await able.close();
  });
});
