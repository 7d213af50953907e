import { tortureHistories } from './histories';
import { tortureProcesses } from './processes';
import type { Tally, TortureOptions } from './tally';

const PARTS: Readonly<Record<string, (options: TortureOptions) => Promise<Tally>>> = {
  histories: tortureHistories,
  processes: tortureProcesses,
};

const DEFAULT_SECONDS = 3_600;

/**
 * `npm run torture` runs everything, `npm run torture processes` one part. `TORTURE_SECONDS` bounds it, `TORTURE_SEED`
 * replays it.
 * @returns the exit code
 */
async function run(given: readonly string[]): Promise<number> {
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
    tallies.push(await PARTS[name]!({ deadline, seed }));
  }
  const sum = (of: keyof Tally) => tallies.reduce((n, tally) => n + (tally[of] ?? 0), 0);
  const [histories, lost, stale, ghosts] = (['histories', 'lost', 'stale', 'ghosts'] as const).map(sum);
  console.log(`histories ${histories}, lost ${lost}, stale ${stale}, ghosts ${ghosts}`);
  return lost! + stale! + ghosts! + sum('failed') > 0 || histories === 0 ? 1 : 0;
}

function numberFrom(variable: string, byDefault: number): number {
  const given = process.env[variable];
  if (given === undefined || given === '') return byDefault;
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${variable} must be a whole number.`);
  return value;
}

run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
