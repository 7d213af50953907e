import type { ReindexOptions } from 'scrypath';
import type { FaultPoint, Faults } from 'scrypath/testing';
import { onEveryEngine } from '../stacks/stack';
import { BRIEF, beforeUpserts, isTarget, type Place, placesOn } from './place';

// An engine that stays away, and requests that are lost, are given up in less time than in a program of today.
jest.mock('../../src/backfill/shipping', () => {
  const shipping = jest.requireActual('../../src/backfill/shipping');
  return { ...shipping, PATIENCE: { tries: 3, pauseMs: 5, outageMs: 100, lateMs: 500 } };
});

const ROWS = 600;

onEveryEngine('an engine that fails a reindex', (stack) => {
  const place = placesOn(stack);
  const given = { rows: ROWS, options: { outbox: BRIEF } };

  /** The live index is as it was, every document of it. */
  const isUnharmed = async ({ created, documents, rows }: Place, before: string | undefined) => {
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
  };

  /** A reindex that fails by the code leaves the live index alone, and goes on when the engine is well. */
  async function failsAndGoesOn(
    fault: (faults: Faults) => void,
    code: unknown,
    { state, ...options }: ReindexOptions & { state: string },
  ) {
    const here = await place(given);
    const { items, faults, created, documents, rows, repository, written } = here;
    const before = await created();
    fault(faults);
    await expect(items.reindex(options)).rejects.toMatchObject({ code });
    await faults.clear();
    const left = (await items.rebuild())!;
    expect(left.state).toBe(state);
    await isUnharmed(here, before);
    await written(() => repository.update(3, { name: `written behind ${String(code)}` }));
    await expect(items.reindex()).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
    const rebuild = await items.reindex({ resume: true });
    expect(rebuild.id).toBe(left.id);
    expect(rebuild.audit).toMatchObject({ state: 'kept', cutover: { happened: true }, old: { current: true } });
    expect(await created(rebuild.audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());
  }

  const away: readonly (readonly [point: FaultPoint, state: string])[] = [
    ['create', 'creating'],
    ['apply', 'creating'],
    ['upsert', 'building'],
    ['swap', 'ready'],
  ];
  it.each(away)('cannot be reached at `%s`: it says so, and the next run goes on', async (point, state) => {
    await failsAndGoesOn((faults) => faults.fail(point, { times: Infinity }), 'BACKEND_UNREACHABLE', { state });
  });

  it.each(['create', 'apply'] as const)('fails the task of `%s`', async (point) => {
    await failsAndGoesOn((faults) => faults.failTask(point, { code: 'internal' }), 'TASK_FAILED', {
      state: 'creating',
    });
  });

  it.each(['create', 'apply', 'upsert'] as const)('loses the answer of `%s`', async (point) => {
    await failsAndGoesOn((faults) => faults.timeOut(point, { times: 3 }), 'BACKEND_TIMEOUT', {
      state: point === 'upsert' ? 'building' : 'creating',
    });
  });

  it('fails a task of the fill, and again', async () => {
    const fault = (faults: Faults) => faults.failTask('upsert', { code: 'internal', times: Infinity });
    await failsAndGoesOn(fault, 'TASK_FAILED', { state: 'building' });
  });

  it('has forgotten every task of the fill', async () => {
    const fault = (faults: Faults) => faults.vanish('upsert', { times: Infinity });
    await failsAndGoesOn(fault, 'TASK_UNKNOWN', { state: 'building' });
  });

  it.each([
    ['fails a task', (faults: Faults) => faults.failTask('upsert', { code: 'internal' })],
    ['does not answer', (faults: Faults) => faults.timeOut('upsert')],
    ['loses a request', (faults: Faults) => faults.drop('upsert')],
    ['gets a request late', (faults: Faults) => faults.late('upsert', 200)],
    ['gets a request twice', (faults: Faults) => faults.duplicate('upsert')],
    ['has forgotten a task', (faults: Faults) => faults.vanish('upsert')],
    ['loses a task', (faults: Faults) => faults.forgetTask('upsert')],
    ['is slow', (faults: Faults) => faults.delay('upsert', 300)],
    ['cannot be asked for outcomes once', (faults: Faults) => faults.fail('outcomes', { times: 2 })],
  ])('once %s inside the fill: it is done again, and nobody has to resume', async (_, fault) => {
    const { items, faults, backend, created, documents, rows } = await place(given);
    const before = await created();
    let struck = false;
    beforeUpserts({ backend }, (index) => {
      if (!struck && isTarget(index)) fault(faults);
      struck = true;
    });
    const { audit } = await items.reindex();
    expect(audit).toMatchObject({ state: 'kept', failed: [], repaired: 0 });
    expect(await created(audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
  });

  it.each([
    ['fails', (faults: Faults) => faults.failTask('swap', { code: 'internal' }), 'TASK_FAILED'],
    ['is canceled', (faults: Faults) => faults.cancelTask('swap'), 'TASK_FAILED'],
    ['is lost by the engine', (faults: Faults) => faults.forgetTask('swap'), 'TASK_FAILED'],
    ['never arrives', (faults: Faults) => faults.drop('swap'), 'TASK_FAILED'],
  ])('a swap that %s: nothing has happened, and the next try does it', async (_, fault, code) => {
    await failsAndGoesOn(fault, code, { state: 'ready' });
  });

  it.each([
    ['gets no answer and arrives', (faults: Faults) => faults.timeOut('swap')],
    ['gets no answer and arrives late', (faults: Faults) => faults.late('swap', 1_500)],
    ['is done, and forgotten by the engine', (faults: Faults) => faults.vanish('swap')],
    [
      'waits in the engine',
      (faults: Faults) => {
        faults.stall('swap');
        setTimeout(() => void faults.release(), 1_000);
      },
    ],
  ])('a swap that %s: its outcome is found out', async (_, fault) => {
    const { items, faults, created, documents, rows, repository, written } = await place(given);
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    fault(faults);
    expect(await rebuild.cutover()).toMatchObject({ state: 'kept', cutover: { happened: true } });
    expect(await created(rebuild.audit.target)).toBe(before);
    await written(() => repository.update(4, { name: 'written behind it' }));
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());
  });

  it.each([
    ['fails', (faults: Faults) => faults.failTask('swap', { code: 'internal' })],
    ['never arrives', (faults: Faults) => faults.drop('swap')],
  ])('a swap back that %s: the new index stays live, and the next try goes back', async (_, fault) => {
    const { items, faults, created, documents, rows } = await place(given);
    const before = await created();
    const rebuild = await items.reindex();
    const live = await created();
    fault(faults);
    await expect(rebuild.rollback()).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect(await rebuild.refresh()).toMatchObject({ state: 'kept', old: { kept: true, current: true } });
    expect(await created()).toBe(live);
    expect(await rebuild.rollback()).toMatchObject({ state: 'rolled_back' });
    expect(await created()).toBe(before);
    expect(await documents()).toEqual(await rows());
  });

  it('cannot be reached when the index is to be dropped: that is gone on with', async () => {
    const here = await place(given);
    const { items, faults, created } = here;
    const rebuild = await items.reindex({ cutover: false });
    const before = await created();
    faults.fail('drop');
    await expect(rebuild.abandon()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect(await rebuild.refresh()).toMatchObject({ state: 'dropping' });
    faults.failTask('drop', { code: 'internal' });
    await expect(rebuild.abandon()).rejects.toMatchObject({ code: 'TASK_FAILED' });
    expect((await items.reindex({ resume: true })).audit).toMatchObject({
      state: 'abandoned',
      cutover: { happened: false },
    });
    expect(await created(rebuild.audit.target)).toBeUndefined();
    await isUnharmed(here, before);
  });

  it('is away between the swap and its outcome: nothing is sent meanwhile, and a worker finds it out', async () => {
    const { items, faults, created, documents, rows, scrypath, repository } = await place(given);
    const before = await created();
    const rebuild = await items.reindex({ cutover: false });
    // Whoever swaps learns of no outcome.
    faults.timeOut('swap');
    faults.fail('remove', { times: Infinity });
    await expect(rebuild.cutover()).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
    expect(await rebuild.refresh()).toMatchObject({ state: 'swapping' });
    const { token } = await scrypath.track(() => repository.update(4, { name: 'written meanwhile' }));
    await expect(scrypath.waitForCompletion(token!, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'WORK_TIMEOUT',
    });
    await faults.clear();
    const worker = scrypath.worker();
    await worker.start();
    await scrypath.waitForCompletion(token!);
    await worker.stop();
    expect(await rebuild.refresh()).toMatchObject({
      state: 'kept',
      cutover: { happened: true },
      old: { current: true },
    });
    expect(await created(rebuild.audit.target)).toBe(before);
    expect(await documents()).toEqual(await rows());
    expect(await documents(rebuild.audit.target)).toEqual(await rows());
    expect(await rebuild.rollback()).toMatchObject({ state: 'rolled_back' });
  });
});
