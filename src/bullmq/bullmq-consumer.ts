import type { ConnectionOptions, Job, Worker } from 'bullmq';
import { ScrypathError } from '../errors/scrypath-error.js';
import { DEFAULT_STOP_MS } from '../queue/consume-options.js';
import { failureReason } from '../queue/failure-reason.js';
import { type JobData, keysOf } from '../queue/job-keys.js';
import type { OutageLog } from '../queue/outage-log.js';
import { pauseMs, type RetryPolicy } from '../queue/retry-policy.js';
import { settledWithin } from '../queue/waiting.js';
import type { Consumer, KeyHandler, StopOptions } from '../queue/work-queue.js';
import { Gatherer } from './gatherer.js';
import { loadBullmq } from './load-bullmq.js';

/** Jobs that a worker holds at once: what one batch can be made of. */
const JOBS_AT_ONCE = 100;

/** Milliseconds for a farewell to Redis; it may be away. */
const FAREWELL_MS = 2000;

export interface ConsumerSettings {
  readonly connection: ConnectionOptions;
  readonly queue: string;
  readonly prefix: string;
  readonly maxKeys: number;
  readonly retry: RetryPolicy;
  readonly lockSeconds: number;
  readonly outages: OutageLog;
}

export class BullmqConsumer implements Consumer {
  /** BullMQ's own worker, for its events. */
  readonly worker: Worker<JobData>;
  readonly #gatherer: Gatherer;
  #stopped: Promise<void> | null = null;

  constructor(settings: ConsumerSettings, handler: KeyHandler) {
    const { outages } = settings;
    this.#gatherer = new Gatherer(handler, settings.maxKeys);
    this.worker = this.#workerOf(settings);
    // Unheard, an error event ends the process.
    this.worker.on('error', (error) => outages.failed(error));
    this.worker.on('ready', () => outages.worked());
    this.worker.on('active', () => outages.worked());
    this.worker.on('lockRenewalFailed', (ids) => this.#gatherer.lost(ids, lockLost()));
  }

  stop({ timeoutMs = DEFAULT_STOP_MS }: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { WaitingError } = loadBullmq();
    const closed = this.worker.close();
    if (await settledWithin(closed, timeoutMs)) return;
    const returned = this.#gatherer.abort(consumerStopped(), () => new WaitingError());
    if (await settledWithin(Promise.all([returned, closed]), FAREWELL_MS)) return;
    await settledWithin(this.worker.disconnect(), FAREWELL_MS);
  }

  #workerOf({ queue, connection, prefix, retry, lockSeconds }: ConsumerSettings): Worker<JobData> {
    const { Worker } = loadBullmq();
    return new Worker<JobData>(queue, (job, token) => this.#handle(job, token!), {
      connection,
      prefix,
      concurrency: JOBS_AT_ONCE,
      lockDuration: lockSeconds * 1000,
      stalledInterval: lockSeconds * 1000,
      // A worker that dies says nothing of its jobs.
      maxStalledCount: Math.max(1, retry.limit),
      settings: { backoffStrategy: (attempts) => pauseMs(retry, attempts, Math.random()) },
    });
  }

  async #handle(job: Job<JobData>, token: string): Promise<void> {
    const keys = keysOf(job.data);
    if (keys === null) throw asReason(new Error('not a job of Scrypath'));
    const release = async () => {
      await job.moveToWait(token);
    };
    try {
      await this.#gatherer.handle({
        id: job.id!,
        keys,
        earlierAttempts: job.attemptsMade + job.stalledCounter,
        release,
      });
    } catch (error) {
      throw error instanceof Error && error.name === 'WaitingError' ? error : asReason(error);
    }
  }
}

/** BullMQ keeps the message of what is thrown, and the stack. */
function asReason(error: unknown): Error {
  const reason = new Error(failureReason(error), { cause: error });
  reason.stack = '';
  return reason;
}

const consumerStopped = () =>
  new ScrypathError({ code: 'CLOSED', happened: 'The consumer was stopped before this batch was done.' });

const lockLost = () =>
  new ScrypathError({ code: 'CLOSED', happened: 'The queue may give these jobs to another consumer.' });
