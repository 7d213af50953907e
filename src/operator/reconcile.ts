import { ScrypathError } from '../errors/scrypath-error.js';
import type { FailedWorkReport } from '../worker/failed-work.js';
import { type Applied, applyAction, type OperatorVerbs } from './apply-action.js';
import { checkedDriftOptions, type DriftOptions, readDrift } from './drift.js';
import type { DriftReport, DriftSignal } from './drift-report.js';
import { type EngineFailure, engineFailures } from './engine-failures.js';
import { NO_OUTBOX, type Observed, observe } from './observed.js';
import type { OperatorSite } from './operator-site.js';
import type { RebuildVisibility } from './rebuild-visibility.js';
import { type ActionKind, type RecommendedAction, recommendedActions } from './recommended-actions.js';

export interface ReconcileOptions extends DriftOptions {
  /** The id of the one action to carry out, as a report gave it: `repair:Movie`. Without it nothing is changed. */
  readonly apply?: string;
  /** Longest wait for what is applied, in milliseconds; default `sync.timeoutMs`. A backfill or a rebuild takes its time. */
  readonly timeoutMs?: number;
}

/** What is wrong with one index, and what can be done about it. Frozen. */
export interface Reconciliation {
  readonly entity: string;
  readonly index: string;
  readonly signals: readonly DriftSignal[];
  /** What is recommended now; none where nothing is wrong, or what is wrong only a person can mend. */
  readonly actions: readonly RecommendedAction[];
  readonly rebuild: Observed<RebuildVisibility>;
  /** The first page, of the outbox and the queue. */
  readonly failedWork: Observed<FailedWorkReport>;
  /** Tasks that the engine failed, and that the outbox does not answer for. */
  readonly engineFailures: Observed<readonly EngineFailure[]>;
  readonly drift: DriftReport;
  /** What was carried out; null where nothing was to be. The rest of the report is from before it: look again. */
  readonly applied: Applied | null;
}

/** What reconciling one entity works with. */
export interface ReconcileSite extends OperatorSite {
  readonly verbs: OperatorVerbs;
  readonly timeoutMs: number;
  readonly failedWork: () => Promise<FailedWorkReport>;
}

/** What is offered without a comparison by content. */
const WITHOUT_CONTENT: readonly ActionKind[] = ['retry', 'apply_settings', 'resume', 'cutover', 'abandon'];

/**
 * Looks at one index, and recommends what to do. With `apply` it looks first, and carries the action out only where it is
 * recommended still.
 * @throws ScrypathError `ACTION_NOT_OFFERED`, `OPTION_INVALID`; and whatever the action throws
 */
export async function reconcile(site: ReconcileSite, options: ReconcileOptions = {}): Promise<Reconciliation> {
  const { apply, timeoutMs = site.timeoutMs, ...look } = options;
  const { entity, indexName: index } = site.metadata;
  checkedDriftOptions(entity, look);
  const needsContent = apply === undefined || !WITHOUT_CONTENT.some((kind) => apply === `${kind}:${entity}`);
  const drift = await readDrift(site, needsContent ? look : { ...look, content: false });
  const actions = recommendedActions(drift);
  const failedWork = site.hasOutbox ? await observe(site.failedWork, look.signal) : NO_OUTBOX;
  const failures = await engineFailures(site.backend, index, look.signal);
  const action = apply === undefined ? null : actions.find(({ id }) => id === apply);
  if (action === undefined) throw notOffered(drift, actions, String(apply));
  const { signal } = look;
  const applied = action && (await applyAction(site.verbs, action, drift, { timeoutMs, ...(signal && { signal }) }));
  return Object.freeze({
    entity,
    index,
    signals: drift.signals,
    actions,
    rebuild: drift.rebuild,
    failedWork,
    engineFailures: failures,
    drift,
    applied,
  });
}

const notOffered = ({ entity, index }: DriftReport, actions: readonly RecommendedAction[], asked: string) =>
  new ScrypathError({
    code: 'ACTION_NOT_OFFERED',
    entity,
    index,
    happened: `The action ${JSON.stringify(asked.slice(0, 200))} is not recommended for ${entity} now, and nothing was done.`,
    remedy:
      actions.length === 0
        ? 'None is: look at the signals of reconcile().'
        : `These are: ${actions.map(({ id }) => id).join(', ')}.`,
    problems: actions.map(({ id, why }) => `${id}: ${why}`),
  });

/** @param asked an action whose entity nobody knows */
export const noSuchEntity = (asked: string) =>
  new ScrypathError({
    code: 'ACTION_NOT_OFFERED',
    happened: `The action ${JSON.stringify(asked.slice(0, 200))} names no entity that has an index, and nothing was done.`,
    remedy: 'Give the id of an action of reconcile(), such as repair:Movie.',
  });
