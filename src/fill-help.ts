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
  #stopping = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(site: FillHelpSite) {
    this.#site = site;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#again();
  }

  /** Resolves when what was read of the range under way was sent. It goes to whoever looks next. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The worker stops.'));
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

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
    const { connection, work } = this.#site;
    const divided = await dividedEntities(await connection());
    if (divided.length === 0) return;
    const newest = await newestVersions(await connection());
    // A program of an older deployment would write documents of another shape.
    const entities = divided.filter((entity) => {
      const version = work().documents.get(entity)?.metadata.version;
      return version !== undefined && (newest.get(entity) ?? 0) <= version;
    });
    if (entities.length > 0) while (await this.#fillOne(entities));
  }

  async #fillOne(entities: readonly string[]): Promise<boolean> {
    const { connection, backend, dataSource, work } = this.#site;
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    const part = await takePart(connection, { entities });
    if (part === null) return false;
    const { metadata, projection } = work().documents.get(part.entity)!;
    const reading = await readConnection(dataSource);
    try {
      await fillPart({ backend, metadata, projection, manager: reading.queryRunner.manager }, part, { signal });
      return true;
    } finally {
      await reading.end();
    }
  }
}
