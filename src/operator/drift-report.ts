import type { DocumentKey } from '../document/search-document.js';
import type { ContractPart } from '../metadata/contract.js';
import type { SettingsPlan } from '../settings/index-settings-plan.js';
import type { DifferenceCounts, DifferenceKind } from '../verify/verify-report.js';
import type { Observed } from './observed.js';
import type { RebuildVisibility } from './rebuild-visibility.js';

/**
 * How an index can have drifted from its database and its declarations.
 *
 * | kind             | what was seen                                                                                   |
 * | ---------------- | ----------------------------------------------------------------------------------------------- |
 * | `missing`        | records that belong in the index, without a document                                            |
 * | `extra`          | documents without a record: hits that point at missing rows, deletes that never arrived         |
 * | `stale`          | documents that are not the ones that their records make                                         |
 * | `unprojectable`  | records that cannot become a document                                                           |
 * | `count_mismatch` | the engine counts other than the database, and which keys that is was not listed                |
 * | `discarded_work` | work that was given up                                                                          |
 * | `settings`       | the index has other settings than declared                                                      |
 * | `contract`       | the documents of the index were made by other declarations, or by another version of their code |
 * | `index_missing`  | there is no live index                                                                          |
 * | `index_replaced` | the live index is not the one that was written to                                               |
 * | `stuck_rebuild`  | a rebuild has stopped on its way and nobody is at work on it, or lost its target                |
 */
export const DRIFT_KINDS = Object.freeze([
  ...(['missing', 'extra', 'stale', 'unprojectable', 'count_mismatch', 'discarded_work'] as const),
  ...(['settings', 'contract', 'index_missing', 'index_replaced', 'stuck_rebuild'] as const),
]);
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** One way in which the index has drifted. */
export interface DriftSignal {
  readonly kind: DriftKind;
  /** Of documents, records, rows of work, or settings; null for what is not counted. */
  readonly count: number | null;
  /** A sentence for a person. */
  readonly why: string;
}

/** What a comparison by content came to. */
export interface ContentDrift {
  readonly rows: number;
  readonly documents: number;
  readonly counts: DifferenceCounts;
  readonly seconds: number;
  /** Every difference; null where there are more than `maxListed`. */
  readonly differences:
    | readonly { readonly kind: DifferenceKind; readonly key: DocumentKey; readonly reason?: string }[]
    | null;
}

/** Documents of the live index against those that it should have. */
export interface CountDrift {
  readonly documents: number;
  readonly expected: number;
}

/** Declarations that the documents of the live index were made by, against those of this program. */
export interface ContractDrift {
  /** Where it is `settings` alone, documents are the same: what the index is told is compared by itself. */
  readonly changed: readonly ContractPart[];
}

/** How far an index is from its database and its declarations. Frozen; JSON; of records it has keys alone. */
export interface DriftReport {
  readonly entity: string;
  readonly index: string;
  /** When it began, ISO 8601. */
  readonly at: string;
  /** What was seen; none where nothing was, of what could be observed. */
  readonly signals: readonly DriftSignal[];
  /** Whether everything that was asked for was observed, and no signal was seen. */
  readonly clean: boolean;
  readonly content: Observed<ContentDrift>;
  readonly counts: Observed<CountDrift>;
  readonly settings: Observed<SettingsPlan>;
  readonly contract: Observed<ContractDrift>;
  /** Rows of work that were given up. */
  readonly discarded: Observed<number>;
  readonly liveIndex: Observed<'live' | 'missing' | 'replaced'>;
  readonly rebuild: Observed<RebuildVisibility>;
}
