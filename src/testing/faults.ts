import type { CallOptions, WriteOptions } from '../backend/backend.js';
import { failureKind } from '../backend/failure-kind.js';
import type { TaskError } from '../backend/task.js';
import type { Backend, DocumentKey, TaskOutcome, TaskRef } from '../index.js';
import { ScrypathError } from '../index.js';
import { StandInTasks, type Write, type Written } from './stand-in-tasks.js';

/** Calls that a fault can strike. */
export const FAULT_POINTS = ['upsert', 'remove', 'search', 'outcomes', 'create', 'apply', 'swap', 'drop'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Thrown where a crash was asked for: what a killed process would not have gone past. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

/** How a task is to fail. */
export interface FailTaskOptions {
  /** How many calls are struck, with `together` how many batches; default 1. `Infinity`: until `clear()`. */
  readonly times?: number;
  /** The engine's code; default `invalid_document_fields`. */
  readonly code?: string;
  readonly message?: string;
  /** The document that the error names; default none. */
  readonly document?: DocumentKey;
  /** Whether the error lies in the documents; default what the code means. */
  readonly kind?: TaskError['kind'];
  /** Only calls for which this holds are struck. A removal has keys without data, other calls have no documents. */
  readonly when?: (documents: readonly Written[]) => boolean;
  /**
   * Tasks fail in batches, as in engines that join waiting tasks: every later write waits until an outcome is asked for,
   * the index is changed or {@link Faults.release} is called; then one task that is struck fails all that wait for its index.
   */
  readonly together?: boolean;
}

type End = Pick<TaskOutcome, 'status' | 'error'>;

type Fault =
  | { readonly kind: 'fail'; readonly error: Error }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'late'; readonly ms: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'timeOut' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'endTask'; readonly end: End }
  | { readonly kind: 'vanish' }
  | { readonly kind: 'stall' }
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' };

/** A fault that waits for the calls that it is to strike. */
interface SetFault {
  readonly fault: Fault;
  readonly when: (documents: readonly Written[]) => boolean;
  left: number;
}

/** A fault that waits for the batch that it is to strike. */
interface BatchFault extends Omit<SetFault, 'fault'> {
  readonly point: FaultPoint;
  readonly end: End;
}

/** A write that waits for its index's batch. */
interface Waiting {
  readonly point: FaultPoint;
  readonly write: Write;
  readonly task: TaskRef;
}

/** Sends a write. The caller's signal and callback go with it only where the caller learns of the answer. */
type SendWrite = (options: WriteOptions) => Promise<readonly TaskRef[]>;

/**
 * Makes the next calls of a backend go wrong, in the ways in which engines and networks do. Each control strikes the
 * next `times` calls (default 1); controls of one point strike in the order in which they were set.
 * @example
 * faults.fail('upsert');
 * await expect(movies.syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
 */
export class Faults {
  readonly #set = new Map<FaultPoint, SetFault[]>();
  #batchFaults: BatchFault[] = [];
  readonly #standIns = new StandInTasks();
  readonly #stalled: TaskRef[] = [];
  readonly #batched: Waiting[] = [];
  readonly #vanished = new Set<number>();
  readonly #late = new Map<() => Promise<unknown>, NodeJS.Timeout | null>();
  /** The run of batches before: a second one goes behind it. */
  #running: Promise<void> = Promise.resolve();
  #crashed = false;
  readonly #waiting = new Set<() => void>();

  /** The call rejects and never reaches the engine; default error `BACKEND_UNREACHABLE`. */
  fail(point: FaultPoint, options: { times?: number; error?: Error } = {}): void {
    this.#add(point, { kind: 'fail', error: options.error ?? unreachable() }, options.times);
  }

