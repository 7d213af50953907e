import { ScrypathError } from '../errors/scrypath-error.js';
import { isPlainObject } from '../metadata/given.js';
import { failureReason } from '../queue/failure-reason.js';
import { Alarm } from '../queue/waiting.js';
import type { WorkQueue } from '../queue/work-queue.js';
import { detached } from '../telemetry/detached.js';
import type { Logger } from '../telemetry/logger.js';
import type { Drained } from './drain.js';
import { backoffMs, isCrash } from './failure.js';
import { Heartbeat } from './heartbeat.js';
import { listen } from './listen.js';
import { QueueConsumer } from './queue-consumer.js';
import { type Sender } from './sender.js';
import { isMilliseconds, MAX_MILLISECONDS, MILLISECONDS } from './timing.js';

export interface WorkerOptions {
  /** Most rows in one batch; default 5 000. */
  readonly batchSize?: number;
  /** How long to let writes gather after the first before they are sent, in milliseconds; default 0. */
  readonly coalesceMs?: number;
  /**
   * Longest time between two looks while there is nothing to do, in milliseconds; default 1 000. With a queue, whose jobs
   * are handed out at once, the time between any two looks for rows that have no job; default 2 000.
   */
  readonly pollMs?: number;
  /** Tasks that the engine has accepted and not ended, above which nothing more is sent; default 500. */
  readonly maxEngineTasks?: number;
}

export const DEFAULT_WORKER_OPTIONS: Required<WorkerOptions> = Object.freeze({
  batchSize: 5_000,
  coalesceMs: 0,
  pollMs: 1_000,
  maxEngineTasks: 500,
});

/** With a queue: what has no job is seldom, and every look costs the database a statement. */
const POLL_BESIDE_QUEUE_MS = 2_000;
const FIRST_POLL_MS = 10;
/** How long one wait for outcomes lasts; later batches are looked at no later than then. */
const SETTLE_WAIT_MS = 500;
const ADOPT_EVERY_MS = 5_000;
const BACKLOG_LOOK_MS = 500;
const RETRY = { baseMs: 100, maxMs: 5_000 };
const STOP_MS = 10_000;

/** What a worker works with. */
export interface WorkerSite {
  readonly sender: Sender;
  readonly backlog: ((signal: AbortSignal) => Promise<number>) | null;
  /** Distributes the work, where there is one. */
  readonly queue: WorkQueue | null;
  readonly logger: Logger;
  /** Told of the tokens of rows that were settled. */
  readonly settled: (tokens: ReadonlySet<string>) => void;
  readonly started: (worker: Worker) => void;
  readonly stopped: (worker: Worker) => void;
  /** What it does beside its work while it runs; null where that is nothing. */
  readonly help: Help | null;
}

/** Something that goes on beside a worker's work. It never fails: it tries again, and says so. */
export interface Help {
  start(): void;
  /** @param at when it is over at the latest, on the clock of `performance`; what hangs is left to others */
  stop(at: number): Promise<void>;
}

/**
 * Brings what is dirty to the engine, until it is stopped. Any number of workers, in any number of processes, share the
 * work by shards. Made by `scrypath.worker()`.
 * @example
 * const worker = scrypath.worker();
 * await worker.start();
 * process.once('SIGTERM', () => void worker.stop());
 */
export class Worker {
  readonly #site: WorkerSite;
  readonly #options: Required<WorkerOptions>;
  readonly #work = new Alarm();
  readonly #accepted = new Alarm();
  readonly #firstPollMs: number;
  #consumer: QueueConsumer | null = null;
  /** Whether rows wait for the outcome of an isolated task. */
  #heldUp = false;
  #starting: Promise<void> | null = null;
  #running: Promise<unknown> | null = null;
  #ending: Promise<void> | null = null;
  #stopping = false;
  #stopListening: (() => Promise<void>) | null = null;
  readonly #heartbeat: Heartbeat;

  /** @internal */
  constructor(site: WorkerSite, options: WorkerOptions) {
    this.#site = site;
    const pollMs = site.queue === null ? DEFAULT_WORKER_OPTIONS.pollMs : POLL_BESIDE_QUEUE_MS;
    this.#options = { ...DEFAULT_WORKER_OPTIONS, pollMs, ...checkedOptions(options) };
    this.#firstPollMs = site.queue === null ? FIRST_POLL_MS : this.#options.pollMs;
    this.#heartbeat = new Heartbeat(() => site.sender.source.aside('look'));
  }

  get isRunning(): boolean {
    return this.#running !== null && !this.#stopping;
  }

