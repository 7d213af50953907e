import fc from 'fast-check';
import { histories, type RebuildHistory, rebuildHistories, runRebuildHistory } from '../convergence/history';
import { type Ending, isConverged, World } from '../convergence/world';
import setUp, { stopMeilisearch } from '../stacks/global-setup';
import { type DatabaseName, reachable } from '../stacks/reachable';
import type { Tally, TortureOptions } from './tally';

interface Stack {
  readonly database: DatabaseName;
  readonly capture: 'orm' | 'triggers';
  readonly engine: 'embedded' | 'meilisearch';
  /** With or without rebuilds. */
  readonly kind: 'writes' | 'rebuilds';
  readonly histories: number;
}

const STACKS: readonly Stack[] = [
  { database: 'sqlite', capture: 'orm', engine: 'embedded', kind: 'writes', histories: 8_000 },
  { database: 'sqlite', capture: 'orm', engine: 'embedded', kind: 'rebuilds', histories: 4_000 },
  { database: 'sqlite', capture: 'triggers', engine: 'embedded', kind: 'writes', histories: 1_500 },
  { database: 'postgres', capture: 'orm', engine: 'embedded', kind: 'writes', histories: 250 },
  { database: 'postgres', capture: 'orm', engine: 'embedded', kind: 'rebuilds', histories: 400 },
  { database: 'mariadb', capture: 'orm', engine: 'embedded', kind: 'writes', histories: 250 },
  { database: 'mariadb', capture: 'orm', engine: 'embedded', kind: 'rebuilds', histories: 200 },
  { database: 'postgres', capture: 'orm', engine: 'meilisearch', kind: 'writes', histories: 400 },
  { database: 'postgres', capture: 'orm', engine: 'meilisearch', kind: 'rebuilds', histories: 100 },
  { database: 'postgres', capture: 'triggers', engine: 'meilisearch', kind: 'writes', histories: 100 },
];

const nameOf = ({ database, capture, engine, kind }: Stack) => `${database}/${capture}/${engine}/${kind}`;

const historyOf = ({ kind }: Stack, seed: number): RebuildHistory =>
  kind === 'rebuilds'
    ? fc.sample(rebuildHistories, { seed, numRuns: 1 })[0]!
    : { steps: fc.sample(histories, { seed, numRuns: 1 })[0]!, afterwards: 'leave', kills: false };

/**
 * Random histories, as test/convergence/histories.test.ts has them, by the thousand. `SCRYPATH_HISTORIES` limits their number
 * on each stack, `SCRYPATH_STACK` names one stack. A history that goes wrong is told of with its seed and its steps; it
 * happens again as the first one of that seed.
 */
export async function tortureHistories({ deadline, seed }: TortureOptions): Promise<Tally> {
  await setUp();
  const only = process.env.SCRYPATH_STACK;
  const stacks = STACKS.filter((stack) => only === undefined || only === nameOf(stack));
  const sum = { count: 0, lost: 0, stale: 0, ghosts: 0, failed: 0 };
  try {
    for (const [at, stack] of stacks.entries()) {
      // Each has its share of the time, and what those before it have left.
      const share = (deadline - Date.now()) / (stacks.length - at);
      for (const ending of await endingsOn(stack, seed, Date.now() + share)) {
        sum.count += 1;
        sum.lost += ending.lost.length;
        sum.stale += ending.stale.length;
        sum.ghosts += ending.ghosts.length;
        sum.failed += ending.waiting + ending.wronglyListed.length;
      }
    }
  } finally {
    await stopMeilisearch();
  }
  if (sum.failed > 0) console.log(`rows that nobody could finish, or that are wrongly listed: ${sum.failed}`);
  return { ...sum, of: 'histories' };
}

async function endingsOn(stack: Stack, firstSeed: number, deadline: number): Promise<readonly Ending[]> {
  const { databases, engines } = reachable();
  const parts = [databases[stack.database], engines[stack.engine]];
  const missing = parts.flatMap((part) => (part.there ? [] : [part.reason]));
  if (missing.length > 0) {
    console.log(`${nameOf(stack)}: skipped: ${missing.join('; ')}`);
    return [];
  }
  const at = stack.engine === 'meilisearch' && engines.meilisearch.there ? engines.meilisearch.at : null;
  const world = await World.open(stack.database, { capture: stack.capture, ...(at && { meilisearch: at }) });
  const wanted = Number(process.env.SCRYPATH_HISTORIES ?? stack.histories);
  const endings: Ending[] = [];
  while (endings.length < wanted && Date.now() < deadline) {
    const seed = firstSeed + endings.length;
    const history = historyOf(stack, seed);
    const ending = await runRebuildHistory(world, history, stack.capture === 'triggers').catch((error: unknown) => {
      console.log(String(error));
      return STUCK;
    });
    endings.push(ending);
    if (!isConverged(ending)) tell(stack, seed, ending, history);
  }
  console.log(`${nameOf(stack)}: ${endings.length} of ${wanted} histories from seed ${firstSeed}`);
  await world.close();
  return endings;
}

/** A history that does not come to its end is no better than rows that nobody could finish. */
const STUCK: Ending = { lost: [], stale: [], ghosts: [], wronglyListed: [], waiting: 1 };

function tell(stack: Stack, seed: number, ending: Ending, { steps, ...rest }: RebuildHistory): void {
  console.log(`TORTURE_SEED=${seed} SCRYPATH_STACK=${nameOf(stack)} SCRYPATH_HISTORIES=1: ${JSON.stringify(ending)}`);
  for (const step of steps) console.log(`  ${JSON.stringify(step)}`);
  console.log(`  ${JSON.stringify(rest)}`);
}
