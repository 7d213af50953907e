import type { TaskOutcome, TaskRef, TaskStatus } from '../backend/task.js';
import { isTerminal } from '../backend/task.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { Statements } from './sqlite.js';
import type { WrittenDocument } from './stored-index.js';

/** Work on indexes, as it is queued. */
export type Work =
  | { readonly kind: 'upsert'; readonly index: string; readonly documents: readonly WrittenDocument[] }
  | { readonly kind: 'remove'; readonly index: string; readonly keys: readonly string[] }
  | { readonly kind: 'create'; readonly index: string }
  | { readonly kind: 'apply'; readonly index: string; readonly settings: IndexSettings }
  | { readonly kind: 'swap'; readonly index: string; readonly other: string }
  | { readonly kind: 'drop'; readonly index: string };

export interface TaskError {
  readonly code: string;
  readonly message: string;
}

/** Outcomes of ended tasks that are kept; an older one is unknown. */
const KEPT_OUTCOMES = 100_000;
const DROPPED_AT_ONCE = 1_000;

interface Ended {
  readonly status: TaskStatus;
  readonly error: TaskError | null;
}

interface Waiter {
  readonly open: Set<number>;
  readonly finish: () => void;
}

/**
 * The tasks that were accepted. In a file every task is a row before it counts as accepted, and goes back to the queue
 * when the process died before the task ended; in memory there is no row.
 */
export class TaskQueue {
  private queued = new Map<number, Work>();
  /** Tasks whose end is written in the transaction that is open. */
  private readonly ending = new Map<number, { readonly work: Work; readonly error: TaskError | null }>();
  private readonly ended = new Map<number, Ended>();
  private readonly waiters = new Set<Waiter>();
  private nextId = 0;
  private running: number | null = null;

  constructor(
    private readonly statements: Statements,
    private readonly durable: boolean,
  ) {
    if (durable) this.readRows();
  }

  private readRows(): void {
    const rows = this.statements.of('SELECT id, work, status, code, message FROM tasks ORDER BY id').all() as [
      number,
      string | null,
      TaskStatus,
      string | null,
      string | null,
    ][];
    for (const [id, work, status, code, message] of rows) {
      this.nextId = id + 1;
      if (isTerminal(status))
        this.ended.set(id, { status, error: code === null ? null : { code, message: message ?? '' } });
      else this.queued.set(id, JSON.parse(work!) as Work);
    }
  }

  accept(work: Work): TaskRef {
    const id = this.nextId;
    if (this.durable) {
      this.statements
        .of("INSERT INTO tasks (id, work, status) VALUES (?, ?, 'enqueued')")
        .run([id, JSON.stringify(work)]);
    }
    this.nextId += 1;
    this.queued.set(id, work);
    return { id, index: work.index };
  }

  /** Starts on the oldest task that has not ended. */
  next(): { readonly id: number; readonly work: Work } | null {
    for (const [id, work] of this.queued) {
      this.running = id;
      return { id, work };
    }
    return null;
  }

  get isEmpty(): boolean {
    return this.queued.size === 0;
  }

  /** Whether a task that has not ended names this index. */
  concerns(index: string): boolean {
    for (const work of this.queued.values()) {
      if (work.index === index || (work.kind === 'swap' && work.other === index)) return true;
    }
    return false;
  }

  /** Writes how a task ended. It counts when {@link committed} is called. */
  end(id: number, error: TaskError | null): void {
    const work = this.queued.get(id);
    if (work === undefined) return;
    if (this.durable) {
      this.statements
        .of('UPDATE tasks SET work = NULL, status = ?, code = ?, message = ? WHERE id = ?')
        .run([error === null ? 'succeeded' : 'failed', error?.code ?? null, error?.message ?? null, id]);
    }
    this.queued.delete(id);
    this.ending.set(id, { work, error });
  }

  /** Ends a task after a failure of the database, which may not even take the note that it failed. */
  giveUp(id: number, error: TaskError): void {
    try {
      this.end(id, error);
    } catch {
      const work = this.queued.get(id);
      if (work === undefined) return;
      this.queued.delete(id);
      this.ending.set(id, { work, error });
    }
  }

  /** The transaction is committed: those who wait learn of the tasks that ended in it. */
  committed(): void {
    if (this.ending.size === 0) return;
    for (const [id, { error }] of this.ending) {
      this.ended.set(id, { status: error === null ? 'succeeded' : 'failed', error });
      for (const waiter of this.waiters) waiter.open.delete(id);
    }
    this.ending.clear();
    this.dropOldOutcomes();
    for (const waiter of [...this.waiters]) if (waiter.open.size === 0) waiter.finish();
  }

  /** The transaction is undone: the tasks that ended in it have not. */
  rolledBack(): void {
    const undone = [...this.ending].map(([id, { work }]): [number, Work] => [id, work]);
    this.queued = new Map([...undone, ...this.queued]);
    this.ending.clear();
  }

  private dropOldOutcomes(): void {
    if (this.ended.size < KEPT_OUTCOMES + DROPPED_AT_ONCE) return;
    let last = -1;
    for (const id of this.ended.keys()) {
      if (this.ended.size <= KEPT_OUTCOMES) break;
      this.ended.delete(id);
      last = id;
    }
    if (this.durable) {
      this.statements.of("DELETE FROM tasks WHERE id <= ? AND status IN ('succeeded', 'failed')").run([last]);
    }
  }

  outcomeOf({ id, index }: TaskRef): TaskOutcome {
    const ended = this.ended.get(id);
    if (ended !== undefined) return { id, index, ...ended };
    if (!this.queued.has(id)) return { id, index, status: 'unknown', error: null };
    return { id, index, status: this.running === id ? 'processing' : 'enqueued', error: null };
  }

  /** Resolves when all these tasks have ended, the time is over, or the signal says so: without asking again and again. */
  wait(tasks: readonly TaskRef[], waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const open = new Set(tasks.filter(({ id }) => this.queued.has(id)).map(({ id }) => id));
    if (open.size === 0 || waitMs <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.waiters.delete(waiter);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const finish = () => {
        stop();
        resolve();
      };
      const abort = () => {
        stop();
        reject(signal?.reason);
      };
      const waiter: Waiter = { open, finish };
      const timer = setTimeout(finish, Math.min(waitMs, 2 ** 31 - 1));
      signal?.addEventListener('abort', abort, { once: true });
      this.waiters.add(waiter);
    });
  }
}
