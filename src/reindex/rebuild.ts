import { span } from '../telemetry/span.js';
import type { VerifyOptions } from '../verify/verify-index.js';
import type { VerifyReport } from '../verify/verify-report.js';
import type { RebuildState } from '../worker/rebuilds.js';
import type { RebuildAudit } from './audit.js';
import type { RebuildSpan } from './rebuild-span.js';
import type { RunOptions } from './reindex-options.js';

/** What can be done with one rebuild. Each resolves to what it has come to. */
export interface RebuildOperations {
  read(): Promise<RebuildAudit>;
  verify(options: VerifyOptions): Promise<VerifyReport>;
  resume(options: RunOptions): Promise<RebuildAudit>;
  cutover(options: RunOptions): Promise<RebuildAudit>;
  rollback(options: RunOptions): Promise<RebuildAudit>;
  finish(): Promise<RebuildAudit>;
  abandon(): Promise<RebuildAudit>;
}

/**
 * An index that was built beside a live one, and what becomes of it. Made by `movies.reindex()` and `movies.rebuild()`.
 * @example
 * const rebuild = await movies.reindex();
 * if (somethingIsWrong) await rebuild.rollback();
 * else await rebuild.finish();
 */
export class Rebuild {
  readonly #operations: RebuildOperations;
  #audit: RebuildAudit;

  /** @internal */
  constructor(operations: RebuildOperations, audit: RebuildAudit) {
    this.#operations = operations;
    this.#audit = audit;
  }

  get id(): string {
    return this.#audit.id;
  }

  /** As it was when this object last did or read something. */
  get state(): RebuildState {
    return this.#audit.state;
  }

  /** What it has come to, as this object last saw it. */
  get audit(): RebuildAudit {
    return this.#audit;
  }

  /** Reads again how far it has got: another process may work at it. */
  refresh(): Promise<RebuildAudit> {
    return this.#saw(this.#operations.read());
  }

  /**
   * Compares the index beside the live one with the database by content, and changes nothing: the new one before the
   * cutover, the old one after it.
   * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`
   */
  verify(options: Omit<VerifyOptions, 'index'> = {}): Promise<VerifyReport> {
    return this.#operations.verify({ ...options, index: this.#audit.target });
  }

  /**
   * Goes on where it was stopped or killed, to the end of what it was begun for.
   * @throws ScrypathError `REBUILD_RUNNING` while somebody is at work on it, and whatever `reindex` throws
   */
  resume(options: RunOptions = {}): Promise<RebuildAudit> {
    return this.#did('resume', () => this.#operations.resume(options));
  }

  /**
   * Verifies the target once more, and makes it the live index. The old one stays beside it, and every write goes to both.
   * @throws ScrypathError `REBUILD_STATE`, `REBUILD_DIFFERS`, `BACKFILL_RUNNING`, `INDEX_REPLACED`, `BACKEND_…`
   */
  cutover(options: RunOptions = {}): Promise<RebuildAudit> {
    return this.#did('cutover', () => this.#operations.cutover(options));
  }

  /**
   * Makes the old index the live one again, and drops the new one. Nothing that was written since is lost: it went to both.
   * @throws ScrypathError `REBUILD_STATE` where there is no old index any more, `REBUILD_DIFFERS`, `INDEX_REPLACED`, `BACKEND_…`
   */
  rollback(options: RunOptions = {}): Promise<RebuildAudit> {
    return this.#did('rollback', () => this.#operations.rollback(options));
  }

  /** Drops the old index: there is no way back. Throws `REBUILD_STATE` before the cutover. */
  finish(): Promise<RebuildAudit> {
    return this.#did('finish', () => this.#operations.finish());
  }

  /** Drops the target, and leaves the live index as it is. Throws `REBUILD_STATE` after the cutover. */
  abandon(): Promise<RebuildAudit> {
    return this.#did('abandon', () => this.#operations.abandon());
  }

  #did(operation: RebuildSpan['operation'], run: () => Promise<RebuildAudit>): Promise<RebuildAudit> {
    const { entity, live, target } = this.#audit;
    const facts: RebuildSpan = { entity, index: live, target, operation };
    return span('scrypath:reindex', facts, async (context) => {
      const audit = await this.#saw(run());
      context.state = audit.state;
      return audit;
    });
  }

  async #saw(audit: Promise<RebuildAudit>): Promise<RebuildAudit> {
    this.#audit = await audit;
    return this.#audit;
  }
}
