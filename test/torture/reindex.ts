import { EngineProcess } from '../processes/engine-process';
import { playRebuild, type RebuildEnd, type RebuildRun, type RebuildTroubles } from '../processes/rebuild-run';
import { Scene } from '../processes/scene';
import { shopOf } from '../processes/shop';
import { randomFrom } from '../processes/writer';
import { ADDRESSES, probe } from '../stacks/reachable';
import type { Tally, TortureOptions } from './tally';

const ROWS = 110_000;
/** Writers delete more than they make: of fewer than this share of the rows, it begins with all of them again. */
const FEWEST_OF = 0.91;
/** Of which most are one write, and some are several. */
const SAVES_A_SECOND = 100;
/** Longest time for one thing that is done with a rebuild, its deaths included, in milliseconds. */
const PATIENCE_MS = 600_000;

const ENDS: readonly RebuildEnd[] = ['keep', 'rollback', 'finish', 'rollback', 'keep', 'abandon'];

const NOTHING: Tally = { count: 0, of: 'reindexes', lost: 0, stale: 0, ghosts: 0, failed: 0 };

/**
 * One rebuild after the other of an index of 100,000 rows and more on PostgreSQL and a real Meilisearch, while it is written to
 * and searched, whoever rebuilds and the workers are killed, and requests and the engine are lost. `SCRYPATH_ROWS` says how
 * many rows. A rebuild is told of with its seed; with that as `TORTURE_SEED` and `--runs 1` it is planned so again.
 */
export async function tortureReindex({ deadline, seed, runs }: TortureOptions): Promise<Tally> {
  const database = await probe(ADDRESSES.postgres);
  const engine = database.there ? await EngineProcess.start() : null;
  if (engine === null) {
    console.log(`reindex: skipped, ${database.there ? 'no program meilisearch is on the PATH' : database.reason}`);
    return NOTHING;
  }
  const size = shopOf(Number(process.env.SCRYPATH_ROWS ?? ROWS));
  let tally = NOTHING;
  let scene: Scene | null = null;
  console.log(HEAD);
  try {
    for (let at = 0; at < runs && Date.now() < deadline; at += 1) {
      if (scene !== null && (await scene.rows()) < FEWEST_OF * size.products) {
        await scene.close();
        scene = null;
      }
      scene ??= await Scene.open('postgres', engine, { size, shortTimes: true });
      const run = await one(scene, seed + 100 * at);
      console.log(rowOf(run));
      for (const line of [...run.errors, ...run.examples]) console.log(`  ${line}`);
      const isWell = run.lost + run.stale + run.ghosts + run.failed === 0;
      tally = {
        ...tally,
        count: tally.count + 1,
        lost: tally.lost + run.lost,
        stale: tally.stale + run.stale,
        ghosts: tally.ghosts + run.ghosts,
        failed: tally.failed + run.failed,
      };
      if (isWell) continue;
      // What one has left must not be the next one's.
      await scene.close();
      scene = null;
    }
  } finally {
    await scene?.close();
    await engine.close();
  }
  return tally;
}

async function one(scene: Scene, seed: number): Promise<RebuildRun> {
  const random = randomFrom(seed);
  const troubles: RebuildTroubles = {
    kills: Math.floor(random() * 4),
    workersLiveMs: random() < 0.7 ? 15_000 : 0,
    spoiled: random() < 0.7 ? 0.04 : 0,
    stopsEngine: random() < 0.3,
  };
  const end = ENDS[Math.floor(random() * ENDS.length)]!;
  const startedAt = Date.now();
  try {
    return await playRebuild({ scene, seed, troubles, end, patienceMs: PATIENCE_MS, perSecond: SAVES_A_SECOND });
  } catch (error) {
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    return { ...UNFINISHED, seed, end, seconds, errors: [String(error)] };
  }
}

const UNFINISHED: Omit<RebuildRun, 'seed' | 'end' | 'seconds' | 'errors'> = {
  ...{
    saves: 0,
    writes: 0,
    writesASecond: 0,
    failed: 1,
    kills: 0,
    faults: 0,
    searches: 0,
    repaired: 0,
    replayed: 0,
    documents: 0,
  },
  ...{ lost: 0, stale: 0, ghosts: 0, examples: [] },
};

const COLUMNS = [
  ['seed', 10],
  ['end', 8],
  ['writes', 6],
  ['writesASecond', 13],
  ['failed', 6],
  ['kills', 5],
  ['faults', 6],
  ['searches', 8],
  ['replayed', 8],
  ['repaired', 8],
  ['documents', 9],
  ['lost', 4],
  ['stale', 5],
  ['ghosts', 6],
  ['seconds', 7],
] as const satisfies readonly (readonly [keyof RebuildRun, number])[];

const HEAD = COLUMNS.map(([name, width]) => name.padStart(width)).join(' ');
const rowOf = (run: RebuildRun) => COLUMNS.map(([name, width]) => String(run[name]).padStart(width)).join(' ');
