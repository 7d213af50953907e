import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASES, type DatabaseName, reachable } from '../stacks/reachable';
import { MUTANTS, playedOn } from './mutants';
import { play, SCENARIOS } from './scenarios';
import { type Ending, isConverged, World } from './world';

const ROOT = join(__dirname, '../..');

describe.each(DATABASES)('a schedule that a rule is there for [%s]', (database) => {
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

  it.each(SCENARIOS.filter(({ databases }) => databases.includes(database)))('$name', async (scenario) => {
    expect(await play(world, scenario)).toEqual({ lost: [], stale: [], ghosts: [], waiting: 0, wronglyListed: [] });
  });
});

describe('a rule switched off', () => {
  it.each(MUTANTS)('$rule: the texts to change are there once', ({ changes }) => {
    for (const { file, find } of changes)
      expect({ file, times: readFileSync(join(ROOT, file), 'utf8').split(find).length - 1 }).toEqual({
        file,
        times: 1,
      });
  });
});

describe.each(DATABASES)('without a rule a schedule goes wrong [%s]', (database) => {
  const part = reachable().databases[database];
  if (!part.there) {
    it.skip(`skipped: ${part.reason}`, () => undefined);
    return;
  }
  let endings: ReadonlyMap<number, Ending | { readonly error: string }>;
  beforeAll(async () => {
    endings = await mutantEndings(database);
  }, 120_000);

  const own = [...MUTANTS.entries()].filter(([at, mutant]) => playedOn(mutant, at).includes(database));
  it.each(own.map(([at, { rule, scenario }]) => ({ at, rule, scenario })))('$rule: $scenario', ({ at }) => {
    const ending = endings.get(at);
    expect(ending).toMatchObject({ lost: expect.any(Array) });
    expect(isConverged(ending as Ending)).toBe(false);
  });
});

/** In a process of its own, which can read the source changed. */
function mutantEndings(database: DatabaseName): Promise<ReadonlyMap<number, Ending | { readonly error: string }>> {
  return new Promise((resolve, reject) => {
    const program = ['-r', join(__dirname, '../typescript.cjs'), join(__dirname, 'mutants-child.ts'), database];
    const child = spawn(process.execPath, program, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complained += chunk.toString();
    });
    child.once('close', (code) => {
      if (code !== 0) return reject(new Error(complained));
      const lines = said.split('\n').filter((line) => line.startsWith('{"at"'));
      resolve(new Map(lines.map((line) => JSON.parse(line)).map(({ at, ending }) => [at, ending])));
    });
  });
}