  /** Begins to work. Resolves when the first connection is there, so that a database that is away is told at once. */
  async start(): Promise<void> {
    await this.#ending;
    this.#starting ??= detached(() => this.#start());
    await this.#starting;
  }

  async #start(): Promise<void> {
    const { sender, started, stopped } = this.#site;
    this.#stopping = false;
    started(this);
    try {
      await sender.source.aside('send');
      this.#stopListening = await listen(sender.source, () => this.wake());
    } catch (error) {
      this.#starting = null;
      await sender.close().catch(() => undefined);
      stopped(this);
      throw error;
    }
    await this.#heartbeat.start();
    this.#site.help?.start();
    // Only a simulated death of the process ends a loop with an error.
    this.#running = Promise.all([this.#send(), this.#settleLoop()]).catch(() => {
      this.#stopping = true;
    });
    this.#consume();
  }

  /** Whether it will tell of rows that wait for these tasks when they are settled. */
  awaits(tasks: string): boolean {
    return this.isRunning && this.#site.sender.settler.awaits(tasks);
  }

  /** Looks for work now. */
  wake(): void {
    this.#work.ring();
  }

  /**
   * Takes on nothing more, finishes the batch under way, and waits for the outcome of what the engine has accepted. What
   * has no outcome when the time is over is left to other workers, or to the next start.
   * @param options.timeoutMs longest wait, in milliseconds; default 10 000
   */
  async stop({ timeoutMs = STOP_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#ending ??= this.#stop(timeoutMs).finally(() => {
      this.#ending = null;
    });
    await this.#ending;
  }

  async #stop(timeoutMs: number): Promise<void> {
    await this.#starting?.catch(() => undefined);
    if (this.#running === null) return;
    this.#stopping = true;
    this.#stopAt = performance.now() + timeoutMs;
    const over = setTimeout(() => this.#over.abort(), timeoutMs);
    this.#work.ring();
    this.#accepted.ring();
    const helped = this.#site.help?.stop(this.#stopAt);
    await this.#consumer?.stop(timeoutMs).catch(() => undefined);
    this.#consumer = null;
    this.#accepted.ring();
    await this.#running.finally(() => clearTimeout(over));
    await helped;
    await this.#heartbeat.stop();
    this.#over = new AbortController();
    const nothing = () => undefined;
    await this.#stopListening?.().catch(nothing);
    this.#stopListening = null;
    // The database may be gone by now; what is left is found by whoever looks next.
    await this.#site.sender.settler.leave().catch(nothing);
    await this.#site.sender.close().catch(nothing);
    this.#running = null;
    this.#starting = null;
    this.#site.stopped(this);
  }

  #stopAt = 0;
  /** Ends a question for outcomes that would outlast the time to stop: an engine may hang. */
  #over = new AbortController();

  #consume(): void {
    const { queue, sender } = this.#site;
    if (queue === null) return;
    this.#consumer = new QueueConsumer({
      queue,
      sender,
      isOverloaded: () => this.#isOverloaded(),
      drained: (drained) => this.#drained(drained),
      fannedOut: () => this.wake(),
    });
  }

  #drained({ accepted, waiting }: Drained): void {
    this.#heldUp = waiting;
    if (accepted.length > 0) this.#accepted.ring();
  }

  #sending = false;

  async #send(): Promise<void> {
    this.#sending = true;
    try {
      await this.#sendLoop();
    } finally {
      this.#sending = false;
      this.#accepted.ring();
    }
  }

  async #sendLoop(): Promise<void> {
    const { sender } = this.#site;
    let pollMs = this.#firstPollMs;
    let full = false;
    let troubles = 0;
    while (!this.#stopping) {
      try {
        if (await this.#mustHoldBack()) continue;
        const drained = await sender.drain({ kind: 'due', limit: this.#options.batchSize, fewerShards: full });
        troubles = 0;
        this.#drained(drained);
        full = drained.rows >= this.#options.batchSize;
        if (drained.outage) await this.#rest(backoffMs(RETRY, sender.failures));
        else if (drained.sent > 0) pollMs = this.#firstPollMs;
        else pollMs = await this.#idle(pollMs);
      } catch (error) {
        if (isCrash(error)) throw error;
        this.#site.logger.error('A worker of the outbox failed and tries again.', { reason: failureReason(error) });
        await this.#rest(backoffMs(RETRY, troubles++));
      }
    }
  }

  /** Waits for so long whatever work comes meanwhile: it would fare no better. */
  async #rest(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.#stopping; left = until - performance.now()) await this.#work.wait(left);
  }

  /** Waits for work, asking more and more seldom; gives the next pause. */
  async #idle(pollMs: number): Promise<number> {
    const { sender } = this.#site;
    let pause = pollMs;
    while (!this.#stopping) {
      const woken = await this.#work.wait(pause);
      if (woken) {
        await this.#gather();
        return this.#firstPollMs;
      }
      pause = Math.min(pause * 2, this.#options.pollMs);
      if (await sender.hasWork()) return pause;
    }
    return pause;
  }

  /** Lets writes gather, so that a key that is written often is sent once. */
  async #gather(): Promise<void> {
    if (this.#options.coalesceMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#options.coalesceMs));
  }

  #backlogSeenAt = 0;
  #backlog = 0;

  /** An engine that does not keep up gets no more: it indexes large batches of what waits here faster. */
  async #mustHoldBack(): Promise<boolean> {
    const overloaded = await this.#isOverloaded();
    if (overloaded) await this.#work.wait(BACKLOG_LOOK_MS);
    return overloaded;
  }

  async #isOverloaded(): Promise<boolean> {
    const { backlog, sender } = this.#site;
    const { maxEngineTasks } = this.#options;
    if (sender.settler.inFlight >= maxEngineTasks) return true;
    if (backlog === null || sender.settler.inFlight === 0) return false;
    if (performance.now() - this.#backlogSeenAt > BACKLOG_LOOK_MS) {
      this.#backlogSeenAt = performance.now();
      // An engine that hangs must not keep a worker from stopping.
      this.#backlog = await backlog(this.#over.signal).catch(() => 0);
    }
    return this.#backlog >= maxEngineTasks;
  }

  async #settleLoop(): Promise<void> {
    const { queue, sender } = this.#site;
    const { settler } = sender;
    let troubles = 0;
    let adoptedAt = performance.now();
    // Who still sends may have something accepted yet.
    const isNeeded = () => settler.inFlight > 0 || this.#sending || this.#consumer !== null;
    while (!this.#stopping || (isNeeded() && performance.now() < this.#stopAt)) {
      try {
        if (performance.now() - adoptedAt > ADOPT_EVERY_MS && !this.#stopping) {
          adoptedAt = performance.now();
          await settler.adopt();
        }
        if (settler.inFlight === 0) {
          await this.#accepted.wait(ADOPT_EVERY_MS);
          continue;
        }
        const left = this.#stopping ? Math.max(0, this.#stopAt - performance.now()) : SETTLE_WAIT_MS;
        const { retrying, tokens } = await settler.settle(Math.min(SETTLE_WAIT_MS, left), this.#over.signal);
        troubles = 0;
        if (tokens.size > 0) this.#site.settled(tokens);
        const isIdle = settler.inFlight === 0 && (queue === null || this.#heldUp);
        if (retrying > 0 || isIdle) this.#work.ring();
      } catch (error) {
        if (isCrash(error)) throw error;
        if (this.#stopping) return;
        this.#site.logger.error('The outcome of accepted tasks could not be asked for.', {
          reason: failureReason(error),
        });
        await this.#accepted.wait(backoffMs(RETRY, troubles++));
      }
    }
  }
}

const isCount = (value: number) => Number.isInteger(value) && value >= 1;
const RULES: Readonly<Record<keyof WorkerOptions, readonly [holds: (value: number) => boolean, must: string]>> = {
  batchSize: [isCount, 'a whole number above 0'],
  coalesceMs: [(value) => value === 0 || isMilliseconds(value), `milliseconds from 0 to ${MAX_MILLISECONDS}`],
  pollMs: [isMilliseconds, MILLISECONDS],
  maxEngineTasks: [isCount, 'a whole number above 0'],
};

/** The options that were given: one that is undefined was not. */
function checkedOptions(options: unknown): WorkerOptions {
  if (!isPlainObject(options)) throw optionsInvalid(['they must be an object']);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const problems = given.flatMap(([name, value]) => {
    if (!Object.hasOwn(RULES, name)) return [`${name} is not an option`];
    const [holds, must] = RULES[name as keyof WorkerOptions];
    return typeof value === 'number' && holds(value) ? [] : [`${name} must be ${must}`];
  });
  if (problems.length > 0) throw optionsInvalid(problems);
  return Object.fromEntries(given);
}

const optionsInvalid = (problems: readonly string[]) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The options of a worker are not valid: ${problems.join('; ')}.`,
    problems,
  });
