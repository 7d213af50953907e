import { parseArgs } from 'node:util';
import { tortureHistories } from './histories';
import { tortureProcesses } from './processes';
import { tortureReindex } from './reindex';
import type { Tally, TortureOptions } from './tally';

const PARTS: Readonly<Record<string, (options: TortureOptions) => Promise<Tally>>> = {
  histories: tortureHistories,
  processes: tortureProcesses,
  reindex: tortureReindex,
};

const DEFAULT_SECONDS = 3_600;
const DEFAULT_RUNS = 50;

/**
 * `npm run torture` runs everything, `npm run torture processes` one part. `TORTURE_SECONDS` bounds it, `TORTURE_SEED`
 * replays it, and `--runs` says how many rebuilds are made at most: `npm run torture reindex -- --runs 5`.
 * @returns the exit code
 */
async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals: given } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { runs: { type: 'string' } },
  });
  const runs = wholeNumber('--runs', values.runs, DEFAULT_RUNS);
  const unknown = given.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(', ')}. Known: ${Object.keys(PARTS).join(', ')}.`);
    return 2;
  }
  const names = given.length > 0 ? given : Object.keys(PARTS);
  const endsAt = Date.now() + 1_000 * numberFrom('TORTURE_SECONDS', DEFAULT_SECONDS);
  const seed = numberFrom('TORTURE_SEED', Math.floor(Math.random() * 1_000_000_000));
  console.log(`seed ${seed}`);
  const tallies: Tally[] = [];
  for (const [at, name] of names.entries()) {
    const deadline = Date.now() + (endsAt - Date.now()) / (names.length - at);
    tallies.push(await PARTS[name]!({ deadline, seed, runs }));
  }
  for (const kind of ['histories', 'reindexes'] as const) {
    const own = tallies.filter((tally) => tally.of === kind);
    const sum = (what: 'count' | 'lost' | 'stale' | 'ghosts') => own.reduce((n, tally) => n + tally[what], 0);
    const line = `${kind} ${sum('count')}, lost ${sum('lost')}, stale ${sum('stale')}, ghosts ${sum('ghosts')}`;
    if (own.length > 0) console.log(line);
  }
  const isWell = ({ count, lost, stale, ghosts, failed }: Tally) => count > 0 && lost + stale + ghosts + failed === 0;
  return tallies.every(isWell) ? 0 : 1;
}

const numberFrom = (variable: string, byDefault: number): number =>
  wholeNumber(variable, process.env[variable], byDefault);

function wholeNumber(name: string, given: string | undefined, byDefault: number): number {
  if (given === undefined || given === '') return byDefault;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number.`);
  return value;
}

run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
