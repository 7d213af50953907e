import { hostname } from 'node:os';
import type { DataSource, QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';
import { backgroundRunner } from './background-runner.js';
import { announceFence, carryUnknown, FENCE_MS, hasRows, noFence, pick, readDueRows, takeDownFence } from './claim.js';
import { type FencedAction, type HoldSource, LostHold, type Scope, type ShardHold } from './shard-hold.js';
import type { Timing } from './timing.js';

const FENCE_LOOK_MS = 5;

/** Holders of this process that are alive. Another process is asked for by its number. */
const living = new Set<string>();

/**
 * Shards held by a lease in their row, since SQLite has neither row locks nor a connection to spare. Each step is one
 * statement outside of any transaction of the application. A holder that is seen to be dead is succeeded at once, any
 * other when its lease is over.
 */
export class LeasedShards implements HoldSource {
  readonly #dataSource: DataSource;
  readonly #timing: Timing;
  readonly #holder = `${hostname()}/${process.pid}/${crypto.randomUUID()}`;
  #runner: Promise<QueryRunner> | null = null;

  constructor(dataSource: DataSource, timing: Timing) {
    this.#dataSource = dataSource;
    this.#timing = timing;
  }

  aside(): Promise<QueryRunner> {
    // Again after a close: who is not among the living is succeeded at once.
    living.add(this.#holder);
    this.#runner ??= backgroundRunner(this.#dataSource, this.#timing.lockMs).catch((error: unknown) => {
      this.#runner = null;
      throw error;
    });
    return this.#runner;
  }

  async hold(scope: Scope): Promise<ShardHold | null> {
    const queryRunner = await this.aside();
    const every = await this.#freeShards(queryRunner, scope);
    if (every.length === 0) return null;
    const free = scope.kind === 'due' && scope.fewerShards ? pick(every.length).map((at) => every[at]!) : every;
    const startedAt = performance.now();
    const { shards, now, unknownUntil } = await this.#lease(queryRunner, free);
    if (shards.length === 0) return null;
    const prior = new Map(free.map(({ shard, until }) => [shard, until]));
    for (const shard of shards) if (prior.get(shard)! > now) await carryUnknown(queryRunner, shard, prior.get(shard)!);
    const rows = await readDueRows(queryRunner, scope, shards);
    if (rows.length === 0) {
      await this.#giveBack(queryRunner, shards);
      return null;
    }
    return this.#holdOf(queryRunner, { shards, rows, claimedAt: now, unknownUntil }, startedAt);
  }

  /** Shards with rows of the scope that nobody holds, and until when their last holder may have been sending. */
  async #freeShards(queryRunner: QueryRunner, scope: Scope) {
    const { records } = await run<{ shard: number; unknown_until: unknown; holder: string | null; now: unknown }>(
      queryRunner,
      (s) =>
        `SELECT sending.shard, sending.unknown_until, sending.holder, ${s.dialect.nowMs} AS now
         FROM ${s.tables.sending} sending WHERE ${hasRows(s, scope, 'sending.shard')} AND ${noFence(s)}`,
    );
    return records
      .filter(({ holder, unknown_until, now }) => Number(unknown_until) <= Number(now) || !isAlive(holder))
      .map(({ shard, unknown_until, holder }) => ({ shard, until: Number(unknown_until), holder }));
  }

  /** Takes those whose holder is still the one that was seen: of two that try, one succeeds. */
  async #lease(queryRunner: QueryRunner, free: readonly { shard: number; until: number; holder: string | null }[]) {
    const shards: number[] = [];
    let unknownUntil = 0;
    for (const { shard, until, holder } of free) {
      const { records } = await run<{ unknown_until: unknown }>(
        queryRunner,
        (s) =>
          `UPDATE ${s.tables.sending} SET holder = ${s.value(this.#holder)},
           unknown_until = ${s.dialect.nowMs} + ${s.value(this.#timing.graceMs)}
           WHERE shard = ${s.value(shard)} AND holder IS ${s.value(holder)} AND unknown_until = ${s.value(until)}
           AND ${noFence(s)} RETURNING unknown_until`,
      );
      if (records.length === 0) continue;
      shards.push(shard);
      // The least of them, so that it is no later than what stands in any row.
      const leased = Number(records[0]!.unknown_until);
      unknownUntil = unknownUntil === 0 ? leased : Math.min(unknownUntil, leased);
    }
    return { shards, unknownUntil, now: unknownUntil - this.#timing.graceMs };
  }

  #holdOf(
    queryRunner: QueryRunner,
    held: Pick<ShardHold, 'shards' | 'rows' | 'claimedAt' | 'unknownUntil'>,
    startedAt: number,
  ): ShardHold {
    const check = async () => {
      if (performance.now() - startedAt > this.#timing.lockMs) throw new LostHold('The shards were held for too long.');
      const { records } = await run(
        queryRunner,
        (s) =>
          `SELECT shard FROM ${s.tables.sending} WHERE holder = ${s.value(this.#holder)} AND ${s.isIn('shard', held.shards)}`,
      );
      if (records.length < held.shards.length) throw new LostHold('The shards are not held any more.');
    };
    return {
      ...held,
      queryRunner,
      manager: queryRunner.manager,
      check,
      finish: async (write) => {
        try {
          await check();
          await write(queryRunner);
          await this.#giveBack(queryRunner, held.shards);
        } catch (error) {
          throw error instanceof LostHold ? error : new LostHold('The mark failed.', { cause: error });
        }
      },
      // What may have been sent is not waited for here: the lease ends when it has arrived.
      abandon: async (mayHaveSent) => {
        if (!mayHaveSent) await this.#giveBack(queryRunner, held.shards).catch(() => undefined);
      },
    };
  }

  async #giveBack(queryRunner: QueryRunner, shards: readonly number[]): Promise<void> {
    await run(
      queryRunner,
      (s) =>
        `UPDATE ${s.tables.sending} SET holder = NULL, unknown_until = 0
         WHERE holder = ${s.value(this.#holder)} AND ${s.isIn('shard', shards)}`,
    );
  }

  async fence<T>(name: string, action: FencedAction<T>): Promise<T> {
    const queryRunner = await this.aside();
    // A holder of its own, beside a batch of this sender that may be under way.
    const owner = `${this.#holder}/${crypto.randomUUID()}`;
    living.add(owner);
    const announced = await announceFence(queryRunner, name);
    try {
      let lateUntil = 0;
      const late = (until: number) => {
        lateUntil = Math.max(lateUntil, until);
      };
      while (!(await this.#takeAll(queryRunner, owner, late)))
        await new Promise((resolve) => setTimeout(resolve, FENCE_LOOK_MS));
      return await action(queryRunner, lateUntil);
    } finally {
      await run(
        queryRunner,
        (s) => `UPDATE ${s.tables.sending} SET holder = NULL, unknown_until = 0 WHERE holder = ${s.value(owner)}`,
      );
      living.delete(owner);
      await takeDownFence(queryRunner, announced);
    }
  }

  /**
   * Takes what is free, in the order of the shards, up to the first that is not: two owners never wait for each other.
   * @param late told until when something of a holder that is dead may still arrive
   */
  async #takeAll(queryRunner: QueryRunner, owner: string, late: (until: number) => void): Promise<boolean> {
    const { records } = await run<{ shard: number; unknown_until: unknown; holder: string | null; now: unknown }>(
      queryRunner,
      (s) => `SELECT shard, unknown_until, holder, ${s.dialect.nowMs} AS now FROM ${s.tables.sending} ORDER BY shard`,
    );
    for (const { shard, unknown_until, holder, now } of records) {
      if (holder === owner) continue;
      const until = Number(unknown_until);
      if (until > Number(now) && isAlive(holder)) return false;
      const { affected } = await run(
        queryRunner,
        (s) =>
          `UPDATE ${s.tables.sending} SET holder = ${s.value(owner)}, unknown_until = ${s.dialect.nowMs} + ${FENCE_MS}
           WHERE shard = ${s.value(shard)} AND holder IS ${s.value(holder)} AND unknown_until = ${s.value(until)}`,
      );
      if (affected === 0) return false;
      if (until <= Number(now)) continue;
      late(until);
      await carryUnknown(queryRunner, shard, until);
    }
    return true;
  }

  async close(): Promise<void> {
    living.delete(this.#holder);
  }
}

/** Whether a holder may still be at work: one on another machine may. */
function isAlive(holder: string | null): boolean {
  if (holder === null) return false;
  const [host, pid] = holder.split('/');
  if (host !== hostname()) return true;
  if (Number(pid) === process.pid) return living.has(holder);
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
