import type { Backend, IndexInfo } from '../backend/backend.js';
import { mayHaveBeenTaken } from '../backend/may-have-been-taken.js';
import { isTerminal, type TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { recordIndex } from './index-state.js';
import { changeRebuild, type RebuildRow, type RebuildState, readRebuild } from './rebuilds.js';
import type { FencedAction, HoldSource } from './shard-hold.js';
import type { Timing } from './timing.js';

/** What a swap of two names works with. */
export interface SwapSite {
  readonly source: HoldSource;
  readonly backend: Backend;
  readonly timing: Timing;
}

export type SwapOutcome = 'swapped' | 'not_swapped';

/** From which state, over which, to which; `ready` is swapped forth, `kept` back. An old index that takes no documents of ours goes. */
const STEPS = {
  swapping: { from: 'ready', to: ({ writesLive }: RebuildRow): RebuildState => (writesLive ? 'kept' : 'dropping') },
  reverting: { from: 'kept', to: (): RebuildState => 'dropping' },
} as const;

/** A key that no record has: its removal changes nothing, and ends behind every task that was accepted before it. */
const NO_RECORD = '_';

/**
 * Exchanges the live index of a rebuild with its target, in one step of the engine. First it stands in the database that
 * the names are being swapped, and every shard has been held since: nothing is sent to either name until it is known
 * whether they were, even if this process dies. Resolves when that is written down.
 * @param check rejects where the swap must not happen after all; every shard is held meanwhile
 * @throws ScrypathError `INDEX_REPLACED`, `TASK_FAILED`, `BACKEND_…`; where nothing was swapped, the rebuild is as before
 */
export async function swapNames(
  site: SwapSite,
  rebuild: RebuildRow,
  over: keyof typeof STEPS,
  check: FencedAction<void>,
  signal?: AbortSignal,
): Promise<void> {
  const { source, backend, timing } = site;
  await assertNames(backend, rebuild, signal);
  const startedAt = performance.now();
  const held = await source.fence('swap', async (queryRunner, lateUntil) => {
    await check(queryRunner, lateUntil);
    return changeRebuild(queryRunner, rebuild.id, [STEPS[over].from], {
      state: over,
      graceMs: timing.graceMs,
      seen: true,
    });
  });
  if (!held) throw gone(rebuild);
  // Who was frozen here must not swap behind the back of whoever has settled the outcome meanwhile.
  if (performance.now() - startedAt > timing.lockMs) return settleSwap(site, rebuild.id).then(outcomeOrThrow(rebuild));
  let task: TaskRef | null = null;
  try {
    task = await backend.indexes.swap(rebuild.live, rebuild.target, { signal: AbortSignal.timeout(timing.requestMs) });
  } catch (error) {
    if (!mayHaveBeenTaken(error)) {
      await write(site, rebuild, over, 'not_swapped');
      throw error;
    }
  }
  await settleSwap(site, rebuild.id, { task }).then(outcomeOrThrow(rebuild));
}

const outcomeOrThrow = (rebuild: RebuildRow) => (outcome: SwapOutcome | null) => {
  if (outcome === 'not_swapped')
    throw new ScrypathError({
      code: 'TASK_FAILED',
      entity: rebuild.entity,
      index: rebuild.live,
      happened: `The engine has not swapped "${rebuild.live}" and "${rebuild.target}".`,
      remedy: 'Both are as they were: try again, or abandon the rebuild.',
    });
};

/**
 * Finds out whether the names of a rebuild were swapped, and writes it down: whoever asks, and whether or not whoever has
 * sent the swap lives. The engine's own task may not be visible, so it is read from when the two physical indexes were
 * created, once nothing that could still change it is on its way.
 * @param given.task the swap's own, where it was answered
 * @param given.waitMs longest wait for the engine's queue, in milliseconds; default: as long as it takes
 * @returns null where somebody else has written it down already, or the wait was over before it was known
 * @throws ScrypathError `INDEX_REPLACED` where the names lead to other indexes; `BACKEND_…`
 */
export async function settleSwap(
  site: SwapSite,
  id: string,
  { task = null, waitMs = Number.POSITIVE_INFINITY }: { readonly task?: TaskRef | null; readonly waitMs?: number } = {},
): Promise<SwapOutcome | null> {
  const { source, backend } = site;
  const look = async () => readRebuild(await source.aside('look'), id);
  let rebuild = await look();
  if (rebuild === null || !isSwap(rebuild.state)) return null;
  const over = rebuild.state;
  if (task === null || !(await hasEnded(backend, task))) {
    // The request has arrived by then, or never will.
    for (; task === null && rebuild?.state === over && rebuild.swapUntil > rebuild.now; rebuild = await look())
      await pause(Math.min(1_000, rebuild.swapUntil - rebuild.now));
    if (rebuild?.state !== over || !(await passBehind(backend, rebuild.target, waitMs))) return null;
  }
  return write(site, rebuild, over, await outcomeOf(backend, rebuild));
}

const isSwap = (state: RebuildState): state is keyof typeof STEPS => state in STEPS;

/** Whether the task is known to have ended; one that may not be seen is not. */
async function hasEnded(backend: Backend, task: TaskRef): Promise<boolean> {
  for (;;) {
    const [outcome] = await backend.outcomes([task], { waitMs: 1_000 });
    if (outcome!.status === 'unknown') return false;
    if (isTerminal(outcome!.status)) return true;
  }
}

/**
 * Waits until everything has ended that the engine had accepted before, on the index: a swap is of both its indexes.
 * @returns whether it has, when the wait was over
 */
async function passBehind(backend: Backend, index: string, waitMs: number): Promise<boolean> {
  let tasks = await backend.remove(index, [NO_RECORD]);
  const deadline = performance.now() + waitMs;
  do {
    const outcomes = await backend.outcomes(tasks, { waitMs: Math.min(waitMs, 1_000) });
    // What was canceled has ended in front of what it was to wait for.
    if (outcomes.some(({ status }) => status === 'canceled')) tasks = await backend.remove(index, [NO_RECORD]);
    else if (outcomes.every(({ status }) => isTerminal(status))) return true;
  } while (performance.now() < deadline);
  return false;
}

async function outcomeOf(backend: Backend, rebuild: RebuildRow): Promise<SwapOutcome> {
  const [live, target] = await namesOf(backend, rebuild);
  if (live === rebuild.targetCreated && target === rebuild.liveCreated) return 'swapped';
  if (live === rebuild.liveCreated && target === rebuild.targetCreated) return 'not_swapped';
  throw replaced(rebuild);
}

/** @throws ScrypathError `INDEX_REPLACED` where one of the names does not lead to the index of the rebuild */
export async function assertNames(
  backend: Backend,
  rebuild: RebuildRow,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [live, target] = await namesOf(backend, rebuild, signal);
  const isKnown = live === rebuild.liveCreated && target === rebuild.targetCreated;
  if (!isKnown || live === null || target === null || live === target) throw replaced(rebuild);
}

async function namesOf(backend: Backend, { live, target }: RebuildRow, signal?: AbortSignal) {
  const created = (info: IndexInfo | null) => info?.createdAt ?? null;
  return [
    created(await backend.indexes.get(live, { signal })),
    created(await backend.indexes.get(target, { signal })),
  ] as const;
}

/** Of two who write it at the same time, one does. What stands behind the live name is recorded first: senders go by it. */
async function write(
  { source }: SwapSite,
  rebuild: RebuildRow,
  over: keyof typeof STEPS,
  outcome: SwapOutcome,
): Promise<SwapOutcome | null> {
  const queryRunner = await source.aside('look');
  const { id, live, liveCreated, targetCreated } = rebuild;
  if (outcome === 'not_swapped')
    return (await changeRebuild(queryRunner, id, [over], { state: STEPS[over].from })) ? outcome : null;
  if ((await readRebuild(queryRunner, id))?.state !== over) return null;
  await recordIndex(queryRunner, live, targetCreated!);
  const change = {
    state: STEPS[over].to(rebuild),
    liveCreated: targetCreated,
    targetCreated: liveCreated,
    writesLive: true,
  };
  return (await changeRebuild(queryRunner, id, [over], change)) ? outcome : null;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const replaced = ({ entity, live, target }: RebuildRow) =>
  new ScrypathError({
    code: 'INDEX_REPLACED',
    entity,
    index: live,
    happened: `"${live}" and "${target}" are not the two indexes of this rebuild.`,
    remedy:
      'Somebody has dropped, created or swapped one of them. Abandon the rebuild, adopt the index, and begin anew.',
  });

const gone = ({ entity, live }: RebuildRow) =>
  new ScrypathError({
    code: 'REBUILD_STATE',
    entity,
    index: live,
    happened: `The rebuild of ${entity} has gone on elsewhere meanwhile.`,
    remedy: 'Read it again with rebuild(id).',
  });
