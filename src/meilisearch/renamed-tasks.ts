import { isObject } from './search-request.js';

/** A swap that ran: its own id, and the pairs that it exchanged. */
export interface Swap {
  readonly id: number;
  readonly pairs: readonly (readonly [string, string])[];
}

/**
 * The index for which a task was accepted. A swap writes the other name into every older task of its indexes, so the swaps
 * after the task are undone, the newest first.
 */
export function indexAtAcceptance(
  task: { readonly id: number; readonly index: string },
  swaps: readonly Swap[],
): string {
  const later = swaps.filter((swap) => swap.id > task.id).sort((left, right) => right.id - left.id);
  return later.reduce((name, { pairs }) => partnerOf(name, pairs) ?? name, task.index);
}

const partnerOf = (name: string, pairs: Swap['pairs']): string | undefined => {
  const pair = pairs.find((both) => both.includes(name));
  return pair?.[pair[0] === name ? 1 : 0];
};

/** What the engine lists as swaps. One that it describes in another way says nothing. */
export const swapsOf = (tasks: readonly unknown[]): Swap[] =>
  tasks.flatMap((task) => {
    if (!isObject(task) || typeof task.uid !== 'number' || !isObject(task.details)) return [];
    const { swaps } = task.details;
    return Array.isArray(swaps) ? [{ id: task.uid, pairs: swaps.flatMap(pairOf) }] : [];
  });

const pairOf = (swap: unknown): [string, string][] =>
  isObject(swap) && Array.isArray(swap.indexes) && swap.indexes.length === 2
    ? [[String(swap.indexes[0]), String(swap.indexes[1])]]
    : [];
