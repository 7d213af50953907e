import type { QueryRunner } from 'typeorm';
import { DATABASES, reachable } from '../stacks/reachable';
import { Book, Chapter } from './library';
import { World } from './world';

const RIGHT = { lost: [], stale: [], ghosts: [], waiting: 0, wronglyListed: [] };
const ALL = { kind: 'due', limit: 100, fewerShards: false } as const;

describe.each(DATABASES)('orders of writes, commits and sends [%s]', (database) => {
  const part = reachable().databases[database];
  if (!part.there) {
    it.skip(`skipped: ${part.reason}`, () => undefined);
    return;
  }
  let world: World;
  let runners: QueryRunner[] = [];
  beforeAll(async () => {
    world = await World.open(database, { capture: 'orm' });
  });
  afterAll(() => world?.close());
  beforeEach(() => world.reset());
  afterEach(async () => {
    for (const runner of runners) await runner.release();
    runners = [];
  });

  const put = (code: string, title: string) => world.dataSource.manager.save(Book, { code, title, year: 2000 });
  const opened = async () => {
    const runner = world.dataSource.createQueryRunner();
    runners.push(runner);
    await runner.startTransaction();
    return runner;
  };
  /** What the index holds after everything that can be seen was sent. */
  const sendAll = async () => {
    const process = await world.process();
    process.gate.open();
    await process.sender.drain(ALL);
    await world.engine.idle();
    await process.sender.settler.settle(0);
    await process.end();
    return world.engine.contents(world.metadata.indexName);
  };

  it('a key that is deleted and made again between two sends is written once, as it is now', async () => {
    await put('a', 'one');
    await sendAll();
    await world.dataSource.manager.delete(Book, { code: 'a' });
    await put('a', 'two');
    expect((await sendAll()).get('a')).toContain('title:"two"');
    expect(await world.conclude()).toEqual(RIGHT);
  });

  it('a key that is made and deleted again between two sends is not there', async () => {
    await put('a', 'one');
    await world.dataSource.manager.delete(Book, { code: 'a' });
    expect([...(await sendAll()).keys()]).toEqual([]);
    expect(await world.conclude()).toEqual(RIGHT);
  });

  it('a delete overtakes the update in front of it', async () => {
    await put('a', 'one');
    const slow = await world.process();
    slow.begin('send', () => slow.sender.drain(ALL));
    await slow.goUntil('request');
    await world.dataSource.manager.delete(Book, { code: 'a' });
    const fast = await world.process();
    fast.begin('send', () => fast.sender.drain(ALL));
    await fast.goOn();
    await slow.goOn();
    expect(await world.conclude()).toEqual(RIGHT);
    expect([...(await world.engine.contents(world.metadata.indexName)).keys()]).toEqual([]);
  });

  if (database !== 'sqlite') {
    it('two transactions on two children of one parent, a send between their commits', async () => {
      await put('a', 'one');
      await sendAll();
      const [first, second] = [await opened(), await opened()];
      await first.manager.save(Chapter, { id: 1, label: 'first', bookCode: 'a' });
      await second.manager.save(Chapter, { id: 2, label: 'second', bookCode: 'a' });
      await first.commitTransaction();
      expect((await sendAll()).get('a')).toContain('chapters:[{label:"first"}]');
      await second.commitTransaction();
      expect((await sendAll()).get('a')).toContain('chapters:[{label:"first"},{label:"second"}]');
      expect(await world.conclude()).toEqual(RIGHT);
    });

    it('rows are committed in another order than that of their ids', async () => {
      const [early, late] = [await opened(), await opened()];
      await early.manager.insert(Book, { code: 'a', title: 'one', year: 2000 });
      await late.manager.insert(Book, { code: 'b', title: 'one', year: 2000 });
      await late.commitTransaction();
      expect([...(await sendAll()).keys()]).toEqual(['b']);
      await early.commitTransaction();
      expect([...(await sendAll()).keys()].sort()).toEqual(['a', 'b']);
      expect(await world.conclude()).toEqual(RIGHT);
    });
  } else {
    it('two children of one parent, a send between their writes', async () => {
      await put('a', 'one');
      await world.dataSource.manager.save(Chapter, { id: 1, label: 'first', bookCode: 'a' });
      expect((await sendAll()).get('a')).toContain('chapters:[{label:"first"}]');
      await world.dataSource.manager.save(Chapter, { id: 2, label: 'second', bookCode: 'a' });
      expect((await sendAll()).get('a')).toContain('chapters:[{label:"first"},{label:"second"}]');
      expect(await world.conclude()).toEqual(RIGHT);
    });
  }
});
