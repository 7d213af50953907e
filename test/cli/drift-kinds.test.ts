import { type ActionKind, DRIFT_KINDS, type Scrypath } from 'scrypath';
import { CASES, deploy, type Scene, sql } from '../operator/drift-cases';
import { isWhole, shopsOn } from '../operator/things';
import { onEveryStack } from '../stacks/stack';
import { cli } from './in-process';

/** The command that mends what an action recommends, beside `reconcile --apply`; `<id>` is that of the discarded work. */
const COMMAND_OF: Readonly<Record<ActionKind, readonly string[]>> = {
  retry: ['retry', '<id>'],
  repair: ['repair', 'Thing'],
  backfill: ['backfill', 'Thing'],
  reindex: ['reindex', 'Thing'],
  apply_settings: ['settings', 'apply', 'Thing'],
  resume: ['resume', 'Thing'],
  cutover: ['cutover', 'Thing'],
  abandon: ['abandon', 'Thing'],
  finish: ['finish', 'Thing'],
};

onEveryStack('the CLI sees drift, mends it by its command, and finds it clean', (stack) => {
  if (!isWhole(stack)) return;
  const open = shopsOn(stack);

  // The engine has no part in how a command is carried out: of each kind one is enough on the slower stack.
  const cases = CASES.filter(
    ({ kind }, at) => stack.database === 'sqlite' || CASES.findIndex((one) => one.kind === kind) === at,
  );
  it.each(cases)('$title', async ({ make, kind, action, beside = [], look: { maxListed } = {}, correct }) => {
    const scene = { ...(await open()) } as Scene;
    await deploy('first')(scene);
    expect(await cli(scene.scrypath, ['backfill', 'Thing', '--yes'])).toMatchObject({ code: 0 });
    expect(await cli(scene.scrypath, ['drift'])).toMatchObject({ code: 0 });

    await make(scene);
    const { scrypath } = scene;
    const look = maxListed === undefined ? [] : ['--max-listed', String(maxListed)];
    const seen = await cli(scrypath, ['drift', 'Thing', ...look]);
    expect(seen.code).toBe(2);
    for (const one of [kind, ...beside]) expect(seen.stdout).toMatch(new RegExp(`^${one}\t`, 'm'));
    const advised = await cli(scrypath, ['reconcile', ...look]);
    expect(advised.code).toBe(2);
    expect(advised.stdout).toContain(`scrypath reconcile --apply ${action}:Thing`);

    await correct?.(scene);
    const { items } = await scrypath.failedWork();
    const words = COMMAND_OF[action].map((word) => (word === '<id>' ? items[0]!.id : word));
    const mended = await cli(scrypath, [...words, '--yes']);
    expect({ code: mended.code, refused: /^[A-Z_]+: /m.test(mended.stderr) }).toEqual({ code: 0, refused: false });
    if (action === 'retry') await workedOff(scrypath);
    expect(await cli(scrypath, ['drift', 'Thing'])).toMatchObject({ code: 0 });
    expect(await cli(scrypath, ['verify', 'Thing'])).toMatchObject({ code: 0 });
  });

  it('a record that cannot become a document: seen, corrected by a person, repaired', async () => {
    const scene = { ...(await open()) } as Scene;
    await deploy('picky')(scene);
    const { scrypath } = scene;
    await scene.things.backfill();
    await sql(scene, `UPDATE thing SET kind = 'broken', name = 'New' WHERE id = 3`);
    const seen = await cli(scrypath, ['drift', 'Thing']);
    expect(seen.code).toBe(2);
    expect(seen.stdout).toMatch(/^unprojectable\t1\t/m);
    expect((await cli(scrypath, ['reconcile', 'Thing'])).stdout).toContain('Nothing is recommended for Thing');
    await sql(scene, `UPDATE thing SET kind = 'plain' WHERE id = 3`);
    expect(await cli(scrypath, ['repair', 'Thing', '--yes', '--json'])).toMatchObject({
      code: 0,
      json: { mended: { stale: 1 } },
    });
    expect(await cli(scrypath, ['drift', 'Thing'])).toMatchObject({ code: 0 });
  });

  it('reconcile --apply does one thing, and no other than is recommended still', async () => {
    const scene = { ...(await open()) } as Scene;
    await deploy('first')(scene);
    await scene.things.backfill();
    await sql(scene, 'DELETE FROM thing WHERE id = 3');
    const applied = await cli(scene.scrypath, ['reconcile', '--apply', 'repair:Thing', '--yes', '--json']);
    expect(applied).toMatchObject({ code: 0, json: { applied: { kind: 'repair', mended: 1 } } });
    const again = await cli(scene.scrypath, ['reconcile', '--apply', 'repair:Thing', '--yes', '--json']);
    expect(again).toMatchObject({ code: 1, json: { error: { code: 'ACTION_NOT_OFFERED' } } });
  });
});

it('every kind of drift is produced', () => {
  const produced = CASES.flatMap(({ kind, beside = [] }) => [kind, ...beside]);
  expect(DRIFT_KINDS.filter((kind) => !produced.includes(kind))).toEqual(['unprojectable']);
});

/** Until nothing has failed any more, with a worker as a program of its own would be. */
async function workedOff(scrypath: Scrypath): Promise<void> {
  const worker = scrypath.worker();
  await worker.start();
  while ((await scrypath.failedWork()).items.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await worker.stop();
}
