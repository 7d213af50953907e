import type { ServerName } from '../processes/database';
import { EngineProcess } from '../processes/engine-process';
import { play, type ScenarioResult } from '../processes/scenario';
import {
  cutConnections,
  freezeSends,
  freezeWorkers,
  killWorkers,
  killWriters,
  replaceWorkers,
  spoilRequests,
  stopEngine,
  type Trouble,
} from '../processes/troubles';
import { ADDRESSES, probe } from '../stacks/reachable';
import type { Tally, TortureOptions } from './tally';

/** Each scenario, how often its trouble is made at most, and about how many seconds that takes. */
const SCENARIOS: readonly (readonly [string, Trouble, number, number])[] = [
  ['workers killed', killWorkers, 100, 200],
  ['workers frozen', freezeWorkers, 20, 80],
  ['sends frozen', freezeSends, 8, 80],
  ['connections cut', cutConnections, 100, 80],
  ['requests spoiled', spoilRequests, 500, 80],
  ['engine stopped', stopEngine, 60, 90],
  ['writers killed', killWriters, 30, 80],
  ['workers replaced', replaceWorkers, 30, 80],
];

const SERVERS: readonly ServerName[] = ['postgres', 'mariadb'];

/** Real processes, databases and a real engine, and what happens to them in the field. Prints a table. */
export async function tortureProcesses({ deadline, seed }: TortureOptions): Promise<Tally> {
  const results: ScenarioResult[] = [];
  const engine = await EngineProcess.start();
  if (engine === null) {
    console.log('processes: skipped, no program meilisearch is on the PATH');
    return { count: 0, of: 'histories', lost: 0, stale: 0, ghosts: 0, failed: 0 };
  }
  try {
    const runs = await plannedRuns();
    for (const [at, { name, server, trouble, times, weight }] of runs.entries()) {
      if (Date.now() > deadline) break;
      const share = weight / runs.slice(at).reduce((sum, run) => sum + run.weight, 0);
      const until = Date.now() + (deadline - Date.now()) * share;
      const result = await play({ name, server, engine, seed: seed + at, until, troubles: [[trouble, times]] });
      if (at === 0) console.log(HEAD);
      console.log(rowOf(result));
      for (const line of [...result.errors, ...result.examples]) console.log(`  ${line}`);
      results.push(result);
    }
  } finally {
    await engine.close();
  }
  const sum = (of: 'lost' | 'stale' | 'ghosts' | 'failed' | 'crashes') =>
    results.reduce((n, result) => n + result[of], 0);
  return {
    count: results.length,
    of: 'histories',
    lost: sum('lost'),
    stale: sum('stale'),
    ghosts: sum('ghosts'),
    failed: sum('failed') + sum('crashes'),
  };
}

/** Every scenario on every database that is there. */
async function plannedRuns() {
  const servers: ServerName[] = [];
  for (const server of SERVERS) {
    const found = await probe(ADDRESSES[server]);
    if (found.there) servers.push(server);
    else console.log(`processes on ${server}: skipped, ${found.reason}`);
  }
  return SCENARIOS.flatMap(([name, trouble, times, weight]) =>
    servers.map((server) => ({ name, server, trouble, times, weight })),
  );
}

const COLUMNS: readonly (readonly [string, number, (result: ScenarioResult) => string | number])[] = [
  ['scenario', 18, ({ name }) => name],
  ['database', 9, ({ server }) => server],
  ['seed', 10, ({ seed }) => seed],
  ['saves', 7, ({ saves }) => saves],
  ['failed', 7, ({ failed }) => failed],
  ['crashes', 8, ({ crashes }) => crashes],
  ['repeated', 9, ({ repeated }) => repeated],
  ['faults', 7, ({ faults }) => faults],
  ['documents', 10, ({ documents }) => documents],
  ['lost', 5, ({ lost }) => lost],
  ['stale', 6, ({ stale }) => stale],
  ['ghosts', 7, ({ ghosts }) => ghosts],
  ['seconds', 8, ({ seconds }) => seconds],
];

const line = (cell: (column: (typeof COLUMNS)[number]) => string) =>
  COLUMNS.map((column, at) => (at < 2 ? cell(column).padEnd(column[1]) : cell(column).padStart(column[1]))).join(' ');
const HEAD = line(([name]) => name);
const rowOf = (result: ScenarioResult) => line(([, , of]) => String(of(result)));
