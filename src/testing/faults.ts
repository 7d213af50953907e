import type { Backend, TaskOutcome, TaskRef } from '../index.js';
import { ScrypathError } from '../index.js';

/** Calls that a fault can strike. */
export const FAULT_POINTS = ['upsert', 'remove', 'search', 'outcomes', 'create', 'apply', 'swap', 'drop'] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Thrown where a crash was asked for: what a killed process would not have gone past. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

type Fault =
  | { readonly kind: 'fail'; readonly error: Error }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'timeOut' }
  | {
      readonly kind: 'endTask';
      readonly status: 'failed' | 'canceled' | 'unknown';
      readonly error: TaskOutcome['error'];
    }
  | { readonly kind: 'stall' }
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' };

/**
 * Makes the next calls of a backend go wrong, in the ways in which engines and networks do. Each control strikes the
 * next `times` calls (default 1); controls of one point strike in the order in which they were set.
 * @example
 * faults.fail('upsert');
 * await expect(movies.syncRecord(movie)).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
 */
export class Faults {
  readonly #set = new Map<FaultPoint, Fault[]>();
  readonly #stalled = new Map<number, { send: () => Promise<readonly TaskRef[]>; real: readonly TaskRef[] | null }>();
  readonly #ended = new Map<number, TaskOutcome>();
  // Beyond the ids of any engine, so that nobody takes a stand-in for a real task.
  #nextId = 2 ** 40;
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

  /** The engine accepts the work, and its task fails: nothing of it is in the index. */
  failTask(point: FaultPoint, options: { times?: number; code?: string; message?: string } = {}): void {
    const error = {
      code: options.code ?? 'invalid_document_fields',
      message: options.message ?? 'A simulated failure.',
    };
    this.#add(point, { kind: 'endTask', status: 'failed', error }, options.times);
  }

  /** The engine accepts the work, and somebody cancels its task: nothing of it is in the index. */
  cancelTask(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'endTask', status: 'canceled', error: null }, options.times);
  }

  /** The engine accepts the work, loses it, and does not know its task any more. */
  forgetTask(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'endTask', status: 'unknown', error: null }, options.times);
  }

  /** The engine accepts the work, and its task stays `processing` until {@link release} or {@link clear}. */
  stall(point: FaultPoint, options: { times?: number } = {}): void {
    this.#add(point, { kind: 'stall' }, options.times);
  }

  /** The process dies before or after the call: it and every later call reject with {@link SimulatedCrash}, until {@link clear}. */
  crash(point: FaultPoint, when: 'before' | 'after'): void {
    this.#add(point, { kind: 'crash', when }, 1);
  }

  /** Lets stalled tasks go on; resolves when the engine has accepted them. */
  async release(): Promise<void> {
    for (const stalled of this.#stalled.values()) stalled.real ??= await stalled.send();
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

  /** Takes back every control that has not struck, and lets stalled tasks go on. */
  async clear(): Promise<void> {
    this.#set.clear();
    this.#crashed = false;
    await this.release();
  }

  /** @internal */
  async around<T>(point: FaultPoint, call: () => Promise<T>): Promise<T> {
    if (this.#crashed) throw new SimulatedCrash('The process has crashed.');
    const fault = this.#take(point);
    switch (fault?.kind) {
      case 'fail':
        throw fault.error;
      case 'drop':
        throw timedOut();
      case 'timeOut':
        await call();
        throw timedOut();
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
        return call();
      case 'crash':
        if (fault.when === 'after') await call();
        this.#crashed = true;
        throw new SimulatedCrash(`The process crashed ${fault.when} ${point}.`);
      default:
        return call();
    }
  }

  /** @internal */
  async aroundWrite(
    point: FaultPoint,
    index: string,
    send: () => Promise<readonly TaskRef[]>,
  ): Promise<readonly TaskRef[]> {
    const fault = this.#set.get(point)?.[0];
    if (this.#crashed || (fault?.kind !== 'endTask' && fault?.kind !== 'stall')) return this.around(point, send);
    this.#take(point);
    const task = { id: this.#nextId++, index };
    if (fault.kind === 'endTask') this.#ended.set(task.id, { ...task, status: fault.status, error: fault.error });
    else this.#stalled.set(task.id, { send, real: null });
    return [task];
  }

  /** The outcome of a task that a fault stands for; the real tasks to ask for otherwise. @internal */
  standIn(task: TaskRef): TaskOutcome | readonly TaskRef[] {
    const ended = this.#ended.get(task.id);
    if (ended) return ended;
    const stalled = this.#stalled.get(task.id);
    return stalled ? (stalled.real ?? { ...task, status: 'processing', error: null }) : [task];
  }

  #add(point: FaultPoint, fault: Fault, times = 1): void {
    const faults = this.#set.get(point) ?? [];
    for (let time = 0; time < times; time++) faults.push(fault);
    this.#set.set(point, faults);
  }

  #take(point: FaultPoint): Fault | undefined {
    return this.#set.get(point)?.shift();
  }
}

/** A backend whose calls go through the faults set on it. Works with any backend. */
export function withFaults(backend: Backend): { readonly backend: Backend; readonly faults: Faults } {
  const faults = new Faults();
  const one = async (point: FaultPoint, index: string, send: () => Promise<TaskRef>): Promise<TaskRef> =>
    (await faults.aroundWrite(point, index, async () => [await send()]))[0]!;
  const { indexes } = backend;
  return {
    faults,
    backend: {
      name: backend.name,
      documents: backend.documents,
      upsert: (index, documents, options) =>
        faults.aroundWrite('upsert', index, () => backend.upsert(index, documents, options)),
      remove: (index, keys, options) => faults.aroundWrite('remove', index, () => backend.remove(index, keys, options)),
      outcomes: (tasks, options) => faults.around('outcomes', () => outcomesOf(backend, faults, tasks, options)),
      search: (index, query, options) => faults.around('search', () => backend.search(index, query, options)),
      indexes: {
        get: (index, options) => indexes.get(index, options),
        settings: (index, options) => indexes.settings(index, options),
        stats: (index, options) => indexes.stats(index, options),
        create: (index, options) => one('create', index, () => indexes.create(index, options)),
        apply: (index, settings, options) => one('apply', index, () => indexes.apply(index, settings, options)),
        swap: (left, right, options) => one('swap', left, () => indexes.swap(left, right, options)),
        drop: (index, options) => one('drop', index, () => indexes.drop(index, options)),
      },
      ...(backend.close && { close: () => backend.close!() }),
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
  let standIns = tasks.map((task) => faults.standIn(task));
  while (standIns.some(isStalled) && left() > 0) {
    await faults.released(left(), signal);
    standIns = tasks.map((task) => faults.standIn(task));
  }
  const real = standIns.flatMap((standIn) => ('status' in standIn ? [] : standIn));
  const outcomes = await backend.outcomes(real, { waitMs: left(), signal });
  const known = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return tasks.map((task, at) => {
    const standIn = standIns[at]!;
    if ('status' in standIn) return standIn;
    const outcome = standIn.map(({ id }) => known.get(id)!).find(({ status }) => status !== 'succeeded');
    return { ...(outcome ?? known.get(standIn[0]!.id)!), ...task };
  });
}

const unreachable = () =>
  new ScrypathError({ code: 'BACKEND_UNREACHABLE', happened: 'The engine cannot be reached (simulated).' });
const timedOut = () =>
  new ScrypathError({ code: 'BACKEND_TIMEOUT', happened: 'The engine did not answer in time (simulated).' });
