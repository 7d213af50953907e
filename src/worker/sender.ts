import type { DataSource } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { dialectOf } from '../outbox/dialect.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { run } from '../outbox/statement.js';
import { isOfDatabase } from '../records/in-halves.js';
import type { Logger } from '../telemetry/logger.js';
import { hasRows, noFence } from './claim.js';
import { type Drained, type DrainSite, drain, type Want } from './drain.js';
import { dueRowsOf } from './due-rows.js';
import type { Backoff } from './failure.js';
import { IndexWatch } from './index-watch.js';
import { LeasedShards } from './leased-shards.js';
import { LockedShards } from './locked-shards.js';
import { Settler } from './settler.js';
import type { HoldSource } from './shard-hold.js';
import type { Timing } from './timing.js';
import { newestVersions } from './versions.js';
import { namesOf, type Work } from './work.js';

/** What senders of one instance have in common. */
export interface SenderSite {
  readonly dataSource: DataSource;
  readonly shards: number;
  readonly backend: Backend;
  readonly work: Work;
  readonly logger: Logger;
  readonly timing: Timing;
  readonly backoff: Backoff;
  readonly maxAttempts: number;
  /** Of all senders of an instance, so that one tells that an index was replaced. */
  readonly watch?: IndexWatch;
}

/** Where a DataSource's shards are held: by row locks, or by leases where the database has none. */
export const holdSourceOf = ({ dataSource, shards, timing }: SenderSite): HoldSource =>
  dialectOf(dataSource).family === 'sqlite'
    ? new LeasedShards(dataSource, timing)
    : new LockedShards(dataSource, shards, timing);

/** Somebody who brings rows of the outbox to the engine, one batch after the other, over connections of its own. */
export class Sender {
  readonly source: HoldSource;
  readonly settler: Settler;
  readonly #site: DrainSite;
  #failures = 0;

  constructor(site: SenderSite) {
    this.source = holdSourceOf(site);
    const { backend, work, timing, backoff, maxAttempts, logger } = site;
    const watch = site.watch ?? new IndexWatch(backend, logger);
    const memory = { outdated: new Map<string, number>(), held: new Map<string, number>(), owed: [] };
    this.#site = { source: this.source, backend, work, timing, backoff, watch, logger, ...memory };
    this.settler = new Settler({ backend, work, backoff, maxAttempts, aside: () => this.source.aside('settle') });
  }

  /** How often the engine has taken nothing, one time after the other. */
  get failures(): number {
    return this.#failures;
  }

  /** One batch after the other: they share a connection. */
  drain(want: Want): Promise<Drained> {
    const turn = this.#turn.then(() => this.#drain(want));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #turn: Promise<unknown> = Promise.resolve();

  /** Names that are worked off one by one, since a batch of all of them failed: one broken table must not stop the others. */
  #apart: string[] = [];

  async #drain(given: Want): Promise<Drained> {
    const only = given.kind === 'due' ? this.#apart.shift() : undefined;
    const want = given.kind === 'due' && only !== undefined ? { ...given, only } : given;
    let drained: Drained;
    try {
      drained = await drain(this.#site, want, this.#failures);
    } catch (error) {
      if (want.kind === 'due' && only === undefined && isOfDatabase(error)) this.#apart = [...namesOf(this.#site.work)];
      throw error;
    }
    // Of one name there may be nothing to do while others wait.
    if (drained.rows === 0 && only !== undefined) return this.#drain(given);
    if (drained.outage) this.#failures += 1;
    else if (drained.accepted.length > 0) this.#failures = 0;
    this.settler.add(drained.accepted);
    return drained;
  }

  /** Whether something is due, by one cheap question. */
  async hasWork(): Promise<boolean> {
    const scope = { kind: 'due', entities: namesOf(this.#site.work), limit: 1, fewerShards: false } as const;
    const { records } = await run(
      await this.source.aside('send'),
      (s) =>
        `SELECT free.shard FROM ${s.tables.shard} free WHERE ${hasRows(s, scope, 'free.shard')} AND ${noFence(s)} LIMIT 1`,
    );
    return records.length > 0;
  }

  /** Ids of rows of the keys that are due; none of those that this sender would leave alone. A part where they are many. */
  async dueIds(keys: readonly DirtyKey[]): Promise<readonly string[]> {
    const { work, watch } = this.#site;
    const queryRunner = await this.source.aside('send');
    const newest = await newestVersions(queryRunner);
    const byEntity = new Map<string, string[]>();
    for (const { entity, recordKey } of keys) {
      const metadata = work.documents.get(entity)?.metadata;
      const sends = metadata
        ? !watch.isBlocked(metadata.indexName) && (newest.get(entity) ?? 0) <= metadata.version
        : this.fansOut(entity);
      if (!sends) continue;
      const recordKeys = byEntity.get(entity);
      if (recordKeys === undefined) byEntity.set(entity, [recordKey]);
      else recordKeys.push(recordKey);
    }
    return dueRowsOf(queryRunner, byEntity);
  }

  /** Whether a row of this name dirties the rows of others. */
  fansOut(entity: string): boolean {
    return this.#site.work.dependencies.has(entity);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
