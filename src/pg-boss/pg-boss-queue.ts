import { createHash } from 'node:crypto';
import type { JobInsert, PgBoss } from 'pg-boss';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { queueClosed, resolveConsume } from '../queue/consume-options.js';
import { type JobData, jobsOf } from '../queue/job-keys.js';
import { OutageLog } from '../queue/outage-log.js';
import type {
  ConsumeOptions,
  Consumer,
  EnqueueOptions,
  FailedJobs,
  KeyHandler,
  QueueStats,
  WorkQueue,
} from '../queue/work-queue.js';
import { countJobs, executing, PgBossFailedJobs } from './failed-jobs.js';
import { loadPgBoss } from './load-pg-boss.js';
import { PgBossConsumer } from './pg-boss-consumer.js';
import { type PgBossOptions, type ResolvedPgBossOptions, resolvePgBossOptions } from './pg-boss-options.js';
import { connectionOf } from './transaction.js';

const JOBS_PER_INSERT = 1000;

/** 68 years: pg-boss deletes jobs that waited longer, be they done or not. */
const NEVER_SECONDS = 2 ** 31 - 1;

/** A handler that hangs while its process lives: after this the job is handed out again. */
const LONGEST_RUN_SECONDS = 3600;

export class PgBossQueue implements WorkQueue {
  readonly name = 'pg-boss';
  readonly transactional = true;
  readonly failed: FailedJobs;
  /** The instance that does the work, for what pg-boss can do beyond this interface: its events, its queues, its SQL. */
  readonly boss: PgBoss;
  readonly #options: ResolvedPgBossOptions;
  readonly #table: { readonly query: ReturnType<typeof executing> };
  readonly #outages: OutageLog;
  readonly #consumers = new Set<PgBossConsumer>();
  #ready: Promise<void> | null = null;
  #listening: Promise<{ close(): Promise<void> } | null> | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PgBossOptions) {
    this.#options = resolvePgBossOptions(options);
    const { queue, schema, logger } = this.#options;
    this.#outages = new OutageLog(logger, queue);
    this.boss = this.#options.boss ?? this.#ownBoss();
    this.#table = { query: executing(() => this.#start().then(() => this.boss.getDb()), schema, queue) };
    this.failed = new PgBossFailedJobs(this.#table, (id) => this.#retry(id));
  }

  start(): Promise<void> {
    return this.#start();
  }

  async enqueue(keys: Iterable<DirtyKey>, { manager }: EnqueueOptions = {}): Promise<void> {
    const db = manager ? connectionOf(manager) : null;
    const jobs = jobsOf(keys).map((data) => this.#insertOf(data));
    if (jobs.length === 0) return;
    await this.#start();
    for (let start = 0; start < jobs.length; start += JOBS_PER_INSERT)
      await this.boss.insert(this.#options.queue, jobs.slice(start, start + JOBS_PER_INSERT), db ? { db } : {});
  }

  consume(handler: KeyHandler, options: ConsumeOptions = {}): Consumer {
    if (this.#closed !== null) throw queueClosed(this.#options.queue);
    const { queue, pollMs, heartbeatSeconds } = this.#options;
    const { maxKeys } = resolveConsume(options);
    const ready = async () => {
      await this.#start();
      await this.#listen();
    };
    const settings = { boss: this.boss, queue, maxKeys, pollMs, heartbeatSeconds, outages: this.#outages, ready };
    const consumer = new PgBossConsumer(settings, handler);
    this.#consumers.add(consumer);
    void consumer.ended.then(() => this.#consumers.delete(consumer));
    return consumer;
  }

  stats(): Promise<QueueStats> {
    return countJobs(this.#table);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await (await this.#listening?.catch(() => null))?.close();
    if (this.#options.boss !== null) return;
    await this.#ready?.catch(() => undefined);
    await this.boss.stop({ graceful: false });
  }

  #ownBoss(): PgBoss {
    const { connectionString, schema, heartbeatSeconds } = this.#options;
    const { PgBoss } = loadPgBoss();
    const intervalSeconds = Math.max(1, Math.floor(heartbeatSeconds / 3));
    const boss = new PgBoss({
      connectionString: connectionString!,
      schema,
      application_name: 'scrypath',
      max: 4,
      schedule: false,
      superviseIntervalSeconds: intervalSeconds,
      monitorIntervalSeconds: intervalSeconds,
    });
    // Unheard, an error event ends the process.
    boss.on('error', (error) => this.#outages.failed(error));
    return boss;
  }

  #start(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(queueClosed(this.#options.queue));
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  async #prepare(): Promise<void> {
    const { queue } = this.#options;
    if (this.#options.boss === null) await this.boss.start();
    if ((await this.boss.getQueue(queue)) === null) await this.boss.createQueue(queue, { notify: true });
    const policy = (await this.boss.getQueue(queue))?.policy;
    if (policy !== 'standard') throw dropsJobs(queue, policy);
    await this.#checkSchema();
  }

  async #checkSchema(): Promise<void> {
    const { queue, schema } = this.#options;
    const { rows } = await this.boss
      .getDb()
      .executeSql('SELECT 1 FROM information_schema.tables WHERE table_schema = $1 AND table_name = $2', [
        schema,
        'job',
      ]);
    if (rows.length === 0) throw notInSchema(queue);
  }

  #listen(): Promise<unknown> {
    this.#listening ??= this.#announcements().catch(() => null);
    return this.#listening;
  }

  /** Hears of new jobs on the channel that pg-boss announces them on; null where its connection cannot listen. */
  async #announcements(): Promise<{ close(): Promise<void> } | null> {
    const { queue, schema } = this.#options;
    const ring = () => {
      for (const consumer of this.#consumers) consumer.alarm.ring();
    };
    const db = this.boss.getDb();
    if (!db.listen) return null;
    const channel = `pgboss_${createHash('sha224').update(schema).digest('hex').slice(0, 24)}`;
    return db.listen(channel, (announced) => announced === queue && ring(), ring);
  }

  #insertOf(data: JobData): JobInsert<JobData> {
    const { retry, heartbeatSeconds } = this.#options;
    return {
      data,
      retryLimit: retry.limit,
      retryDelay: retry.delaySeconds,
      retryBackoff: true,
      retryDelayMax: retry.maxDelaySeconds,
      heartbeatSeconds,
      expireInSeconds: LONGEST_RUN_SECONDS,
      retentionSeconds: NEVER_SECONDS,
      deleteAfterSeconds: 0,
    };
  }

  async #retry(id: string): Promise<boolean> {
    await this.#start();
    const { affected } = (await this.boss.retry(this.#options.queue, id)) as unknown as { readonly affected: number };
    // A retry is not announced.
    if (affected > 0) for (const consumer of this.#consumers) consumer.alarm.ring();
    return affected > 0;
  }
}

const dropsJobs = (queue: string, policy: string | undefined) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The queue "${queue}" of pg-boss has the policy "${policy}", which drops jobs, and with them changes.`,
    remedy: 'Name another queue, or let pgBoss() make one; its policy is "standard".',
  });

const notInSchema = (queue: string) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The schema given to pgBoss() is not the one in which the boss of the queue "${queue}" works.`,
    remedy: 'Give pgBoss() the schema that PgBoss was given.',
  });
