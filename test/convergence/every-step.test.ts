import { DATABASES, reachable } from '../stacks/reachable';
import { IS_WHOLE_RUN } from '../stacks/whole-run';
import { Author, Book } from './library';
import { backfillIn, changeRebuildIn, rebuildIn } from './rebuilding';
import type { SendingProcess } from './sending-process';
import { type Afterwards, isConverged, World } from './world';

/** More than any of the works below has. */
const MOST_STEPS = 60;
const MOST_STEPS_OF_FILLING = 400;

/** From one step at which somebody is killed to the next. A process with connections of its own takes its time to start. */
const APART = IS_WHOLE_RUN
  ? { works: { sqlite: 1, others: 1 }, fillings: { sqlite: 1, others: 1 } }
  : { works: { sqlite: 1, others: 7 }, fillings: { sqlite: 5, others: 47 } };

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

/** The same for who fills and exchanges indexes: what is there before, the work, and what the next one does of it. */
const FILLINGS: readonly {
  readonly title: string;
  readonly before: (process: SendingProcess) => Promise<unknown>;
  readonly work: Work;
  readonly after: Afterwards;
}[] = [
  {
    title: 'a rebuild, resumed',
    before: async () => undefined,
    work: (process) => rebuildIn(process, {}),
    after: 'resume',
  },
  {
    title: 'a rebuild, resumed and rolled back',
    before: async () => undefined,
    work: (process) => rebuildIn(process, { batchSize: 2 }),
    after: 'rollback',
  },
  {
    title: 'a rebuild, abandoned where it may be',
    before: async () => undefined,
    work: (process) => rebuildIn(process, {}),
    after: 'abandon',
  },
  {
    title: 'a rollback',
    before: (process) => rebuildIn(process, {}),
    work: (process) => changeRebuildIn(process, 'rollback'),
    after: 'rollback',
  },
  {
    title: 'the end of a rebuild',
    before: (process) => rebuildIn(process, {}),
    work: (process) => changeRebuildIn(process, 'finish'),
    after: 'finish',
  },
  {
    title: 'a backfill of the live index',
    before: async () => undefined,
    work: (process) => backfillIn(process, 2),
    after: 'leave',
  },
];

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
      for (; step <= MOST_STEPS; step += APART.works[database === 'sqlite' ? 'sqlite' : 'others']) {
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
    IS_WHOLE_RUN ? 3_600_000 : 60_000,
  );

  it.each(FILLINGS)(
    '$title',
    async ({ before, work, after }) => {
      let step = 1;
      for (; step <= MOST_STEPS_OF_FILLING; step += APART.fillings[database === 'sqlite' ? 'sqlite' : 'others']) {
        await begin();
        const first = await world.process();
        first.gate.open();
        first.begin('rebuild', () => before(first));
        await first.over();
        await first.end();
        const process = await world.process();
        process.gate.diesAt = step;
        process.gate.open();
        process.begin('rebuild', () => work(process, world));
        // Somebody writes and sends beside it.
        await world.dataSource.manager.update(Book, { code: 'c' }, { title: `beside step ${step}` });
        await process.over();
        const died = process.gate.isDead;
        await process.kill();
        await world.dataSource.manager.update(Book, { code: 'a' }, { title: `behind step ${step}` });
        const ending = await world.conclude(after);
        if (!isConverged(ending)) throw new Error(`Killed at step ${step}: ${JSON.stringify(ending)}`);
        if (!died) break;
      }
      expect(step).toBeGreaterThan(10);
      expect(step).toBeLessThan(MOST_STEPS_OF_FILLING);
    },
    IS_WHOLE_RUN ? 3_600_000 : 120_000,
  );
});
