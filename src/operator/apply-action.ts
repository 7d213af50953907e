import type { DocumentKey } from '../document/search-document.js';
import type { RebuildAudit } from '../reindex/audit.js';
import type { SettingName } from '../settings/setting-values.js';
import type { DriftReport } from './drift-report.js';
import type { ActionKind, RecommendedAction } from './recommended-actions.js';
import { REPAIRABLE } from './repair.js';

/** What an action has come to. It claims nothing of what the index holds now: `drift` tells that. */
export type Applied =
  | {
      readonly kind: 'retry';
      readonly id: string;
      /** Rows that were made due. */
      readonly retried: number;
      /** Whether more are given up than one call retries. */
      readonly more: boolean;
      /** Code of what ended the wait for them: `WORK_DISCARDED` where one was given up again; null where all succeeded. */
      readonly problem: string | null;
    }
  | { readonly kind: 'repair'; readonly id: string; readonly mended: number; readonly foreign: readonly DocumentKey[] }
  | { readonly kind: 'backfill'; readonly id: string; readonly documents: number; readonly replayed: number }
  | { readonly kind: 'apply_settings'; readonly id: string; readonly settings: readonly SettingName[] }
  | {
      readonly kind: Exclude<ActionKind, 'retry' | 'repair' | 'backfill' | 'apply_settings'>;
      readonly id: string;
      readonly rebuild: RebuildAudit;
    };

export interface ApplyOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** The verbs of one entity, as an action calls them. */
export interface OperatorVerbs {
  /** Makes discarded work due, and waits for it. */
  retry(options: ApplyOptions): Promise<Pick<Extract<Applied, { kind: 'retry' }>, 'retried' | 'more' | 'problem'>>;
  /** Mends the keys, and waits until that is in the index. */
  mend(
    keys: readonly DocumentKey[],
    options: ApplyOptions,
  ): Promise<{ readonly count: number; readonly foreign: readonly DocumentKey[] }>;
  backfill(signal?: AbortSignal): Promise<{ readonly documents: number; readonly replayed: number }>;
  reindex(signal?: AbortSignal): Promise<RebuildAudit>;
  applySettings(options: ApplyOptions): Promise<{ readonly applied: readonly SettingName[] }>;
  /** Ends or goes on with the rebuild that has not come to its end. */
  rebuild(step: 'resume' | 'cutover' | 'abandon' | 'finish', signal?: AbortSignal): Promise<RebuildAudit>;
}

/** Carries out one action that the report recommends. */
export async function applyAction(
  verbs: OperatorVerbs,
  { kind, id }: RecommendedAction,
  drift: DriftReport,
  options: ApplyOptions,
): Promise<Applied> {
  const { signal } = options;
  switch (kind) {
    case 'retry':
      return Object.freeze({ kind, id, ...(await verbs.retry(options)) });
    case 'repair': {
      const { count, foreign } = await verbs.mend(keysOf(drift), options);
      return Object.freeze({ kind, id, mended: count, foreign });
    }
    case 'backfill': {
      const { documents, replayed } = await verbs.backfill(signal);
      return Object.freeze({ kind, id, documents, replayed });
    }
    case 'apply_settings':
      return Object.freeze({ kind, id, settings: (await verbs.applySettings(options)).applied });
    case 'reindex':
      return Object.freeze({ kind, id, rebuild: await verbs.reindex(signal) });
    case 'resume':
    case 'cutover':
    case 'abandon':
    case 'finish':
      return Object.freeze({ kind, id, rebuild: await verbs.rebuild(kind, signal) });
  }
}

function keysOf({ content }: DriftReport): readonly DocumentKey[] {
  const differences = (content.observed && content.value.differences) || [];
  return differences.filter(({ kind }) => REPAIRABLE.some((known) => known === kind)).map(({ key }) => key);
}
