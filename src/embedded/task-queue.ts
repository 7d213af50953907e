import type { FailedTask, TaskError, TaskOutcome, TaskRef, TaskStatus } from '../backend/task.js';
import { isTerminal } from '../backend/task.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { Statements } from './sqlite.js';
import type { WrittenDocument } from './stored-index.js';
import { taskError } from './task-failure.js';

/** Work on indexes, as it is queued. */
export type Work =
  | { readonly kind: 'upsert'; readonly index: string; readonly documents: readonly WrittenDocument[] }
  | { readonly kind: 'remove'; readonly index: string; readonly keys: readonly string[] }
  | { readonly kind: 'create'; readonly index: string }
  | { readonly kind: 'apply'; readonly index: string; readonly settings: IndexSettings }
  | { readonly kind: 'swap'; readonly index: string; readonly other: string }
  | { readonly kind: 'drop'; readonly index: string };

/** Outcomes of ended tasks that are kept; an older one is unknown. */
const KEPT_OUTCOMES = 100_000;
const DROPPED_AT_ONCE = 1_000;

/** What a task was accepted as. Files of the first format do not say it of ended tasks. */
interface Accepted {
  readonly index: string | null;
  readonly batch: string | null;
}

interface Queued extends Accepted {
  readonly work: Work;
}

interface Ended extends Accepted {
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
  private queued = new Map<number, Queued>();
  /** Tasks whose end is written in the transaction that is open. */
  private readonly ending = new Map<number, { readonly task: Queued; readonly error: TaskError | null }>();
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
    const rows = this.statements
      .of('SELECT id, work, status, code, message, document, index_name, batch FROM tasks ORDER BY id')
      .all() as [number, string | null, TaskStatus, ...(string | null)[]][];
    for (const [id, work, status, code = null, message = null, document = null, index = null, batch = null] of rows) {
      this.nextId = id + 1;
      const error = code === null ? null : taskError(code, message ?? '', document);
      if (isTerminal(status)) this.ended.set(id, { status, error, index, batch });
      else this.queued.set(id, queuedAs(JSON.parse(work!) as Work, batch));
    }
  }

  accept(work: Work, batch?: string): TaskRef {
    const id = this.nextId;
    const task = queuedAs(work, batch ?? null);
    if (this.durable) {
      this.statements
        .of("INSERT INTO tasks (id, work, status, index_name, batch) VALUES (?, ?, 'enqueued', ?, ?)")
        .run([id, JSON.stringify(work), task.index, task.batch]);
    }
    this.nextId += 1;
    this.queued.set(id, task);
    return {
      id,
      index: work.index,
      ...(batch === undefined ? {} : { batch }),
      ...(work.kind === 'upsert' ? { count: work.documents.length } : {}),
      ...(work.kind === 'remove' ? { count: work.keys.length } : {}),
    };
  }

  /** Starts on the oldest task that has not ended. */
  next(): { readonly id: number; readonly work: Work } | null {
    for (const [id, { work }] of this.queued) {
      this.running = id;
      return { id, work };
    }
    return null;
  }

  get isEmpty(): boolean {
    return this.queued.size === 0;
  }

  /** Tasks that have not ended. */
  get size(): number {
    return this.queued.size;
  }

  /** Whether a task that has not ended names this index. */
  concerns(index: string): boolean {
    for (const { work } of this.queued.values()) {
      if (work.index === index || (work.kind === 'swap' && work.other === index)) return true;
    }
    return false;
  }

  /** Writes how a task ended. It counts when {@link committed} is called. */
  end(id: number, error: TaskError | null): void {
    const task = this.queued.get(id);
    if (task === undefined) return;
    if (this.durable) {
      const { code = null, message = null, document = null } = error ?? {};
      this.statements
        .of('UPDATE tasks SET work = NULL, status = ?, code = ?, message = ?, document = ? WHERE id = ?')
        .run([error === null ? 'succeeded' : 'failed', code, message, document, id]);
    }
    this.queued.delete(id);
    this.ending.set(id, { task, error });
  }

  /** Ends a task after a failure of the database, which may not even take the note that it failed. */
  giveUp(id: number, error: TaskError): void {
    try {
      this.end(id, error);
    } catch {
      const task = this.queued.get(id);
      if (task === undefined) return;
      this.queued.delete(id);
      this.ending.set(id, { task, error });
    }
  }

  /** The transaction is committed: those who wait learn of the tasks that ended in it. */
  committed(): void {
    if (this.ending.size === 0) return;
    for (const [id, { task, error }] of this.ending) {
      const { index, batch } = task;
      this.ended.set(id, { status: error === null ? 'succeeded' : 'failed', error, index, batch });
      for (const waiter of this.waiters) waiter.open.delete(id);
    }
    this.ending.clear();
    this.dropOldOutcomes();
    for (const waiter of [...this.waiters]) if (waiter.open.size === 0) waiter.finish();
  }

  /** The transaction is undone: the tasks that ended in it have not. */
  rolledBack(): void {
    const undone = [...this.ending].map(([id, { task }]): [number, Queued] => [id, task]);
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

  outcomeOf(task: TaskRef): TaskOutcome {
    const ended = this.ended.get(task.id);
    const found = ended ?? this.queued.get(task.id);
    if (found === undefined || isAnother(task, found)) return { ...task, status: 'unknown', error: null };
    if (ended !== undefined) return { ...task, status: ended.status, error: ended.error };
    return { ...task, status: this.running === task.id ? 'processing' : 'enqueued', error: null };
  }

  /** Tasks of the index that failed, the newest first. */
  failuresOf(name: string): FailedTask[] {
    const failed: FailedTask[] = [];
    for (const [id, { error, index, batch }] of this.ended)
      if (error !== null && index === name) failed.push({ id, index, batch, error, failedAt: null });
    return failed.sort((one, other) => other.id - one.id);
  }

  /** Resolves when all these tasks have ended, the time is over, or the signal says so: without asking again and again. */
  wait(tasks: readonly TaskRef[], waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const open = new Set(tasks.filter((task) => !isTerminal(this.outcomeOf(task).status)).map(({ id }) => id));
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

const queuedAs = (work: Work, batch: string | null): Queued => ({ work, index: work.index, batch });

/** A file put back to an older state gives the same id to other work. */
function isAnother(task: TaskRef, found: Accepted): boolean {
  if (task.batch !== undefined) return found.batch !== task.batch;
  return found.index !== null && found.index !== task.index;
}
