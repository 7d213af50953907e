import type { EntityManager, QueryRunner } from 'typeorm';
import type { DirtyRow } from './dirty-row.js';

/** Which rows somebody wants to send. */
export type Scope =
  | {
      readonly kind: 'due';
      readonly entities: readonly string[];
      readonly limit: number;
      readonly fewerShards: boolean;
    }
  | { readonly kind: 'ids'; readonly entities: readonly string[]; readonly ids: readonly string[] };

/**
 * Some shards, held: nobody else sends a key of them. Before it is given out, it stands in the database that something
 * may be on its way from now until `unknownUntil`.
 */
export interface ShardHold {
  readonly shards: readonly number[];
  readonly rows: readonly DirtyRow[];
  /** Statements and reads of the holder: in READ COMMITTED, on the primary. */
  readonly queryRunner: QueryRunner;
  readonly manager: EntityManager;
  /** When the rows were read, in milliseconds on the database's clock. No send started earlier. */
  readonly claimedAt: number;
  /** Until when a request of this hold may reach the engine, on the database's clock. */
  readonly unknownUntil: number;
  /**
   * To be asked before each send.
   * @throws LostHold where the shards may be somebody else's by now
   */
  check(): Promise<void>;
  /**
   * Writes what came of it, and gives the shards back.
   * @throws LostHold where that cannot be written any more
   */
  finish(write: (queryRunner: QueryRunner) => Promise<void>): Promise<void>;
  /**
   * Gives the shards back where the batch failed; nothing of it is written. Never rejects.
   * @param mayHaveSent whether something may be on its way to the engine
   */
  abandon(mayHaveSent: boolean): Promise<void>;
}

/** The shards are not held any more: the connection is gone, or took too long. */
export class LostHold extends Error {
  override readonly name = 'LostHold';
}

/** What a connection beside the hold's is for; none waits for another's statements. */
export type Purpose = 'send' | 'settle' | 'look';

/**
 * What is done while every shard is held.
 * @param lateUntil until when something that a dead sender has sent may still arrive, on the database's clock; else 0
 */
export type FencedAction<T> = (queryRunner: QueryRunner, lateUntil: number) => Promise<T>;

/** Where a sender gets its shards from, over connections of its own. */
export interface HoldSource {
  /** Holds shards with rows of the scope, or null where there are none that are free. */
  hold(scope: Scope): Promise<ShardHold | null>;
  /** A connection beside the hold's, for statements that are committed at once; one for each purpose. */
  aside(purpose: Purpose): Promise<QueryRunner>;
  /**
   * Takes every shard, once running batches are over, and runs `action` meanwhile.
   * @throws ScrypathError `HOLD_LOST` where the connection ended under it
   */
  fence<T>(name: string, action: FencedAction<T>): Promise<T>;
  close(): Promise<void>;
}
