import type { TaskRef } from '../backend/task.js';
import type { DocumentKey } from '../document/search-document.js';
import type { KeyRange } from '../records/record-pages.js';

/** Documents that the engine has accepted in one upload, and of which it is not saved that all before them are done. */
export interface SentBody {
  /** The last key that it covers; it begins behind the body before. */
  readonly to: DocumentKey;
  readonly rows: number;
  readonly documents: number;
  readonly skipped: number;
  /** Empty where the engine has refused the upload: its documents are to be sent one by one. */
  readonly tasks: readonly TaskRef[];
  /** Whether it is known that the tasks have succeeded. */
  readonly settled: boolean;
}

/** How far one range of keys has got. */
export interface RangeState {
  readonly range: KeyRange;
  /** All up to this key is done; null where nothing is. */
  readonly after: DocumentKey | null;
  readonly sent: readonly SentBody[];
  /** Whether the range was read to its end. */
  readonly read: boolean;
}

/** Where a backfill goes on after it was stopped or killed. */
export interface FillState {
  readonly ranges: readonly RangeState[];
  /** Up to here all is done, where there is one range; else null. */
  readonly lastKey: DocumentKey | null;
  /** Uploads whose tasks have succeeded, and their documents. */
  readonly batches: number;
  readonly documents: number;
  /** Rows that do not belong in the index. */
  readonly skipped: number;
  /** Records without a document because they, or their documents, failed. */
  readonly failed: number;
  /** Until then a request that got no answer may still reach the engine, in milliseconds since 1970; else 0. */
  readonly lateUntil: number;
}

/** What there is to go on with. */
export interface UnfinishedFill {
  readonly state: FillState;
  /** Whether it ended without saying so: what it was just sending may still arrive. */
  readonly killed: boolean;
}

/** Keeps where a backfill is. */
export interface FillLog {
  /** Where the backfill to go on with was, or null where it begins. */
  load(): Promise<UnfinishedFill | null>;
  /**
   * Called for each upload that the engine has accepted, and again when its tasks have succeeded; never twice at a time.
   * Only what has succeeded moves `after`, `lastKey` and the counts: what was accepted is asked for again on resume.
   */
  save(state: FillState): Promise<void>;
  /** The last call: how it ended. What failed can be resumed. */
  end(outcome: 'done' | 'failed'): Promise<void>;
}

/** Keeps it in memory, for as long as the process lives. */
export class MemoryFillLog implements FillLog {
  constructor(public state: FillState | null = null) {}

  load(): Promise<UnfinishedFill | null> {
    return Promise.resolve(this.state && { state: this.state, killed: false });
  }

  save(state: FillState): Promise<void> {
    this.state = state;
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** The state before anything was done. */
export const freshState = (ranges: readonly KeyRange[], after: DocumentKey | null): FillState => ({
  ranges: ranges.map((range) => ({ range, after, sent: [], read: false })),
  lastKey: ranges.length === 1 ? after : null,
  batches: 0,
  documents: 0,
  skipped: 0,
  failed: 0,
  lateUntil: 0,
});
