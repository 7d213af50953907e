import { onEveryStack } from '../stacks/stack';
import { CASES, deploy, type Scene } from './drift-cases';
import { isWhole, shopsOn } from './things';

onEveryStack('drift, seen, mended by what is recommended, and verified clean', (stack) => {
  if (!isWhole(stack)) return;
  const open = shopsOn(stack);

  it.each(CASES)('$title', async ({ make, kind, action, beside = [], look = {}, correct }) => {
    const scene = { ...(await open()) } as Scene;
    await deploy('first')(scene);
    await scene.things.backfill();
    expect(await scene.things.drift()).toMatchObject({ clean: true, signals: [] });

    await make(scene);
    const before = await scene.things.reconcile(look);
    expect(before.signals.map((signal) => signal.kind).sort()).toEqual([kind, ...beside].sort());
    expect(before.drift.clean).toBe(false);
    const answers = before.actions.filter(({ resolves }) => resolves.includes(kind));
    expect(answers[0]).toMatchObject({ id: `${action}:Thing`, kind: action });
    expect(before.applied).toBeNull();
    // Nothing has been done so far, and the report says the same again.
    expect((await scene.things.reconcile(look)).signals).toEqual(before.signals);

    await correct?.(scene);
    const { applied } = await scene.things.reconcile({ ...look, apply: `${action}:Thing` });
    expect(applied).toMatchObject({ kind: action, id: `${action}:Thing` });
    const after = await scene.things.drift();
    expect(after.signals).toEqual([]);
    expect(after.clean).toBe(true);
    expect(await scene.things.verify()).toMatchObject({ clean: true, counts: { missing: 0, extra: 0, stale: 0 } });
    await expect(scene.things.reconcile({ apply: `${action}:Thing` })).rejects.toMatchObject({
      code: 'ACTION_NOT_OFFERED',
    });
  });

  it('a record that cannot become a document: a person corrects it, and what is left is repaired', async () => {
    const scene = { ...(await open()) } as Scene;
    await deploy('picky')(scene);
    await scene.things.backfill();
    await scene.dataSource.query(`UPDATE thing SET kind = 'broken', name = 'New' WHERE id = 3`);
    const before = await scene.things.reconcile();
    expect(before.signals).toMatchObject([{ kind: 'unprojectable', count: 1 }]);
    expect(before.drift.content).toMatchObject({
      value: { differences: [{ kind: 'failed', key: '3', reason: expect.any(String) }] },
    });
    expect(JSON.stringify(before)).not.toContain('cannot tell');
    // No verb mends code or data.
    expect(before.actions).toEqual([]);
    expect(await scene.things.repair()).toMatchObject({ unprojectable: ['3'], token: null });

    await scene.dataSource.query(`UPDATE thing SET kind = 'plain' WHERE id = 3`);
    const corrected = await scene.things.reconcile();
    expect(corrected.signals).toMatchObject([{ kind: 'stale', count: 1 }]);
    const { applied } = await scene.things.reconcile({ apply: 'repair:Thing' });
    expect(applied).toMatchObject({ kind: 'repair', mended: 1 });
    expect(await scene.things.drift()).toMatchObject({ clean: true, signals: [] });
    expect(await scene.things.verify()).toMatchObject({ clean: true });
  });
});
