import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from './backend/backend.js';
import { dividedEntities, takePart } from './backfill/fill-parts.js';
import { fillPart } from './backfill/shared-fill.js';
import { failureReason } from './queue/failure-reason.js';
import type { Logger } from './telemetry/logger.js';
import { readConnection } from './worker/background-runner.js';
import { newestVersions } from './worker/versions.js';
import type { Work } from './worker/work.js';
import type { Help } from './worker/worker.js';

export interface FillHelpSite {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly work: () => Work;
  /** For statements that are committed at once. */
  readonly connection: () => Promise<QueryRunner>;
  readonly logger: Logger;
  /** Between two looks, in milliseconds; default 5,000. */
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 5_000;

/** Beside a worker's work: fills ranges of backfills that are divided, of entities that this process knows. */
export class FillHelp implements Help {
  readonly #site: FillHelpSite;
  #run: Run | null = null;

  constructor(site: FillHelpSite) {
    this.#site = site;
  }

  start(): void {
    this.#run ??= new Run(this.#site);
  }

  /** Resolves when what was read of the range under way was sent, or the time is over. It goes to whoever looks next. */
  async stop(at: number): Promise<void> {
    await this.#run?.stop(at);
    this.#run = null;
  }
}

/** From a start to its stop. */
class Run {
  readonly #site: FillHelpSite;
  readonly #stopping = new AbortController();
  #isOver = false;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(site: FillHelpSite) {
    this.#site = site;
    this.#again();
  }

  async stop(at: number): Promise<void> {
    this.#stopping.abort(new Error('The worker stops.'));
    if (this.#timer !== null) clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, at - performance.now()));
    });
    await Promise.race([this.#looking, over]);
    clearTimeout(timer);
    this.#isOver = true;
  }

  /** None any more for what outlasts the stop: the worker's connections are closed behind it. */
  readonly #connection = (): Promise<QueryRunner> =>
    this.#isOver ? Promise.reject(new Error('The worker has stopped.')) : this.#site.connection();

  #again(): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch((error: unknown) => {
          if (!this.#stopping.signal.aborted)
            this.#site.logger.warn('A range of a backfill was not filled here.', { reason: failureReason(error) });
        })
        .finally(() => this.#again());
    }, this.#site.lookEveryMs ?? LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const entities = await this.#entities();
      if (entities.length === 0 || !(await this.#fillOne(entities))) return;
    }
  }

  /** Asked before each range: a newer deployment may have come meanwhile, and documents of this one have another shape. */
  async #entities(): Promise<readonly string[]> {
    const divided = await dividedEntities(await this.#connection());
    if (divided.length === 0) return [];
    const newest = await newestVersions(await this.#connection());
    return divided.filter((entity) => {
      const version = this.#site.work().documents.get(entity)?.metadata.version;
      return version !== undefined && (newest.get(entity) ?? 0) <= version;
    });
  }

  async #fillOne(entities: readonly string[]): Promise<boolean> {
    const { backend, dataSource, work } = this.#site;
    const part = await takePart(this.#connection, { entities });
    if (part === null) return false;
    const { metadata, projection } = work().documents.get(part.entity)!;
    const reading = await readConnection(dataSource);
    try {
      const site = { backend, metadata, projection, manager: reading.queryRunner.manager };
      await fillPart(site, part, { signal: this.#stopping.signal });
      return true;
    } finally {
      await reading.end();
    }
  }
}
