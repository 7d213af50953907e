import type { DataSource, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { tablesOf } from '../outbox/attach.js';
import { run } from '../outbox/statement.js';
import {
  announceFence,
  carryUnknown,
  hasRows,
  noFence,
  pick,
  readDueRows,
  readSendingFacts,
  takeDownFence,
} from './claim.js';
import { endConnection, isGone, openConnection, ownConnections } from './connections.js';
import {
  type FencedAction,
  type HoldSource,
  LostHold,
  type Purpose,
  type Scope,
  type ShardHold,
} from './shard-hold.js';
import type { Timing } from './timing.js';

/**
 * Shards held by a lock on their rows, which dies with its connection: PostgreSQL, MySQL, MariaDB. Nothing else is
 * locked; locks on rows of the outbox would block the inserts of the application.
 */
export class LockedShards implements HoldSource {
  readonly #application: DataSource;
  readonly #shards: number;
  readonly #timing: Timing;
  #own: Promise<DataSource> | null = null;
  #locking: QueryRunner | null = null;
  readonly #asides = new Map<Purpose, Promise<QueryRunner>>();

  constructor(application: DataSource, shards: number, timing: Timing) {
    this.#application = application;
    this.#shards = shards;
    this.#timing = timing;
  }

  /** A DataSource of its own, for whoever works for the same sender. */
  async dataSource(): Promise<DataSource> {
    this.#own ??= ownConnections(this.#application, this.#shards).catch((error: unknown) => {
      this.#own = null;
      throw error;
    });
    return this.#own;
  }

  async aside(purpose: Purpose): Promise<QueryRunner> {
    const known = this.#asides.get(purpose);
    const runner = await known?.catch(() => null);
    if (runner && !isGone(runner)) return runner;
    // Of those who find it gone at the same time, one opens another.
    if (this.#asides.get(purpose) === known) {
      if (runner) await endConnection(runner);
      if (this.#asides.get(purpose) === known) this.#asides.set(purpose, this.#open());
    }
    return this.#asides.get(purpose)!;
  }

  async hold(scope: Scope): Promise<ShardHold | null> {
    // Both connections before the lock: with shards held, waiting for one could take for ever.
    const aside = await this.aside('send');
    const queryRunner = await this.#lockingConnection();
    const startedAt = performance.now();
    try {
      await queryRunner.startTransaction();
      const shards = await this.#lockShards(queryRunner, scope);
      const rows = shards.length === 0 ? [] : await readDueRows(queryRunner, scope, shards);
      if (rows.length === 0) {
        await queryRunner.rollbackTransaction();
        return null;
      }
      const { now, priorUnknown } = await readSendingFacts(queryRunner, shards);
      for (const [shard, until] of priorUnknown) if (until > now) await carryUnknown(queryRunner, shard, until);
      const unknownUntil = now + this.#timing.graceMs;
      await run(
        aside,
        (s) =>
          `UPDATE ${s.tables.sending} SET unknown_until = ${s.value(unknownUntil)} WHERE ${s.isIn('shard', shards)}`,
      );
      const carried = rows.map((row) => {
        const until = priorUnknown.get(row.shard) ?? 0;
        return until > now && until > row.unknownUntil ? { ...row, unknownUntil: until } : row;
      });
      return this.#holdOf(queryRunner, {
        shards,
        rows: carried,
        claimedAt: now,
        unknownUntil,
        startedAt,
        priorUnknown,
      });
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  async #lockShards(queryRunner: QueryRunner, scope: Scope): Promise<readonly number[]> {
    const some = scope.kind === 'due' && scope.fewerShards ? pick(this.#shards) : null;
    const { records } = await run<{ shard: unknown }>(
      queryRunner,
      (s) =>
        `SELECT free.shard FROM ${s.tables.shard} free
         WHERE ${some === null ? '' : `${s.isIn('free.shard', some)} AND `}${hasRows(s, scope, 'free.shard')}
         AND ${noFence(s)}${s.dialect.skipLocked}`,
    );
    return records.map(({ shard }) => Number(shard));
  }

  #holdOf(
    queryRunner: QueryRunner,
    facts: Pick<ShardHold, 'shards' | 'rows' | 'claimedAt' | 'unknownUntil'> & {
      readonly startedAt: number;
      readonly priorUnknown: ReadonlyMap<number, number>;
    },
  ): ShardHold {
    const { startedAt, priorUnknown, ...held } = facts;
    const lost = async (cause: unknown) => {
      await this.#drop();
      return new LostHold('The shards are not held any more.', { cause });
    };
    return {
      ...held,
      queryRunner,
      manager: queryRunner.manager,
      check: async () => {
        if (performance.now() - startedAt > this.#timing.lockMs) throw await lost('too late');
        await run(queryRunner, () => 'SELECT 1').catch(async (error: unknown) => {
          throw await lost(error);
        });
      },
      finish: async (write) => {
        try {
          await write(queryRunner);
          await this.#finish(queryRunner, held.shards);
        } catch (error) {
          throw await lost(error);
        }
      },
      abandon: async (mayHaveSent) => {
        // While the lock is there still, which it is in a transaction that has failed too.
        if (!mayHaveSent) await this.#restore(priorUnknown, held.unknownUntil).catch(() => undefined);
        await this.#drop();
      },
    };
  }

  /** Nothing is on its way any more but what the rows say. */
  async #finish(queryRunner: QueryRunner, shards: readonly number[]): Promise<void> {
    await run(queryRunner, (s) => `UPDATE ${s.tables.sending} SET unknown_until = 0 WHERE ${s.isIn('shard', shards)}`);
    await queryRunner.commitTransaction();
  }

  /** As if nothing had been claimed; where somebody else has the shard by now, his time stands there. */
  async #restore(priorUnknown: ReadonlyMap<number, number>, unknownUntil: number): Promise<void> {
    const aside = await this.aside('send');
    for (const until of new Set(priorUnknown.values())) {
      const shards = [...priorUnknown].filter(([, prior]) => prior === until).map(([shard]) => shard);
      await run(
        aside,
        (s) =>
          `UPDATE ${s.tables.sending} SET unknown_until = ${s.value(until)}
           WHERE ${s.isIn('shard', shards)} AND unknown_until = ${s.value(unknownUntil)}`,
      );
    }
  }

  async fence<T>(name: string, action: FencedAction<T>): Promise<T> {
    const aside = await this.aside('look');
    // Another connection than a batch's: the batch may be under way.
    const queryRunner = await this.#open();
    const announced = await announceFence(aside, name);
    try {
      await queryRunner.startTransaction();
      await queryRunner.query(`SELECT shard FROM ${tablesOf(queryRunner.dataSource).shard} ORDER BY shard FOR UPDATE`);
      const { records } = await run<{ until: unknown }>(
        queryRunner,
        (s) => `SELECT max(unknown_until) AS until FROM ${s.tables.sending}`,
      );
      const result = await action(queryRunner, Number(records[0]?.until ?? 0));
      await queryRunner.commitTransaction();
      return result;
    } catch (error) {
      // A connection that cannot even do that has ended, or is about to be told so.
      const isThere = await queryRunner.rollbackTransaction().then(
        () => true,
        () => false,
      );
      throw isThere || ScrypathError.is(error) ? error : fenceLost(name, this.#timing.lockMs, error);
    } finally {
      await endConnection(queryRunner);
      await takeDownFence(await this.aside('look'), announced);
    }
  }

  async #open(): Promise<QueryRunner> {
    return openConnection(await this.dataSource(), this.#timing);
  }

  async close(): Promise<void> {
    await this.#drop();
    const asides = [...this.#asides.values()];
    this.#asides.clear();
    for (const aside of asides) await aside.then(endConnection, () => undefined);
    const own = await this.#own?.catch(() => null);
    this.#own = null;
    if (own?.isInitialized) await own.destroy();
  }

  async #lockingConnection(): Promise<QueryRunner> {
    if (this.#locking !== null && isGone(this.#locking)) await this.#drop();
    this.#locking ??= await this.#open();
    return this.#locking;
  }

  /** Ends the locking connection, and the locks with it, whatever state it is in. */
  async #drop(): Promise<void> {
    const runner = this.#locking;
    this.#locking = null;
    if (runner !== null) await endConnection(runner);
  }
}

const fenceLost = (name: string, lockMs: number, cause: unknown): ScrypathError =>
  new ScrypathError({
    code: 'HOLD_LOST',
    happened: `The database ended the connection under which all sending was held up for a step (${name}).`,
    remedy: `Do it again: it goes on from what is written down. Where it comes often, the machine is too busy to do the step within ${lockMs} ms; raise outbox.lockMs.`,
    cause,
  });
