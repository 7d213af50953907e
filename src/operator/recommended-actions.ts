import type { DriftKind, DriftReport } from './drift-report.js';
import type { RebuildVisibility } from './rebuild-visibility.js';

/**
 * What can be done about drift.
 *
 * | kind             | what it does                                                                             |
 * | ---------------- | ---------------------------------------------------------------------------------------- |
 * | `retry`          | makes discarded work due once more                                                       |
 * | `repair`         | marks the keys that differ dirty                                                         |
 * | `backfill`       | writes every record to the live index again                                              |
 * | `reindex`        | builds an index aside, verifies it, and makes it the live one; the old one is kept       |
 * | `apply_settings` | gives the live index the declared settings, where that is free                           |
 * | `resume`         | goes on with a rebuild that was stopped, to the end of what it was begun for             |
 * | `cutover`        | makes the verified target the live index                                                 |
 * | `abandon`        | drops the target, and leaves the live index as it is                                     |
 * | `finish`         | drops the old index that a rebuild has kept                                              |
 */
export const ACTION_KINDS = Object.freeze([
  ...(['retry', 'repair', 'backfill', 'reindex', 'apply_settings', 'resume', 'cutover', 'abandon', 'finish'] as const),
]);
export type ActionKind = (typeof ACTION_KINDS)[number];

/** One thing that can be done now. */
export interface RecommendedAction {
  /** What `reconcile({ apply })` takes: `repair:Movie`. */
  readonly id: string;
  readonly kind: ActionKind;
  readonly why: string;
  /** The signals that it answers. */
  readonly resolves: readonly DriftKind[];
}

/** Drift for which the live index is not to be trusted, or its contract is another: it is built anew, never mended. */
const NEEDS_A_NEW_INDEX: readonly DriftKind[] = ['index_missing', 'index_replaced', 'contract'];
const BY_KEY: readonly DriftKind[] = ['missing', 'extra', 'stale'];

/** Where the contract is still right the live index is mended; where it changed, or is not trusted, a new one is built. */
export function recommendedActions(report: DriftReport): readonly RecommendedAction[] {
  const kinds = new Set(report.signals.map(({ kind }) => kind));
  const action = (kind: ActionKind, why: string, resolves: readonly DriftKind[]): RecommendedAction =>
    Object.freeze({
      id: `${kind}:${report.entity}`,
      kind,
      why,
      resolves: Object.freeze(resolves.filter((one) => kinds.has(one))),
    });
  const rebuild = report.rebuild.observed ? report.rebuild.value : null;
  const renewed = [...kinds].filter((kind) => NEEDS_A_NEW_INDEX.includes(kind));
  const settingsAreFree = report.settings.observed && report.settings.value.cost === 'free';
  if (kinds.has('settings') && !settingsAreFree) renewed.push('settings');
  const { isListed, tooManyExtra } = contentOf(report);
  if (tooManyExtra) renewed.push(...BY_KEY, 'count_mismatch');

  const actions: RecommendedAction[] = [];
  if (kinds.has('discarded_work'))
    actions.push(
      action('retry', 'Work was given up: correct its records, then let it be tried once more.', ['discarded_work']),
    );
  if (rebuild?.target) {
    const needsRoom = renewed.length > 0 || (kinds.has('count_mismatch') && !isListed);
    actions.push(
      ...ofRebuild(rebuild, needsRoom).map(([kind, why]) => action(kind, why, ['stuck_rebuild', ...renewed])),
    );
  } else if (renewed.length > 0) {
    actions.push(
      action('reindex', 'The live index is not what it should be, or was made otherwise: build one aside.', [
        ...renewed,
        ...BY_KEY,
        'count_mismatch',
      ]),
    );
    return Object.freeze(actions);
  }
  if (isListed && BY_KEY.some((kind) => kinds.has(kind)))
    actions.push(action('repair', 'The contract is right, and the keys that differ are known.', BY_KEY));
  else if (!rebuild?.target && (kinds.has('count_mismatch') || BY_KEY.some((kind) => kinds.has(kind))))
    actions.push(
      action('backfill', 'The contract is right, and too much differs to mend it key by key.', [
        ...BY_KEY,
        'count_mismatch',
      ]),
    );
  // While another index stands beside it, the live one is not changed alone.
  if (kinds.has('settings') && settingsAreFree && !rebuild?.target)
    actions.push(action('apply_settings', 'The settings that differ cost the engine nothing.', ['settings']));
  return Object.freeze(actions);
}

/** More documents without a record than can be listed: a backfill would leave them there. */
function contentOf({ content, counts }: DriftReport): { readonly isListed: boolean; readonly tooManyExtra: boolean } {
  const isListed = content.observed && content.value.differences !== null;
  const { documents, expected } = counts.observed ? counts.value : { documents: 0, expected: 0 };
  return { isListed, tooManyExtra: !isListed && documents > expected };
}

/** @param needsRoom whether something else is wrong that only a new index mends */
function ofRebuild(
  { state, taskState, problem }: RebuildVisibility,
  needsRoom: boolean,
): readonly (readonly [ActionKind, string])[] {
  const abandon = ['abandon', 'The live index is as it was, and stays so.'] as const;
  const finish = ['finish', 'The old index must go before another one can be built.'] as const;
  if (taskState === 'pending') return [];
  switch (state) {
    case 'ready':
      return problem === null
        ? [['cutover', 'The target was verified, and waits for its cutover.'], abandon]
        : [abandon];
    case 'creating':
    case 'building':
      return problem === null ? [['resume', 'Nobody is at work on it.'], abandon] : [abandon];
    case 'kept':
      return problem !== null || needsRoom ? [finish] : [];
    default:
      return [['resume', 'Nobody is at work on it.']];
  }
}
