import type { BackfillProgress, BackfillReport } from '../backfill/report.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { DifferenceCounts, VerifyProgress } from '../verify/verify-report.js';
import type { RebuildState } from '../worker/rebuilds.js';
import type { ReindexOptions } from './reindex-options.js';

/** What a rebuild does, in this order; a cutover by choice begins again at `verify`. */
export const REBUILD_STEPS = Object.freeze(['create', 'fill', 'replay', 'verify', 'swap', 'drop'] as const);
export type RebuildStep = (typeof REBUILD_STEPS)[number];

/** What a rebuild has come to, as far as it was seen. It claims nothing of what was not. */
export interface RebuildAudit {
  readonly id: string;
  readonly entity: string;
  /** How far it has got. */
  readonly state: RebuildState;
  /** Name of the live index. */
  readonly live: string;
  /** Name of the index beside it: the new one before the cutover, the old one after it. */
  readonly target: string;
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  /** Settings that the target was given and gave back; null before that. */
  readonly settings: IndexSettings | null;
  /** Uploads of the fill, and their documents. */
  readonly batches: number;
  readonly documents: number;
  /** Rows that `when` keeps out of the index. */
  readonly skipped: number;
  /** Keys of records without a document, which `maxFailures` bears with. */
  readonly failed: readonly string[];
  /** Keys that were written while the target was filled, and sent once more behind it. */
  readonly replayed: number;
  /** The last verification of the target by content; null before it. */
  readonly verified: { readonly rows: number; readonly documents: number; readonly counts: DifferenceCounts } | null;
  /** Keys that a verification found different, and that were sent again. */
  readonly repaired: number;
  /** When is not known where whoever had sent the swap died before he saw its outcome. */
  readonly cutover: { readonly happened: boolean; readonly at: string | null };
  /**
   * The index that was live before the cutover: where it is now, whether it was kept, and whether writes still go to it. It
   * says nothing of whether a search can see them, nor that anything was cleaned up.
   */
  readonly old: { readonly index: string | null; readonly kept: boolean; readonly current: boolean };
  /**
   * How writes that came meanwhile are in the target: each was sent to both indexes, and what an older page may have been
   * written over was sent again; or, without an outbox, only by comparing and mending until nothing differed.
   */
  readonly covered: 'double_writes' | 'verify_and_repair';
  /** Why the target is not written any more, as a code; null where it is. */
  readonly problem: string | null;
  /** What stands out: an old index that was not trusted, say. */
  readonly notes: readonly string[];
  /** How long each step took, over all runs. */
  readonly seconds: Readonly<Partial<Record<RebuildStep, number>>>;
}

/** How far a rebuild has got. */
export type RebuildProgress =
  | { readonly step: 'create' | 'replay' | 'swap' | 'drop' }
  | ({ readonly step: 'fill' } & BackfillProgress)
  | ({ readonly step: 'verify' } & VerifyProgress);

/** What is kept of a rebuild beside its state; all of it is known to whoever goes on with it. */
export interface RebuildReport {
  /** The registration that remembers which keys are sent while the target is filled. */
  readonly registration: string | null;
  /** The step that comes next, while it is being built. */
  readonly next: RebuildStep;
  /** How it ends when the index under the target's name was dropped. */
  readonly ends: 'finished' | 'rolled_back' | 'abandoned';
  /** Before then a request may still arrive at the target's name, in milliseconds on the database's clock. */
  readonly lateUntil: number;
  /** Whether the old index had all documents when the rebuild began: only then it is kept. */
  readonly wasWhole: boolean;
  readonly keepOld: boolean;
  readonly maxFailures: number;
  /** What else it was begun with, for whoever goes on with it. */
  readonly given: Pick<
    ReindexOptions,
    'cutover' | 'settings' | 'dropForeign' | 'batchSize' | 'partitions' | 'distribute'
  >;
  /** Whether settings were given that are not kept here, since they may hold the key of an embedder. */
  readonly withheld: boolean;
  readonly settings: IndexSettings | null;
  readonly batches: number;
  readonly documents: number;
  readonly skipped: number;
  readonly failed: readonly string[];
  readonly replayed: number;
  readonly verified: RebuildAudit['verified'];
  readonly repaired: number;
  readonly cutoverAt: string | null;
  readonly notes: readonly string[];
  readonly seconds: Readonly<Partial<Record<RebuildStep, number>>>;
}

export const freshReport = ({ keepOld = true, maxFailures = 0, ...options }: ReindexOptions): RebuildReport => ({
  keepOld,
  maxFailures,
  given: givenOf(options),
  withheld: options.settings?.embedders !== undefined,
  registration: null,
  next: 'create',
  ends: 'finished',
  lateUntil: 0,
  wasWhole: true,
  settings: null,
  batches: 0,
  documents: 0,
  skipped: 0,
  failed: [],
  replayed: 0,
  verified: null,
  repaired: 0,
  cutoverAt: null,
  notes: [],
  seconds: {},
});

const givenOf = ({
  cutover,
  settings,
  dropForeign,
  batchSize,
  partitions,
  distribute,
}: ReindexOptions): RebuildReport['given'] => ({
  ...(cutover !== undefined && { cutover }),
  ...(settings !== undefined && settings.embedders === undefined && { settings }),
  ...(dropForeign !== undefined && { dropForeign }),
  ...(batchSize !== undefined && { batchSize }),
  ...(partitions !== undefined && { partitions }),
  ...(distribute !== undefined && { distribute }),
});

/** The seconds with those of a step that began then, and ends now; a step may be done in several runs. */
export const withStep = (
  seconds: RebuildReport['seconds'],
  step: RebuildStep,
  started: number,
): RebuildReport['seconds'] => ({
  ...seconds,
  [step]: (seconds[step] ?? 0) + (performance.now() - started) / 1_000,
});

/** What of a fill an audit tells. */
export const filled = ({ batches, documents, skipped, failed }: BackfillReport) => ({
  batches,
  documents,
  skipped,
  failed: failed.flatMap(({ failures }) => failures.map(({ key }) => key)),
});

/** Where a rebuild is, as far as an audit tells it. */
export interface RebuildPlace {
  readonly id: string;
  readonly entity: string;
  readonly state: RebuildState;
  readonly live: string;
  readonly target: string;
  readonly startedAt: number;
  readonly problem: string | null;
}

export function auditOf(place: RebuildPlace, report: RebuildReport, covered: RebuildAudit['covered']): RebuildAudit {
  const { id, entity, state, live, target, startedAt, problem } = place;
  const { settings, batches, documents, skipped, failed, replayed, verified, repaired, cutoverAt, notes, seconds } =
    report;
  const isKept = state === 'kept';
  const happened = cutoverAt !== null || isCutOver(state, report);
  return Object.freeze({
    ...{ id, entity, state, live, target, startedAt: new Date(startedAt).toISOString() },
    ...{ settings, batches, documents, skipped, failed, replayed, verified, repaired },
    cutover: Object.freeze({ happened, at: cutoverAt }),
    old: Object.freeze({
      index: isKept ? target : null,
      kept: isKept,
      current: isKept && covered === 'double_writes' && problem === null,
    }),
    ...{ covered, problem, notes, seconds },
  });
}

/** A worker may have found out that the names were swapped, and knows nothing of this report. */
const isCutOver = (state: RebuildState, { ends }: RebuildReport): boolean =>
  ['kept', 'reverting', 'finished', 'rolled_back'].includes(state) || (state === 'dropping' && ends !== 'abandoned');
