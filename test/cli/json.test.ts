import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scrypath, SearchService } from 'scrypath';
import { COMMANDS } from '../../src/cli/commands';
import { JSON_VERSION } from '../../src/cli/json';
import { CASES, deploy, type Scene, sql } from '../operator/drift-cases';
import type { Thing } from '../operator/things';
import { cli } from './in-process';
import { aScene, open } from './scene';

interface Case {
  readonly command: string;
  /** Words of the entity, ids and options. */
  readonly words: (scene: Scene) => Promise<readonly string[]> | readonly string[];
  /** The verb whose return value is printed. */
  readonly verb?: (scene: Scene) => readonly [object: Scrypath | SearchService<Thing>, name: string];
  readonly code?: number;
  readonly make?: (scene: Scene) => Promise<unknown>;
  /** What of the return value is printed, where it is not all of it. */
  readonly printed?: (value: never) => unknown;
}

const discarded = async (scene: Scene) => {
  await CASES.find(({ kind }) => kind === 'discarded_work')!.make(scene);
  scene.faults.clear();
};
const differing = async (scene: Scene) => {
  await sql(scene, 'DELETE FROM thing WHERE id = 3');
  await sql(scene, `UPDATE thing SET name = 'Other' WHERE id = 8`);
};
const reindexed = (scene: Scene) => scene.things.reindex();
const ready = (scene: Scene) => scene.things.reindex({ cutover: false });
const idOfFailed = async ({ scrypath }: Scene) => [(await scrypath.failedWork()).items[0]!.id];
const entity = () => ['Thing'];
const ofInstance = (name: string) => (scene: Scene) => [scene.scrypath, name] as const;
const ofService = (name: string) => (scene: Scene) => [scene.things, name] as const;

const CASES_OF_JSON: readonly Case[] = [
  { command: 'status', words: () => [], verb: ofInstance('status') },
  { command: 'status', words: entity, verb: ofService('status'), make: discarded, code: 2 },
  { command: 'failed', words: () => [], verb: ofInstance('failedWork'), make: discarded, code: 2 },
  { command: 'failed', words: entity, verb: ofService('failedWork') },
  { command: 'drift', words: entity, verb: ofService('drift'), make: differing, code: 2 },
  { command: 'drift', words: () => [], verb: ofService('drift'), printed: (report) => [report] },
  { command: 'verify', words: entity, verb: ofService('verify'), make: differing, code: 2 },
  { command: 'reconcile', words: entity, verb: ofService('reconcile'), make: differing, code: 2 },
  { command: 'reconcile', words: () => [], verb: ofService('reconcile'), printed: (report) => [report] },
  { command: 'reconcile', words: () => ['--apply', 'repair:Thing'], verb: ofService('reconcile'), make: differing },
  { command: 'doctor', words: () => [], verb: ofInstance('doctor') },
  { command: 'search', words: () => ['Thing', 'Thing 1', '--size', '2'], verb: ofService('search') },
  { command: 'retry', words: idOfFailed, verb: ofInstance('retry'), make: discarded },
  { command: 'discard', words: idOfFailed, verb: ofInstance('discard'), make: discarded },
  { command: 'repair', words: entity, verb: ofService('repair'), make: differing },
  { command: 'backfill', words: entity, verb: ofService('backfill') },
  { command: 'reindex', words: entity, verb: ofService('reindex'), printed: ({ audit }: { audit: unknown }) => audit },
  { command: 'resume', words: entity, make: ready },
  { command: 'cutover', words: entity, make: ready },
  { command: 'rollback', words: entity, make: reindexed },
  { command: 'finish', words: entity, make: reindexed },
  { command: 'abandon', words: entity, make: ready },
  { command: 'settings read', words: entity, verb: ofService('settings') },
  { command: 'settings diff', words: entity, verb: ofService('settingsPlan'), make: deploy('otherSettings'), code: 2 },
  { command: 'settings plan', words: entity, verb: ofService('settingsPlan'), make: deploy('otherSettings') },
  { command: 'settings apply', words: entity, verb: ofService('applySettings'), make: deploy('freeSettings') },
  { command: 'prepare', words: () => [], verb: ofInstance('prepare'), make: deploy('otherSettings') },
  { command: 'migration:generate', words: () => [] },
  { command: 'triggers:generate', words: () => ['--timestamp', '1800000000000'] },
];

