import { type Batch, batchesOf, type Delivery } from '../queue/batches.js';
import type { KeyHandler } from '../queue/work-queue.js';

/** A job that BullMQ has handed out; it waits for this to be settled. */
export interface Handed extends Delivery {
  readonly id: string;
  /** Puts the job back, as if it had not been handed out. */
  release(): Promise<void>;
}

interface Waiting extends Handed {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * BullMQ hands a worker one job a call. Here the jobs of calls that run at the same time become one batch: while one is
 * handled, the next gathers.
 */
export class Gatherer {
  readonly #abort = new AbortController();
  readonly #held = new Map<string, Waiting>();
  #waiting: Waiting[] = [];
  #running = false;
  #batch: { readonly deliveries: readonly Waiting[]; readonly lost: AbortController } | null = null;

  constructor(
    private readonly handler: KeyHandler,
    private readonly maxKeys: number,
  ) {}

  /** Settles as the batch does that the job becomes part of. */
  handle(handed: Handed): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const waiting = { ...handed, resolve, reject };
      this.#held.set(handed.id, waiting);
      this.#waiting.push(waiting);
      if (!this.#running) void this.#run();
    });
  }

  /** The engine has given these jobs to another. */
  lost(ids: readonly string[], reason: unknown): void {
    if (this.#batch?.deliveries.some(({ id }) => ids.includes(id))) this.#batch.lost.abort(reason);
  }

  /** Puts back what is not done, and aborts the handler. `returned` is what the calls of BullMQ are told. */
  async abort(reason: unknown, returned: () => unknown): Promise<void> {
    this.#abort.abort(reason);
    this.#waiting = [];
    const held = [...this.#held.values()];
    this.#held.clear();
    await Promise.all(
      held.map(async ({ release, reject }) => {
        // Where it fails, the job comes back when its lock has run out.
        await release().catch(() => undefined);
        reject(returned());
      }),
    );
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting;
      this.#waiting = [];
      for (const batch of batchesOf(taken, this.maxKeys)) await this.#handle(batch);
    }
    this.#running = false;
  }

  async #handle({ deliveries, keys }: Batch<Waiting>): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const lost = new AbortController();
    this.#batch = { deliveries, lost };
    try {
      await this.handler(keys, AbortSignal.any([this.#abort.signal, lost.signal]));
      for (const delivery of this.#settle(deliveries)) delivery.resolve();
    } catch (error) {
      for (const delivery of this.#settle(deliveries)) delivery.reject(error);
    } finally {
      this.#batch = null;
    }
  }

  #settle(deliveries: readonly Waiting[]): readonly Waiting[] {
    return deliveries.filter((delivery) => this.#held.get(delivery.id) === delivery && this.#held.delete(delivery.id));
  }
}
