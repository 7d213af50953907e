import type { DirtyKey } from '../outbox/outbox-row.js';
import { Alarm } from '../queue/waiting.js';
import type { Consumer, WorkQueue } from '../queue/work-queue.js';
import type { Drained } from './drain.js';
import { backoffMs } from './failure.js';
import type { Sender } from './sender.js';

/** Most keys of one batch; a job has at most 100. */
const KEYS = 1_000;
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 100;
/** How long rows are waited for that others hold. Then they are left to those who look for due rows. */
const PATIENCE_MS = 10_000;
const RETRY = { baseMs: 100, maxMs: 5_000 };

export interface ConsumerSite {
  readonly queue: WorkQueue;
  readonly sender: Sender;
  /** Whether the engine has enough to do. */
  readonly isOverloaded: () => Promise<boolean>;
  /** Told of each batch. */
  readonly drained: (drained: Drained) => void;
  /** Told that owners of a related record were marked dirty, which have no job. */
  readonly fannedOut: () => void;
}

/**
 * Brings the rows of jobs to the engine. A job is done when none of its keys' rows waits any more: accepted, to be tried
 * again later, discarded or gone, which all stands in the outbox. It fails, and is handed out again by the queue, where the
 * database or the engine is away.
 */
export class QueueConsumer {
  readonly #site: ConsumerSite;
  readonly #consumer: Consumer;
  #handling: Promise<void> = Promise.resolve();
  #troubles = 0;

  constructor(site: ConsumerSite) {
    this.#site = site;
    this.#consumer = site.queue.consume(
      (keys, signal) => {
        const handling = this.#handle(keys, signal);
        this.#handling = handling.catch(() => undefined);
        return handling;
      },
      { maxKeys: KEYS },
    );
  }

  /** Takes no more jobs; resolves when the batch under way is over, given back or done. */
  async stop(timeoutMs: number): Promise<void> {
    await this.#consumer.stop({ timeoutMs });
    await this.#handling;
  }

  async #handle(keys: readonly DirtyKey[], signal: AbortSignal): Promise<void> {
    const pause = new Alarm();
    signal.addEventListener('abort', () => pause.ring(), { once: true });
    try {
      await this.#bring(keys, signal, pause);
      this.#troubles = 0;
    } catch (error) {
      // Or every job that waits would use up an attempt at once.
      if (!signal.aborted) await pause.wait(backoffMs(RETRY, this.#troubles++));
      throw error;
    }
  }

  async #bring(keys: readonly DirtyKey[], signal: AbortSignal, pause: Alarm): Promise<void> {
    const { sender, isOverloaded, drained: tell } = this.#site;
    let look = FIRST_LOOK_MS;
    let movedAt = performance.now();
    for (;;) {
      signal.throwIfAborted();
      if (await isOverloaded()) {
        await pause.wait(LAST_LOOK_MS);
        movedAt = performance.now();
        continue;
      }
      const ids = await sender.dueIds(keys);
      if (ids.length === 0) break;
      const drained = await sender.drain({ kind: 'ids', ids });
      tell(drained);
      if (drained.outage) throw firstOf(drained.errors);
      if (drained.sent > 0) {
        look = FIRST_LOOK_MS;
        movedAt = performance.now();
        continue;
      }
      if (performance.now() - movedAt > PATIENCE_MS) break;
      await pause.wait(look);
      look = Math.min(look * 2, LAST_LOOK_MS);
    }
    if (keys.some(({ entity }) => sender.fansOut(entity))) this.#site.fannedOut();
  }
}

const firstOf = (errors: ReadonlyMap<string, unknown>): unknown =>
  errors.values().next().value ?? new Error('The engine takes nothing.');
