import fc from 'fast-check';
import { reachable } from '../stacks/reachable';
import { histories, type RebuildHistory, rebuildHistories, runHistory, runRebuildHistory, type Step } from './history';
import { isConverged, World } from './world';

const seed = Number(process.env.SCRYPATH_SEED ?? Math.floor(Math.random() * 2 ** 31));
const runs = (count: number) => Number(process.env.SCRYPATH_HISTORIES ?? count);

describe.each([
  ['sqlite', 'orm', 120],
  ['sqlite', 'triggers', 30],
  ['postgres', 'orm', 30],
  ['postgres', 'triggers', 10],
  ['mariadb', 'orm', 20],
] as const)('histories on %s, captured by %s', (database, capture, count) => {
  const part = reachable().databases[database];
  if (!part.there) {
    it.skip(`skipped: ${part.reason}`, () => undefined);
    return;
  }
  let world: World;
  beforeAll(async () => {
    world = await World.open(database, { capture });
  });
  afterAll(() => world?.close());

  it(`${runs(count)} of them converge (SCRYPATH_SEED=${seed})`, async () => {
    const property = fc.asyncProperty(histories, async (history: readonly Step[]) => {
      const ending = await runHistory(world, history, capture === 'triggers');
      if (!isConverged(ending)) throw new Error(JSON.stringify(ending));
    });
    await fc.assert(property, {
      seed,
      numRuns: runs(count),
      interruptAfterTimeLimit: 240_000,
      markInterruptAsFailure: true,
    });
  }, 300_000);
});

describe.each([
  ['sqlite', 'orm', 50],
  ['sqlite', 'triggers', 10],
  ['postgres', 'orm', 10],
  ['mariadb', 'orm', 6],
] as const)('histories with rebuilds on %s, captured by %s', (database, capture, count) => {
  const part = reachable().databases[database];
  if (!part.there) {
    it.skip(`skipped: ${part.reason}`, () => undefined);
    return;
  }
  let world: World;
  beforeAll(async () => {
    world = await World.open(database, { capture });
  });
  afterAll(() => world?.close());

  it(`${runs(count)} of them converge (SCRYPATH_SEED=${seed})`, async () => {
    const property = fc.asyncProperty(rebuildHistories, async (history: RebuildHistory) => {
      const ending = await runRebuildHistory(world, history, capture === 'triggers');
      if (!isConverged(ending)) throw new Error(JSON.stringify(ending));
    });
    await fc.assert(property, {
      seed,
      numRuns: runs(count),
      interruptAfterTimeLimit: 240_000,
      markInterruptAsFailure: true,
    });
  }, 300_000);
});
