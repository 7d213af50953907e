import type { EngineProcess } from './engine-process';

/** Somebody who searches an index all along, by plain HTTP. */
export class Searcher {
  searches = 0;
  readonly complaints: string[] = [];
  #stopping = false;
  #away = 0;
  readonly #running: Promise<void>;

  /** @param least documents that there are at least, whatever is written */
  constructor(
    private readonly engine: EngineProcess,
    private readonly index: string,
    private readonly least: number,
  ) {
    this.#running = this.#run();
  }

  /** While it lasts, the engine is away: what is asked then counts for nothing. */
  async whileAway<T>(work: () => Promise<T>): Promise<T> {
    this.#away += 1;
    try {
      return await work();
    } finally {
      this.#away += 1;
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const away = this.#away;
      const complaint = await this.#search();
      const counts = away % 2 === 0 && this.#away === away;
      if (counts) this.searches += 1;
      if (counts && complaint !== null && this.complaints.length < 5) this.complaints.push(complaint);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async #search(): Promise<string | null> {
    try {
      const body = { q: '', filter: 'price > 0', limit: 1 };
      const found = await this.engine.ask<{ hits: object[]; estimatedTotalHits: number }>(
        'POST',
        `/indexes/${this.index}/search`,
        body,
      );
      const { hits, estimatedTotalHits } = found;
      if (hits.length === 0) return 'A search found nothing.';
      return estimatedTotalHits >= this.least ? null : `A search found ${estimatedTotalHits} documents.`;
    } catch (error) {
      return String(error);
    }
  }
}