  /** The call begins `ms` milliseconds late. */
  delay(point: FaultPoint, ms: number, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'delay', ms }, options.times);
  }

  /** The request is lost on its way: the caller sees `BACKEND_TIMEOUT`, the engine nothing. */
  drop(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'drop' }, options.times);
  }

  /** The answer is lost on its way: the engine does the work, the caller sees `BACKEND_TIMEOUT`. */
  timeOut(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'timeOut' }, options.times);
  }

  /**
   * The request hangs on its way: the caller sees `BACKEND_TIMEOUT` at once, and the engine gets the request `ms`
   * milliseconds later, behind whatever was sent meanwhile. {@link release} and {@link clear} bring it at once, and with
   * `Infinity` nothing else does. What the engine makes of it nobody is told.
   */
  late(point: FaultPoint, ms: number, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'late', ms }, options.times);
  }

  /** The request arrives twice, one copy behind the other; the caller is told of the first only. */
  duplicate(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'duplicate' }, options.times);
  }

  /**
   * The engine accepts the work, and its task fails: nothing of it is in the index.
   * @example
   * faults.failTask('upsert', { when: (documents) => documents.some(({ key }) => key === '7'), together: true, times: Infinity });
   */
  failTask(point: FaultPoint, options: FailTaskOptions = {}): void {
    const { times = 1, when = () => true, together = false } = options;
    const end: End = { status: 'failed', error: errorOf(options) };
    if (together) this.#batchFaults.push({ point, end, when, left: times });
    else this.#add(point, { kind: 'endTask', end }, times, when);
  }

  /** The engine accepts the work, and somebody cancels its task: nothing of it is in the index. */
  cancelTask(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'endTask', end: { status: 'canceled', error: null } }, options.times);
  }

  /** The engine accepts the work, loses it, and does not know its task any more. */
  forgetTask(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'endTask', end: { status: 'unknown', error: null } }, options.times);
  }

  /** The engine does the work, and has no memory of the task once it has ended: its history was pruned. */
  vanish(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'vanish' }, options.times);
  }

  /** The engine accepts the work, and its task stays `processing` until {@link release} or {@link clear}. */
  stall(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'stall' }, options.times);
  }

  /** The process dies before or after the call: it and every later call reject with {@link SimulatedCrash}, until {@link clear}. */
  crash(point: FaultPoint, when: 'before' | 'after'): void {
    this.#add(point, { kind: 'crash', when }, 1);
  }

  /** Lets stalled tasks and late requests go on; resolves when the engine has accepted them. */
  async release(): Promise<void> {
    await this.runBatches();
    for (const task of this.#stalled.splice(0)) await this.#standIns.send(task);
    for (const deliver of [...this.#late.keys()]) await deliver();
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next release, or after `ms`; rejects with the signal's reason. @internal */
  async released(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    let settle = (): void => undefined;
    await new Promise<void>((resolve) => {
      settle = resolve;
      this.#waiting.add(settle);
      signal?.addEventListener('abort', settle);
      setTimeout(settle, ms).unref();
    });
    this.#waiting.delete(settle);
    signal?.removeEventListener('abort', settle);
    signal?.throwIfAborted();
  }

  /** Takes back every control that has not struck, and lets stalled tasks and late requests go on. */
  async clear(): Promise<void> {
    this.#set.clear();
    this.#batchFaults = [];
    this.#crashed = false;
    await this.release();
  }

  /** Late requests never arrive. @internal */
  close(): void {
    for (const timer of this.#late.values()) if (timer !== null) clearTimeout(timer);
    this.#late.clear();
  }

  /** How many tasks the engine has not seen. @internal */
  get heldBack(): number {
    return this.#standIns.waiting;
  }

  /** @internal */
  async around<T>(point: FaultPoint, call: () => Promise<T>): Promise<T> {
    if (this.#crashed) throw new SimulatedCrash('The process has crashed.');
    return this.#struck(point, this.#take(point, []), call, call);
  }

  /** @internal */
  async aroundWrite(
    point: FaultPoint,
    write: Write,
    options: WriteOptions | undefined,
    send: SendWrite,
  ): Promise<readonly TaskRef[]> {
    if (this.#crashed) throw new SimulatedCrash('The process has crashed.');
    const { batch, onAccepted } = options ?? {};
    const unseen = () => send({ batch });
    const seen = (tasks: readonly TaskRef[]): readonly TaskRef[] => {
      for (const task of tasks) onAccepted?.(task);
      return tasks;
    };
    const fault = this.#take(point, write.documents);
    switch (fault?.kind) {
      case 'endTask':
        return seen([this.#standIns.ending(write, fault.end)]);
      case 'stall': {
        const task = this.#standIns.holding(write, unseen);
        this.#stalled.push(task);
        return seen([task]);
      }
      case 'vanish': {
        const tasks = await unseen();
        for (const { id } of tasks) this.#vanished.add(id);
        return seen(tasks);
      }
      default:
        return this.#struck(
          point,
          fault,
          async () => {
            const joined = await this.#join(point, write, unseen);
            return joined === null ? send(options ?? {}) : seen(joined);
          },
          async () => (await this.#join(point, write, unseen)) ?? unseen(),
        );
    }
  }

  /** The outcome of a task that a fault stands for; the real tasks to ask for otherwise. @internal */
  standIn(task: TaskRef): TaskOutcome | readonly TaskRef[] {
    return this.#standIns.lookUp(task);
  }

  /** @internal */
  remembered(outcome: TaskOutcome): TaskOutcome {
    const gone = this.#vanished.has(outcome.id) && !['enqueued', 'processing'].includes(outcome.status);
    return gone ? { ...outcome, status: 'unknown', error: null } : outcome;
  }

  /** Runs what waits, index by index: as a whole it fails, or each task reaches the engine. @internal */
  runBatches(): Promise<void> {
    const run = this.#running.then(() => this.#runWaiting());
    this.#running = run.catch(() => {});
    return run;
  }

  async #runWaiting(): Promise<void> {
    const waiting = this.#batched.splice(0);
    for (const index of new Set(waiting.map(({ write }) => write.index))) {
      const batch = waiting.filter(({ write }) => write.index === index);
      const fault = this.#takeBatchFault(batch);
      for (const { task } of batch) {
        if (fault === undefined) await this.#standIns.send(task);
        else this.#standIns.end(task, fault.end);
      }
    }
  }

  /** A task that waits for its batch, or null where the call goes by itself: then those that waited go first. */
  async #join(point: FaultPoint, write: Write, send: () => Promise<readonly TaskRef[]>): Promise<TaskRef[] | null> {
    const isWrite = write.documents.length > 0;
    if (this.#batchFaults.length === 0 || !isWrite) {
      await this.runBatches();
      return null;
    }
    const task = this.#standIns.holding(write, send);
    this.#batched.push({ point, write, task });
    return [task];
  }

  /** `unseen` is the call where its caller never learns of the answer. */
  async #struck<T>(
    point: FaultPoint,
    fault: Fault | undefined,
    call: () => Promise<T>,
    unseen: () => Promise<T>,
  ): Promise<T> {
    switch (fault?.kind) {
      case 'fail':
        throw fault.error;
      case 'drop':
        throw timedOut();
      case 'timeOut':
        await unseen();
        throw timedOut();
      case 'late':
        this.#deliverLater(unseen, fault.ms);
        throw timedOut();
      case 'duplicate': {
        const answer = await call();
        await unseen().catch(() => {});
        return answer;
      }
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
        return call();
      case 'crash':
        if (fault.when === 'after') await unseen();
        this.#crashed = true;
        throw new SimulatedCrash(`The process crashed ${fault.when} ${point}.`);
      default:
        return call();
    }
  }

  #deliverLater(call: () => Promise<unknown>, ms: number): void {
    const deliver = async (): Promise<void> => {
      clearTimeout(this.#late.get(deliver) ?? undefined);
      this.#late.delete(deliver);
      await call().catch(() => {});
    };
    this.#late.set(deliver, ms === Infinity ? null : setTimeout(() => void deliver(), ms).unref());
  }

  #add(point: FaultPoint, fault: Fault, times = 1, when: SetFault['when'] = () => true): void {
    this.#set.set(point, [...(this.#set.get(point) ?? []), { fault, when, left: times }]);
  }

  #take(point: FaultPoint, documents: readonly Written[]): Fault | undefined {
    const waiting = this.#set.get(point) ?? [];
    const found = waiting.find(({ left, when }) => left > 0 && when(documents));
    if (found !== undefined) found.left -= 1;
    this.#set.set(
      point,
      waiting.filter(({ left }) => left > 0),
    );
    return found?.fault;
  }

  #takeBatchFault(batch: readonly Waiting[]): BatchFault | undefined {
    const strikes = ({ point, when }: BatchFault): boolean =>
      batch.some((waiting) => waiting.point === point && when(waiting.write.documents));
    const found = this.#batchFaults.find(strikes);
    if (found !== undefined) found.left -= 1;
    this.#batchFaults = this.#batchFaults.filter(({ left }) => left > 0);
    return found;
  }
}

function errorOf(options: FailTaskOptions): TaskError {
  const { code = 'invalid_document_fields', message = 'A simulated failure.', document = null, kind } = options;
  return { code, message, document, kind: kind ?? failureKind(code, document) };
}

/** A backend whose calls go through the faults set on it. Works with any backend. */
export function withFaults(backend: Backend): { readonly backend: Backend; readonly faults: Faults } {
  const faults = new Faults();
  const one = async (
    point: FaultPoint,
    index: string,
    options: CallOptions | undefined,
    send: (options: CallOptions) => Promise<TaskRef>,
  ): Promise<TaskRef> => {
    const write = { index, documents: [], batch: undefined };
    return (await faults.aroundWrite(point, write, options, async (given) => [await send(given)]))[0]!;
  };
  const { indexes } = backend;
  return {
    faults,
    backend: {
      name: backend.name,
      ...(backend.address !== undefined && { address: backend.address }),
      documents: backend.documents,
      upsert: (index, documents, options) =>
        faults.aroundWrite('upsert', { index, documents, batch: options?.batch }, options, (given) =>
          backend.upsert(index, documents, given),
        ),
      remove: (index, keys, options) => {
        const documents = keys.map((key) => ({ key }));
        return faults.aroundWrite('remove', { index, documents, batch: options?.batch }, options, (given) =>
          backend.remove(index, keys, given),
        );
      },
      outcomes: (tasks, options) => faults.around('outcomes', () => outcomesOf(backend, faults, tasks, options)),
      search: (index, query, options) => faults.around('search', () => backend.search(index, query, options)),
      indexes: {
        get: (index, options) => indexes.get(index, options),
        settings: (index, options) => indexes.settings(index, options),
        stats: (index, options) => indexes.stats(index, options),
        create: (index, options) => one('create', index, options, (given) => indexes.create(index, given)),
        apply: (index, settings, options) =>
          one('apply', index, options, (given) => indexes.apply(index, settings, given)),
        swap: (left, right, options) => one('swap', left, options, (given) => indexes.swap(left, right, given)),
        drop: (index, options) => one('drop', index, options, (given) => indexes.drop(index, given)),
      },
      ...(backend.failures && { failures: (index, options) => backend.failures!(index, options) }),
      ...(backend.examine && { examine: (names, options) => backend.examine!(names, options) }),
      ...(backend.backlog && {
        backlog: async (options) => (await backend.backlog!(options)) + faults.heldBack,
      }),
      ...(backend.close && {
        close: () => {
          faults.close();
          return backend.close!();
        },
      }),
    },
  };
}

async function outcomesOf(
  backend: Backend,
  faults: Faults,
  tasks: readonly TaskRef[],
  { waitMs = 0, signal }: NonNullable<Parameters<Backend['outcomes']>[1]> = {},
): Promise<readonly TaskOutcome[]> {
  const until = performance.now() + waitMs;
  const left = () => Math.max(0, until - performance.now());
  const isStalled = (standIn: TaskOutcome | readonly TaskRef[]) =>
    'status' in standIn && standIn.status === 'processing';
  await faults.runBatches();
  let standIns = tasks.map((task) => faults.standIn(task));
  while (standIns.some(isStalled) && left() > 0) {
    await faults.released(left(), signal);
    standIns = tasks.map((task) => faults.standIn(task));
  }
  const real = standIns.map((standIn) => ('status' in standIn ? [] : standIn));
  const outcomes = [...(await backend.outcomes(real.flat(), { waitMs: left(), signal }))];
  return tasks.map((task, at) => {
    const standIn = standIns[at]!;
    if ('status' in standIn) return standIn;
    const own = outcomes.splice(0, standIn.length).map((outcome) => faults.remembered(outcome));
    return { ...(own.find(({ status }) => status !== 'succeeded') ?? own[0]!), ...task };
  });
}

const unreachable = () =>
  new ScrypathError({ code: 'BACKEND_UNREACHABLE', happened: 'The engine cannot be reached (simulated).' });
const timedOut = () =>
  new ScrypathError({ code: 'BACKEND_TIMEOUT', happened: 'The engine did not answer in time (simulated).' });
