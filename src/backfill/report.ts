import type { DocumentKey } from '../document/search-document.js';

/** A record that has no document because of it. */
export interface BackfillFailure {
  readonly key: DocumentKey;
  /** `read`: it could not be loaded. `project`: it cannot become a document. `index`: the engine refused the document. */
  readonly step: 'read' | 'project' | 'index';
  /** A code of Scrypath, or of the engine; null where the application's own code threw. */
  readonly code: string | null;
  readonly error: unknown;
}

/** Failures of one page, which ends with `lastKey`. */
export interface FailedPage {
  readonly lastKey: DocumentKey;
  readonly failures: readonly BackfillFailure[];
}

export interface BackfillReport {
  readonly index: string;
  /** Whether it began, or went on where one before had stopped. */
  readonly mode: 'fresh' | 'resumed';
  /** All up to here is done; null where nothing is, or where ranges of keys were filled side by side. */
  readonly lastKey: DocumentKey | null;
  /** Uploads whose tasks have succeeded, the runs before included. */
  readonly batches: number;
  /** Documents of those uploads. */
  readonly documents: number;
  /** Rows that `when` keeps out of the index. Soft-deleted rows are not even read. */
  readonly skipped: number;
  /** Rows that this run has read. */
  readonly rows: number;
  /** Records without a document, of this run. */
  readonly failed: readonly FailedPage[];
  /** How long each stage of this run took. They overlap: together they are more than the time that passed. */
  readonly seconds: { readonly read: number; readonly project: number; readonly send: number; readonly index: number };
  /** Until then a request that got no answer may still reach the engine, in milliseconds since 1970; else null. */
  readonly lateUntil: number | null;
}

/** How far a backfill has got. */
export interface BackfillProgress {
  /** Rows that are done: their documents are searchable, or they have none. */
  readonly rows: number;
  /** Rows that were read. */
  readonly read: number;
  /** Documents that are searchable. */
  readonly documents: number;
  /** Rows in all, as counted at the beginning. */
  readonly total: number;
  /** Rows done in a second, since this run began. */
  readonly rate: number;
  /** An estimate, in milliseconds; left out as long as nothing is done. */
  readonly etaMs?: number;
  /** Uploads whose tasks have not ended. */
  readonly tasksInFlight: number;
  /** Tasks of every index that the engine has not done, where it can tell. */
  readonly backlog?: number;
}

const reports = new WeakMap<object, BackfillReport>();

/** Remembers with an error how far the backfill had got that it stopped. */
export function withReport(error: unknown, report: BackfillReport): unknown {
  if (typeof error === 'object' && error !== null) reports.set(error, report);
  return error;
}

/** How far a backfill had got that was stopped by the error; null where it is no such error. */
export const backfillReportOf = (error: unknown): BackfillReport | null =>
  typeof error === 'object' && error !== null ? (reports.get(error) ?? null) : null;
