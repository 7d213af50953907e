import type { PgBoss } from 'pg-boss';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type Batch, batchesOf } from '../queue/batches.js';
import { DEFAULT_STOP_MS } from '../queue/consume-options.js';
import { failureReason } from '../queue/failure-reason.js';
import type { OutageLog } from '../queue/outage-log.js';
import { Alarm, settledWithin } from '../queue/waiting.js';
import type { Consumer, KeyHandler, StopOptions } from '../queue/work-queue.js';
import { type Claim, claimsOf } from './claims.js';

/** Jobs taken at once. Two statements carry them all; a bulk write's jobs of 100 keys each still leave work for others. */
const JOBS_PER_FETCH = 100;

export interface ConsumerSettings {
  readonly boss: PgBoss;
  readonly queue: string;
  readonly maxKeys: number;
  readonly pollMs: number;
  readonly heartbeatSeconds: number;
  readonly outages: OutageLog;
  /** Makes the queue ready; called before every fetch, and does nothing once it succeeded. */
  ready(): Promise<void>;
}

/** Fetches jobs, hands their keys to the handler and settles them. */
export class PgBossConsumer implements Consumer {
  /** Rung where jobs may have come. */
  readonly alarm = new Alarm();
  readonly #held = new Set<Claim>();
  readonly #abort = new AbortController();
  /** When it has stopped and its last handler has come back. */
  readonly ended: Promise<void>;
  readonly #heartbeat: NodeJS.Timeout;
  #batch: { readonly claims: readonly Claim[]; readonly lost: AbortController } | null = null;
  #stopped: Promise<void> | null = null;

  constructor(
    private readonly settings: ConsumerSettings,
    private readonly handler: KeyHandler,
  ) {
    this.#heartbeat = setInterval(() => void this.#touch(), (settings.heartbeatSeconds * 1000) / 3);
    this.ended = this.#run();
  }

  stop({ timeoutMs = DEFAULT_STOP_MS }: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.alarm.ring();
    if (!(await settledWithin(this.ended, timeoutMs))) {
      this.#abort.abort(consumerStopped());
      await this.#fail([...this.#held], consumerStopped());
    }
    clearInterval(this.#heartbeat);
  }

  async #run(): Promise<void> {
    while (this.#stopped === null) {
      const claims = await this.#fetch();
      for (const batch of batchesOf(claims, this.settings.maxKeys)) await this.#handle(batch);
      if (claims.length === 0) await this.alarm.wait(this.settings.pollMs);
    }
  }

  async #fetch(): Promise<readonly Claim[]> {
    const { boss, queue, ready } = this.settings;
    const fetched = await this.#attempt(async () => {
      await ready();
      return this.#stopped === null ? boss.fetch<unknown>(queue, { batchSize: JOBS_PER_FETCH }) : [];
    });
    const { claims, foreign } = claimsOf(fetched ?? []);
    for (const claim of claims) this.#held.add(claim);
    if (foreign.length > 0)
      await this.#attempt(() => boss.fail(queue, [...foreign], { reason: 'not a job of Scrypath' }));
    return claims;
  }

  /** Jobs that were not handled in time are others' by now. */
  async #handle({ deliveries, keys }: Batch<Claim>): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const lost = new AbortController();
    this.#batch = { claims: deliveries, lost };
    try {
      await this.handler(keys, AbortSignal.any([this.#abort.signal, lost.signal]));
      await this.#done(deliveries);
    } catch (error) {
      await this.#fail(deliveries, error);
    } finally {
      this.#batch = null;
    }
  }

  /** Removed rather than completed: pg-boss deletes failed jobs when it deletes completed ones, and those are to stay. */
  #done(claims: readonly Claim[]): Promise<unknown> {
    return this.#settle(claims, (held) => this.settings.boss.deleteJob(this.settings.queue, held));
  }

  #fail(claims: readonly Claim[], error: unknown): Promise<unknown> {
    const output = { reason: failureReason(error) };
    return this.#settle(claims, (held) => this.settings.boss.fail(this.settings.queue, held, output));
  }

  /** What cannot be settled is handed out again when its heartbeat has been missed. */
  async #settle(claims: readonly Claim[], settle: (held: Claim[]) => Promise<unknown>): Promise<void> {
    const held = claims.filter((claim) => this.#held.delete(claim));
    if (held.length > 0) await this.#attempt(() => settle(held));
  }

  async #touch(): Promise<void> {
    const held = [...this.#held];
    if (held.length === 0) return;
    const answer = (await this.#attempt(() => this.settings.boss.touch(this.settings.queue, held))) as
      | { readonly settled?: readonly string[] }
      | undefined;
    const alive = answer?.settled;
    if (alive === undefined) return;
    const isLost = (claim: Claim) => this.#held.has(claim) && !alive.includes(claim.id);
    if (this.#batch?.claims.some((claim) => held.includes(claim) && isLost(claim))) this.#batch.lost.abort(claimLost());
  }

  async #attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await call();
      this.settings.outages.worked();
      return answer;
    } catch (error) {
      this.settings.outages.failed(error);
      return undefined;
    }
  }
}

const consumerStopped = () =>
  new ScrypathError({ code: 'CLOSED', happened: 'The consumer was stopped before this batch was done.' });

const claimLost = () =>
  new ScrypathError({ code: 'CLOSED', happened: 'The queue has given these jobs to another consumer.' });