describe('--json is what the verb returns, and nothing else', () => {
  const shapes: Record<string, Set<string>> = {};
  const record = (command: string, json: unknown) => {
    shapes[command] = new Set([...(shapes[command] ?? []), ...pathsOf(json)]);
  };

  it.each(CASES_OF_JSON.map((one) => [one.command, one] as const))('%s', async (_, one) => {
    const { command, words, verb, code = 0, make, printed = (value: unknown) => value } = one;
    const scene = await aScene();
    await make?.(scene);
    const [object, name] = verb?.(scene) ?? [];
    const called = object && jest.spyOn(object, name as never);
    const args = [...command.split(' '), ...(await words(scene))];
    called?.mockClear();
    const ran = await cli(scene.scrypath, [...args, '--json', '--yes']);
    expect({ code: ran.code, command: ran.code === code ? '' : ran.stdout }).toEqual({ code, command: '' });
    if (called) {
      const returned = await (called.mock.results.at(-1)!.value as Promise<unknown>);
      expect(ran.stdout).toBe(`${JSON.stringify(printed(returned as never))}\n`);
    }
    record(command, ran.json);
  });

  it('worker: when it started and when it ended, told to end by a signal', async () => {
    const { scrypath } = await aScene();
    let send: (signal: 'SIGTERM') => void = () => undefined;
    const signalled = (sends: typeof send) => {
      send = sends;
    };
    jest.spyOn(scrypath, 'worker').mockImplementation((options) => {
      const made = (Object.getPrototypeOf(scrypath) as Scrypath).worker.call(scrypath, options);
      const start = made.start.bind(made);
      made.start = () => start().then(() => setImmediate(() => send('SIGTERM')) && undefined);
      return made;
    });
    const ran = await cli(scrypath, ['worker', '--json'], { signalled });
    expect(ran.code).toBe(0);
    record('worker', ran.json);
  });

  it('has the shape that its version has; another shape is another version', () => {
    const file = join(__dirname, 'json-shapes.json');
    const found = Object.fromEntries(Object.entries(shapes).map(([command, paths]) => [command, [...paths].sort()]));
    expect(Object.keys(found).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    // For what comes anew. What goes, or means something else, raises JSON_VERSION.
    if (process.env.SCRYPATH_RECORD_SHAPES)
      writeFileSync(file, `${JSON.stringify({ version: JSON_VERSION, shapes: found }, null, 2)}\n`);
    const recorded = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    expect({ version: JSON_VERSION, shapes: found }).toEqual(recorded);
  });
});

/** Every member of a value by its path, with the type of what it holds. */
function pathsOf(value: unknown, at = ''): string[] {
  if (value === null) return [`${at}: null`];
  if (Array.isArray(value)) return value.length === 0 ? [`${at}[]`] : value.flatMap((one) => pathsOf(one, `${at}[]`));
  if (typeof value !== 'object') return [`${at}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, member]) => pathsOf(member, `${at}.${name}`));
}

it('an error inside a report is its class and code, since its words may hold data', async () => {
  const scene = { ...(await open(3)) } as Scene;
  await deploy('picky')(scene);
  await sql(scene, `UPDATE thing SET kind = 'broken' WHERE id = 3`);
  const { code, stdout, json } = await cli(scene.scrypath, ['verify', 'Thing', '--json']);
  expect(code).toBe(2);
  expect(stdout).not.toContain('cannot tell');
  const { differences } = json as { differences: { kind: string; error?: unknown }[] };
  expect(differences.find(({ kind }) => kind === 'failed')!.error).toEqual({
    name: 'ScrypathError',
    code: 'PROJECTION_FAILED',
  });
});

it('an error is JSON too, with what happened and what to do', async () => {
  const scene = await aScene();
  const unknown = await cli(scene.scrypath, ['verify', 'Thin', '--json']);
  expect(unknown).toMatchObject({
    code: 1,
    stderr: '',
    json: { error: { code: 'ENTITY_UNKNOWN', remedy: 'Did you mean Thing?', known: ['Thing'] } },
  });
  await scene.things.reindex();
  const running = await cli(scene.scrypath, ['reindex', 'Thing', '--json', '--yes']);
  expect(running).toMatchObject({
    code: 1,
    json: { error: { code: 'REBUILD_RUNNING', happened: expect.any(String), entity: 'Thing' } },
  });
});
