import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { backfillBench } from './backfill.js';
import { captureBench } from './capture.js';
import { cliBench } from './cli.js';
import { embeddedBench } from './embedded.js';
import { isShort, lineOf, type Outcome } from './figure.js';
import { memoryBench } from './memory.js';
import { operatorBench } from './operator.js';
import { outboxBench } from './outbox.js';
import { projectionBench } from './projection.js';
import { queryBench } from './query.js';
import { reindexBench } from './reindex.js';
import { searchBench } from './search.js';
import { syncBench } from './sync.js';
import { telemetryBench } from './telemetry.js';
import { triggersBench } from './triggers.js';
import { verifyBench } from './verify.js';

const BENCHES: Readonly<Record<string, () => Promise<readonly Outcome[]>>> = {
  search: searchBench,
  projection: projectionBench,
  query: queryBench,
  sync: syncBench,
  embedded: embeddedBench,
  capture: captureBench,
  outbox: outboxBench,
  triggers: triggersBench,
  backfill: backfillBench,
  memory: memoryBench,
  reindex: reindexBench,
  verify: verifyBench,
  operator: operatorBench,
  cli: cliBench,
  telemetry: telemetryBench,
};

const STRICT = '--strict';

/**
 * `npm run bench` measures everything, `npm run bench search` one subject. A figure short of its target is no failure,
 * unless `--strict` is given: a busy machine is not a broken program.
 * @returns the exit code
 */
async function run(args: readonly string[]): Promise<number> {
  const strict = args.includes(STRICT);
  const given = args.filter((arg) => arg !== STRICT);
  const unknown = given.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(', ')}. Known: ${Object.keys(BENCHES).join(', ')}, ${STRICT}.`);
    return 2;
  }
  const names = given.length > 0 ? given : Object.keys(BENCHES);
  if (names.length > 1) return Math.max(...names.map((name) => runApart(name, strict)));
  const outcomes = await BENCHES[names[0]!]!();
  for (const outcome of outcomes) console.log(lineOf(outcome));
  return strict && outcomes.some(isShort) ? 1 : 0;
}

/** In a process of its own: what one subject leaves on the heap and in the compiler would count against the next. */
function runApart(name: string, strict: boolean): number {
  const args = [...process.execArgv, __filename, name, ...(strict ? [STRICT] : [])];
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
