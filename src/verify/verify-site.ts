import type { QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Projection } from '../projection/projection.js';

/** A connection for the reads of one verification; nobody else uses it meanwhile. */
export interface ReadConnection {
  /**
   * On the primary, outside any transaction, so that each statement sees what is committed when it begins. Its DataSource
   * knows the tables of the outbox, where there is one.
   */
  readonly queryRunner: QueryRunner;
  end(): Promise<void>;
}

/** What a verification works with. */
export interface VerifySite {
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
  readonly backend: Pick<Backend, 'documents'>;
  connect(): Promise<ReadConnection>;
  /** Null where writes leave no trace in the database until they are in the index. */
  readonly outbox: {
    /** What the outbox's column `entity` says of rows that documents of this entity hold. */
    readonly dependencies: readonly string[];
  } | null;
  readonly timing?: Partial<VerifyTiming>;
}

/** Milliseconds. */
export interface VerifyTiming {
  /** Between two looks at a key that differs. */
  readonly pauseMs: number;
  /** As far as the pause grows while nothing happens. */
  readonly longestPauseMs: number;
  /** Spent at most on pauses after which no key was any further; what is under way then is pending. */
  readonly patienceMs: number;
}

/** Without an outbox a pause is all that lets a write under way arrive. */
export const timingOf = ({ outbox, timing }: VerifySite): VerifyTiming => ({
  pauseMs: outbox === null ? 500 : 100,
  longestPauseMs: 1_000,
  patienceMs: 10_000,
  ...timing,
});
