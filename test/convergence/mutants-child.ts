import type { DatabaseName } from '../stacks/reachable';
import type { Change, Mutant } from './mutants';

type Changed = Change & { applied?: boolean };
type WithChanges = NodeJS.Process & { scrypathChanges?: readonly Changed[] };

/** Plays each mutant's scenario in this process, all of the source read anew, and says how it ended: a line of JSON each. */
async function main(database: DatabaseName): Promise<void> {
  const { MUTANTS, playedOn } = require('./mutants') as typeof import('./mutants');
  for (const [at, mutant] of MUTANTS.entries()) {
    if (!playedOn(mutant, at).includes(database)) continue;
    const ending = await playMutant(mutant, database).catch((error: unknown) => ({ error: String(error) }));
    process.stdout.write(`${JSON.stringify({ at, ending })}\n`);
  }
}

async function playMutant({ changes, scenario }: Mutant, database: DatabaseName) {
  const changed: readonly Changed[] = changes.map((change) => ({ ...change }));
  (process as WithChanges).scrypathChanges = changed;
  for (const file of Object.keys(require.cache))
    if (/\/(src|test\/convergence|test\/stacks)\/.*\.ts$/.test(file)) delete require.cache[file];
  const { World } = require('./world') as typeof import('./world');
  const { play, SCENARIOS } = require('./scenarios') as typeof import('./scenarios');
  const applied = changed.every((change) => change.applied);
  if (!applied) throw new Error('A change was not made.');
  const world = await World.open(database, { capture: 'orm' });
  try {
    return await play(world, SCENARIOS.find(({ name }) => name === scenario)!);
  } finally {
    await world.close();
  }
}

main(process.argv[2] as DatabaseName).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
