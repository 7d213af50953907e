import type { Drained } from './drain.js';
import type { Sender } from './sender.js';

interface Request {
  readonly ids: readonly string[];
  readonly resolve: (drained: Drained) => void;
  readonly reject: (error: unknown) => void;
}

/** Most rows of one pass. */
const ROWS = 5_000;

/**
 * Drains chosen rows in the calling process. Calls that come while a pass is under way go together in the next one: under
 * load a request carries many of them, and nobody waits for more than one pass in front of his own.
 */
export class DirectDrain {
  readonly #sender: Sender;
  #requests: Request[] = [];
  #running = false;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** One pass over the rows that are due and free. Rejects where the database, not the engine, is at fault. */
  drain(ids: readonly string[]): Promise<Drained> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ ids, resolve, reject });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#requests.length > 0) {
      const requests = this.#take();
      try {
        const drained = await this.#sender.drain({ kind: 'ids', ids: requests.flatMap(({ ids }) => ids) });
        for (const { resolve } of requests) resolve(drained);
      } catch (error) {
        for (const { reject } of requests) reject(error);
      }
    }
    this.#running = false;
  }

  #take(): Request[] {
    const taken: Request[] = [];
    let rows = 0;
    while (this.#requests.length > 0 && (taken.length === 0 || rows + this.#requests[0]!.ids.length <= ROWS)) {
      rows += this.#requests[0]!.ids.length;
      taken.push(this.#requests.shift()!);
    }
    return taken;
  }
}
