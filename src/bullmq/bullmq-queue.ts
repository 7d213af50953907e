import type { Queue } from 'bullmq';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { queueClosed, resolveConsume } from '../queue/consume-options.js';
import { type JobData, jobsOf } from '../queue/job-keys.js';
import { OutageLog } from '../queue/outage-log.js';
import { settledWithin } from '../queue/waiting.js';
import type {
  ConsumeOptions,
  EnqueueOptions,
  FailedJobs,
  KeyHandler,
  QueueStats,
  WorkQueue,
} from '../queue/work-queue.js';
import { BullmqConsumer } from './bullmq-consumer.js';
import { type BullmqOptions, failingFast, type ResolvedBullmqOptions, resolveBullmqOptions } from './bullmq-options.js';
import { BullmqFailedJobs } from './failed-jobs.js';
import { loadBullmq } from './load-bullmq.js';

const JOBS_PER_ADD = 1000;
const JOB_NAME = 'keys';

/** Milliseconds for the first connection to Redis. */
const CONNECT_MS = 5000;

/** Milliseconds for a farewell to Redis; it may be away. */
const FAREWELL_MS = 2000;

export class BullmqQueue implements WorkQueue {
  readonly name = 'bullmq';
  readonly transactional = false;
  readonly failed: FailedJobs;
  readonly #options: ResolvedBullmqOptions;
  readonly #outages: OutageLog;
  readonly #consumers = new Set<BullmqConsumer>();
  readonly #package: ReturnType<typeof loadBullmq>;
  #queue: Queue<JobData> | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: BullmqOptions) {
    this.#options = resolveBullmqOptions(options);
    this.#package = loadBullmq();
    this.#outages = new OutageLog(this.#options.logger, this.#options.queue);
    this.failed = new BullmqFailedJobs(() => this.#connected());
  }

  /**
   * BullMQ's own queue, for what it can do beyond this interface: pausing, metrics, boards. Connects at the first use.
   * @throws ScrypathError `CLOSED`
   */
  get queue(): Queue<JobData> {
    if (this.#closed !== null) throw queueClosed(this.#options.queue);
    this.#queue ??= this.#open();
    return this.#queue;
  }

  async start(): Promise<void> {
    await this.#connected();
  }

  async enqueue(keys: Iterable<DirtyKey>, { manager }: EnqueueOptions = {}): Promise<void> {
    if (manager !== undefined) throw cannotJoin();
    const jobs = jobsOf(keys).map((data) => ({ name: JOB_NAME, data }));
    if (jobs.length === 0) return;
    const queue = await this.#connected();
    for (let start = 0; start < jobs.length; start += JOBS_PER_ADD)
      await queue.addBulk(jobs.slice(start, start + JOBS_PER_ADD));
  }

  consume(handler: KeyHandler, options: ConsumeOptions = {}): BullmqConsumer {
    if (this.#closed !== null) throw queueClosed(this.#options.queue);
    const { maxKeys } = resolveConsume(options);
    const consumer = new BullmqConsumer({ ...this.#options, maxKeys, outages: this.#outages }, handler);
    this.#consumers.add(consumer);
    consumer.worker.once('closed', () => this.#consumers.delete(consumer));
    return consumer;
  }

  async stats(): Promise<QueueStats> {
    const { wait, waiting, paused, prioritized, delayed, active, failed } = await (
      await this.#connected()
    ).getJobCounts();
    return {
      waiting: (wait ?? waiting ?? 0) + (paused ?? 0) + (prioritized ?? 0),
      delayed: delayed ?? 0,
      active: active ?? 0,
      failed: failed ?? 0,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const queue = this.#queue;
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    if (queue === null || (await settledWithin(queue.close(), FAREWELL_MS))) return;
    await settledWithin(queue.disconnect(), FAREWELL_MS);
  }

  /** BullMQ itself waits for the first connection without end. */
  async #connected(): Promise<Queue<JobData>> {
    const { queue } = this;
    if (await settledWithin(queue.waitUntilReady(), CONNECT_MS)) return queue;
    throw new ScrypathError({
      code: 'BACKEND_UNREACHABLE',
      happened: `The Redis of the queue "${this.#options.queue}" does not answer.`,
      remedy: 'Check that it runs, and where; try again.',
    });
  }

  #open(): Queue<JobData> {
    const { connection, queue: name, prefix, retry } = this.#options;
    const queue = new this.#package.Queue<JobData>(name, {
      connection: failingFast(connection),
      prefix,
      // No jobId and no deduplication: a kept job would swallow the next change of its keys.
      defaultJobOptions: {
        attempts: retry.limit + 1,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: false,
        stackTraceLimit: 0,
      },
    });
    // Unheard, an error event ends the process.
    queue.on('error', (error) => this.#outages.failed(error));
    return queue;
  }
}

const cannotJoin = () =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: 'Redis cannot join a transaction of the database: no manager can be given to a queue of BullMQ.',
    remedy: 'Enqueue after the commit.',
  });
