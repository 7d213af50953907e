import { DATABASES, reachable } from '../stacks/reachable';
import { Author, Book } from './library';
import type { SendingProcess } from './sending-process';
import { isConverged, World } from './world';

/** More than any of the works below has. */
const MOST_STEPS = 60;

type Work = (process: SendingProcess, world: World) => Promise<unknown>;

/** What somebody may be doing when he is killed. */
const WORKS: Readonly<Record<string, Work>> = {
  'a worker that sends and asks': async ({ sender }) => {
    await sender.drain({ kind: 'due', limit: 100, fewerShards: false });
    await sender.settler.settle(0);
  },
  'somebody who takes over what others have sent': async ({ sender }) => {
    await sender.settler.adopt();
    await sender.settler.settle(0);
  },
  'a verb that sends and waits': (process, world) => world.markAndSend(process, 'a', 'inline'),
};

describe.each(DATABASES)('killed at every step [%s]', (database) => {
  const part = reachable().databases[database];
  if (!part.there) {
    it.skip(`skipped: ${part.reason}`, () => undefined);
    return;
  }
  let world: World;
  beforeAll(async () => {
    world = await World.open(database, { capture: 'orm' });
  });
  afterAll(() => world?.close());

  /** Rows of every kind: to write, to remove, accepted by the engine, and of a dependency. */
  const begin = async () => {
    await world.reset();
    const { manager } = world.dataSource;
    const before = await world.process();
    before.gate.open();
    await manager.save(Author, { id: 1, name: 'one' });
    for (const code of ['a', 'b', 'c']) await manager.save(Book, { code, title: 'one', year: 2000, authorId: 1 });
    await before.sender.drain({ kind: 'due', limit: 100, fewerShards: false });
    await before.end();
    await manager.update(Book, { code: 'a' }, { title: 'two' });
    await manager.delete(Book, { code: 'b' });
    await manager.update(Author, { id: 1 }, { name: 'two' });
    // Rows whose sender is gone may be taken over.
    await world.pass(20_000);
  };

  it.each(Object.entries(WORKS))(
    '%s',
    async (_, work) => {
      let step = 1;
      // A process with connections of its own takes its time to start.
      for (; step <= MOST_STEPS; step += database === 'sqlite' ? 1 : 5) {
        await begin();
        const process = await world.process();
        process.gate.diesAt = step;
        process.gate.open();
        process.begin('send', () => work(process, world));
        await process.over();
        const died = process.gate.isDead;
        await process.kill();
        await world.dataSource.manager.update(Book, { code: 'c' }, { title: `behind step ${step}` });
        const ending = await world.conclude();
        if (!isConverged(ending)) throw new Error(`Killed at step ${step}: ${JSON.stringify(ending)}`);
        if (!died) break;
      }
      // It has come to its own end: its last steps were tried too.
      expect(step).toBeGreaterThan(3);
      expect(step).toBeLessThan(MOST_STEPS);
    },
    60_000,
  );
});
