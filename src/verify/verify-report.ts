import type { DocumentKey } from '../document/search-document.js';

/**
 * What is wrong with one key. `missing`: its record belongs in the index, and no document is there. `extra`: a document is
 * there, and no record, or one that does not belong in the index. `stale`: the document is not the one that its record
 * makes. `failed`: the record cannot become a document. `pending`: record and document differ, and work that will change
 * that is under way.
 */
export const DIFFERENCES = ['missing', 'extra', 'stale', 'failed', 'pending'] as const;
export type DifferenceKind = (typeof DIFFERENCES)[number];

/** One key whose record and document do not agree. */
export type Difference =
  | { readonly kind: Exclude<DifferenceKind, 'failed'>; readonly key: DocumentKey }
  | {
      readonly kind: 'failed';
      readonly key: DocumentKey;
      /** Code of the error, or its class where it is none of ours: never a text that may hold data. */
      readonly reason: string;
      readonly error: unknown;
    };

export type DifferenceCounts = Readonly<Record<DifferenceKind, number>>;

/** How far a verification has got. */
export interface VerifyProgress {
  /** What is read now: first the records, then the documents. */
  readonly reading: 'records' | 'documents';
  /** Rows of the database that were compared. */
  readonly rows: number;
  /** Documents of the index that were looked at in the engine's own order. */
  readonly documents: number;
  /** Differences found so far; keys that are to be looked at again are not among them. */
  readonly differences: number;
}

/** What a verification came to. */
export interface VerifySummary {
  readonly index: string;
  /** Rows of the database that were compared, those that do not belong in the index included. */
  readonly rows: number;
  /** Documents that the engine showed in its own order. */
  readonly documents: number;
  readonly counts: DifferenceCounts;
  readonly seconds: number;
  /** Whether nothing is missing, extra, stale or failed. What is pending does not count: its work is under way. */
  readonly clean: boolean;
}

export interface VerifyReport extends VerifySummary {
  /** Every difference; null where there are more than `maxListed`, or where `onDifferences` was given them. */
  readonly differences: readonly Difference[] | null;
}
