import { Injectable, Logger } from '@nestjs/common';
import type { Backend, Scrypath, Worker } from '../index.js';
import { invalidModule, type ResolvedRun } from './module-options.js';

/** What is known of an instance before it is made. */
export interface Planned {
  readonly name: string;
  readonly backend: Backend;
  readonly prefix: string | undefined;
  readonly run: ResolvedRun;
}

interface Instance extends Planned {
  scrypath: Scrypath | null;
  worker: Worker | null;
  /** When the shutdown began, on the clock of `performance`. */
  stoppingAt: number | null;
}

/** Closing closes connections; that is not skipped because the worker took all the time there was. */
const LEAST_CLOSE_MS = 1_000;

/** Every instance of one application: made, run and closed here, and compared with each other. */
@Injectable()
export class Instances {
  readonly #all = new Map<string, Instance>();
  readonly #logger = new Logger('ScrypathModule');

  /** @throws ScrypathError `OPTION_INVALID` where two instances cannot stand beside each other; what `start` throws */
  async open(planned: Planned, start: () => Promise<Scrypath>): Promise<Scrypath> {
    const clash = [...this.#all.values()].flatMap((other) => clashOf(planned, other));
    if (clash.length > 0) throw invalidModule(clash, REMEDY);
    const instance: Instance = { ...planned, scrypath: null, worker: null, stoppingAt: null };
    this.#all.set(planned.name, instance);
    let scrypath: Scrypath | null = null;
    try {
      scrypath = await start();
      instance.worker = workerOf(scrypath, planned.run);
      instance.scrypath = scrypath;
      return scrypath;
    } catch (error) {
      this.#all.delete(planned.name);
      await scrypath?.close().catch(() => undefined);
      throw error;
    }
  }

  /** Null where no module has made one of this name. */
  get(name: string): { readonly scrypath: Scrypath; readonly backend: Backend } | null {
    const instance = this.#all.get(name);
    return instance?.scrypath ? { scrypath: instance.scrypath, backend: instance.backend } : null;
  }

  async startWorker(name: string): Promise<void> {
    await this.#all.get(name)?.worker?.start();
  }

  /** Drains the workers of all instances at the same time, each within its own time. */
  async drain(): Promise<void> {
    await Promise.all([...this.#all.values()].map((instance) => this.#drain(instance)));
  }

  async #drain(instance: Instance): Promise<void> {
    const { worker, name, run, stoppingAt } = instance;
    if (stoppingAt !== null) return;
    instance.stoppingAt = performance.now();
    if (worker === null) return;
    const { shutdownTimeoutMs: timeoutMs } = run;
    if (await endsWithin(worker.stop({ timeoutMs }), timeoutMs)) return;
    this.#logger.warn(`The worker of "${name}" was not drained after ${timeoutMs} ms; its work stays in the outbox.`);
  }

  /** Closes an instance, once nothing writes any more. */
  async close(name: string): Promise<void> {
    const instance = this.#all.get(name);
    if (!instance?.scrypath) return;
    await this.#drain(instance);
    this.#all.delete(name);
    const { scrypath, run, stoppingAt } = instance;
    const left = run.shutdownTimeoutMs - (performance.now() - stoppingAt!);
    if (await endsWithin(scrypath.close(), Math.max(left, LEAST_CLOSE_MS))) return;
    this.#logger.warn(`"${name}" was not closed after ${run.shutdownTimeoutMs} ms; what was under way is not awaited.`);
  }
}

const REMEDY = 'Give each ScrypathModule a name of its own, and a prefix of its own where they share an engine.';

function clashOf(one: Planned, other: Planned): string[] {
  if (one.name === other.name) return [`two instances have the name "${one.name}"`];
  const shares =
    one.backend === other.backend ||
    (one.backend?.address !== undefined && one.backend.address === other.backend?.address);
  if (!shares || (one.prefix ?? '') !== (other.prefix ?? '')) return [];
  return [`"${other.name}" and "${one.name}" share an engine and have the same prefix, or none`];
}

function workerOf(scrypath: Scrypath, { worker }: ResolvedRun): Worker | null {
  const wanted = worker ?? scrypath.hasOutbox;
  return wanted === false ? null : scrypath.worker(wanted === true ? {} : wanted);
}

/** Whether the work ended in time; what it throws later nobody is told. */
async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true as const), over]);
  } finally {
    clearTimeout(timer);
  }
}
