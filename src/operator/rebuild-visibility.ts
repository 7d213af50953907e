import type { RebuildRow, RebuildState } from '../worker/rebuilds.js';

/**
 * What is known of a rebuild. `taskState`: `idle`, there is none; `pending`, somebody is at work on it; `completed`, it waits
 * for a decision; `failed`, it has stopped on its way, and nobody is at work on it.
 */
export interface RebuildVisibility {
  readonly live: string;
  /** The index beside the live one; null where there is none. */
  readonly target: string | null;
  readonly taskState: 'idle' | 'pending' | 'completed' | 'failed';
  readonly cutover: 'not_started' | 'pending' | 'completed';
  /** Null where there is none. */
  readonly id: string | null;
  readonly state: RebuildState | null;
  readonly owner: string | null;
  readonly startedAt: string | null;
  /** Why the target is not written any more, as a code. */
  readonly problem: string | null;
}

const WAITS: readonly RebuildState[] = ['ready', 'kept'];
const SWAPS: readonly RebuildState[] = ['swapping', 'reverting'];

/** @param live name of the live index */
export function visibilityOf(live: string, rebuild: RebuildRow | null): RebuildVisibility {
  if (rebuild === null)
    return Object.freeze({
      ...{ live, target: null, taskState: 'idle', cutover: 'not_started' },
      ...{ id: null, state: null, owner: null, startedAt: null, problem: null },
    } as const);
  const { target, id, state, owner, startedAt, problem } = rebuild;
  return Object.freeze({
    live,
    target,
    taskState: taskStateOf(rebuild),
    cutover: SWAPS.includes(state) ? 'pending' : isCutOver(rebuild) ? 'completed' : 'not_started',
    ...{ id, state, owner, startedAt: new Date(startedAt).toISOString(), problem },
  } as const);
}

function taskStateOf({ state, isAlive }: RebuildRow): RebuildVisibility['taskState'] {
  if (isAlive) return 'pending';
  return WAITS.includes(state) ? 'completed' : 'failed';
}

/** One that is being dropped was cut over, or was abandoned before. */
const isCutOver = ({ state, report }: RebuildRow): boolean =>
  state === 'kept' || (state === 'dropping' && (JSON.parse(report ?? '{}') as { ends?: string }).ends !== 'abandoned');
