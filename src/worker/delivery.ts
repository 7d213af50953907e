import type { TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { WorkQueue } from '../queue/work-queue.js';
import { parseTasks } from './accepted-tasks.js';
import { DirectDrain } from './direct-drain.js';
import { reasonOf, toldOf } from './failure.js';
import { IndexWatch } from './index-watch.js';
import { Notifier } from './listen.js';
import { type Progress, ProgressReader } from './progress.js';
import { Sender, type SenderSite } from './sender.js';
import { type Help, Worker, type WorkerOptions } from './worker.js';

/** How far somebody wants work to get. */
export type Goal = 'accepted' | 'completed';

export interface Waiting {
  readonly goal: Goal;
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether a failure that will be tried again ends the wait. */
  readonly failFast: boolean;
  /** Whether rows are brought to the engine here, where no worker of this instance does. */
  readonly drains: boolean;
}

const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 100;
const OUTCOME_WAIT_MS = 250;

/** Everything of one instance that brings rows of the outbox to the engine. */
export class Delivery {
  readonly #site: SenderSite;
  readonly #queue: WorkQueue | null;
  readonly #notifier: Notifier;
  readonly #workers = new Set<Worker>();
  #direct: { readonly sender: Sender; readonly drain: DirectDrain; readonly progress: ProgressReader } | null = null;
  /** Those who sleep between two looks. */
  readonly #sleeping = new Set<{ readonly token: string; readonly wake: () => void }>();

  readonly #help: ((sender: Sender) => Help) | null;

  /**
   * @param queue distributes the work over workers, where there is one
   * @param isOpen whether a token's transaction is still open in this process
   * @param help what a worker does beside its work
   */
  constructor(
    site: SenderSite,
    queue: WorkQueue | null = null,
    isOpen: (token: string) => boolean = () => false,
    help: ((sender: Sender) => Help) | null = null,
  ) {
    this.#queue = queue;
    this.#help = help;
    this.#isOpen = isOpen;
    this.#site = { watch: new IndexWatch(site.backend, site.logger), ...site };
    this.#notifier = new Notifier(site.dataSource);
  }

  worker(options: WorkerOptions): Worker {
    const { backend, logger } = this.#site;
    const sender = new Sender(this.#site);
    return new Worker(
      {
        sender,
        help: this.#help?.(sender) ?? null,
        backlog: backend.backlog ? (signal) => backend.backlog!({ signal }) : null,
        queue: this.#queue,
        logger,
        settled: (tokens) => {
          for (const { token, wake } of this.#sleeping) if (tokens.has(token)) wake();
        },
        started: (started) => {
          if (this.#closed) throw closed();
          this.#workers.add(started);
        },
        stopped: (stopped) => this.#workers.delete(stopped),
      },
      options,
    );
  }

  /** Rows were committed: whoever works here looks at once, else workers of other processes are told. */
  committed(): void {
    const running = [...this.#workers].filter(({ isRunning }) => isRunning);
    for (const worker of running) worker.wake();
    if (running.length === 0) this.#notifier.notify();
  }

  /**
   * Waits until the rows of the tokens have got as far as wanted.
   * @returns tasks that the rows waited for, as far as they were seen
   * @throws ScrypathError `WORK_TIMEOUT`, `WORK_DISCARDED`, `INDEX_REPLACED`; with `failFast` what the engine answered
   */
  async wait(tokens: readonly string[], waiting: Waiting): Promise<readonly TaskRef[]> {
    this.#waits += 1;
    try {
      return await this.#wait(tokens, waiting);
    } finally {
      this.#waits -= 1;
      // Nobody here asks for outcomes any more; whoever does next takes the rows over. Else they would add up.
      if (this.#waits === 0) this.#direct?.sender.settler.forget();
    }
  }

  #waits = 0;
  readonly #isOpen: (token: string) => boolean;
  #closed = false;

  async #wait(tokens: readonly string[], waiting: Waiting): Promise<readonly TaskRef[]> {
    const seen = new Map<number, TaskRef>();
    const deadline = performance.now() + waiting.timeoutMs;
    for (const token of tokens) {
      let look = FIRST_LOOK_MS;
      for (;;) {
        waiting.signal?.throwIfAborted();
        const step = await this.#step(token, waiting, seen, deadline);
        if (step === 'there') break;
        const left = deadline - performance.now();
        if (left <= 0) throw timedOut(waiting);
        // Who is woken need not look so often.
        const longest = this.#isWorking ? 2 * LAST_LOOK_MS : LAST_LOOK_MS;
        look = step === 'moved' ? FIRST_LOOK_MS : step === 'watched' ? longest : Math.min(longest, look * 2);
        if (step !== 'asked') await this.#sleep(token, Math.min(look, left));
      }
    }
    return [...seen.values()];
  }

  /**
   * One look at a token, and whatever can be done for it. `asked`: the engine was given time in it; `watched`: a worker of
   * this instance asks for the outcome, and will tell.
   */
  async #step(
    token: string,
    waiting: Waiting,
    seen: Map<number, TaskRef>,
    deadline: number,
  ): Promise<'there' | 'asked' | 'moved' | 'watched' | 'waiting'> {
    if (this.#isOpen(token)) return 'waiting';
    const { sender, drain, progress: reader } = this.#drainer();
    const read = await reader.read(token);
    const isHidden = waiting.goal === 'accepted' && read.isPart && read.waiting.length + read.discarded.length === 0;
    const progress = isHidden ? { ...(await reader.unaccepted(token)), accepted: read.accepted } : read;
    const tasks = progress.accepted.flatMap(({ tasks: text }) => parseTasks(text).tasks);
    for (const task of tasks) seen.set(task.id, task);
    if (progress.discarded.length > 0) throw discarded(progress);
    if (progress.waiting.length > 0) {
      if (!waiting.drains && this.#isWorking) return 'waiting';
      const drained = await drain.drain(progress.waiting);
      const ours = new Set(progress.waiting);
      for (const { ids, tasks: accepted } of drained.accepted)
        if (ids.some((id) => ours.has(id))) for (const task of accepted) seen.set(task.id, task);
      const failed = waiting.failFast ? progress.waiting.find((id) => drained.errors.has(id)) : undefined;
      if (failed !== undefined) throw toldOf(drained.errors.get(failed));
      return drained.sent > 0 && !drained.outage && !drained.waiting ? 'moved' : 'waiting';
    }
    if (progress.accepted.length === 0 || waiting.goal === 'accepted') return 'there';
    // Each of many who wait would ask the engine else. Who wants to hear of its failures asks for himself.
    if (!waiting.failFast && progress.accepted.every(({ tasks: text }) => this.#isWatched(text))) return 'watched';
    sender.settler.take(progress.accepted);
    const waitMs = Math.min(OUTCOME_WAIT_MS, Math.max(0, deadline - performance.now()));
    try {
      // All of one row: that of a target may end before the one of the live index, and asking would not end then.
      const last = parseTasks(progress.accepted.at(-1)!.tasks).tasks;
      await sender.settler.settle(waitMs, waiting.signal, last);
    } catch (error) {
      waiting.signal?.throwIfAborted();
      if (waiting.failFast) throw error;
      return 'waiting';
    }
    return 'asked';
  }

  /** Until the time is over, or a worker of this instance has settled something of the token. */
  async #sleep(token: string, ms: number): Promise<void> {
    let sleeper = { token, wake: (): void => undefined };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      sleeper = { token, wake };
      this.#sleeping.add(sleeper);
    });
    this.#sleeping.delete(sleeper);
  }

  #isWatched(tasks: string): boolean {
    return [...this.#workers].some((worker) => worker.awaits(tasks));
  }

  get #isWorking(): boolean {
    return [...this.#workers].some(({ isRunning }) => isRunning);
  }

  #drainer() {
    if (this.#direct === null) {
      const sender = new Sender(this.#site);
      const progress = new ProgressReader(() => sender.source.aside('look'));
      this.#direct = { sender, drain: new DirectDrain(sender), progress };
    }
    return this.#direct;
  }

  /** For work beside any batch: the connections of this instance's own sender. */
  get sender(): Sender {
    return this.#drainer().sender;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#notifier.close();
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
    await this.#direct?.sender.settler.leave().catch(() => undefined);
    await this.#direct?.sender.close();
    this.#direct = null;
  }
}

const closed = () =>
  new ScrypathError({
    code: 'CLOSED',
    happened: 'The Scrypath instance of this worker is closed.',
    remedy: 'Make a new one.',
  });

const timedOut = ({ timeoutMs, goal }: Waiting) =>
  new ScrypathError({
    code: 'WORK_TIMEOUT',
    happened: `The work was not ${goal} after ${timeoutMs} ms.`,
    remedy: 'It is durable and goes on: wait for its token, or see failedWork().',
  });

function discarded({ discarded: rows }: Progress): ScrypathError {
  const { reason, code } = reasonOf(rows[0]!.errorClass);
  return new ScrypathError({
    code: 'WORK_DISCARDED',
    happened: `Work was discarded: ${reason}${code === null ? '' : ` (${code})`}.`,
    remedy: 'See failedWork(): correct the record, or retry(id).',
  });
}
