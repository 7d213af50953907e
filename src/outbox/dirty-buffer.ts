import type { QueryRunner } from 'typeorm';
import { append } from './append.js';
import type { DirtyKey, Mark } from './outbox-row.js';

/** What one transaction has dirtied so far. */
interface Dirt {
  /** Not yet in the outbox. */
  keys: DirtyKey[];
  /** In the outbox, and committed with the transaction. */
  readonly marks: Mark[];
  /** Whether the append before the commit has begun: from then on nobody would write what is only remembered. */
  flushed: boolean;
}

/**
 * Collects what a transaction dirties and writes it by one append right before the outermost commit. State hangs on the
 * query runner only, as one DataSource has many transactions at a time. It is told of transactions by `outboxCapture`.
 */
export class DirtyBuffer {
  readonly #dirtOf = new WeakMap<QueryRunner, Dirt>();
  readonly #committed: (marks: readonly Mark[]) => void;

  /** @param committed told of the marks of each commit, after it, in its async context; what it throws is the caller's loss */
  constructor(committed: (marks: readonly Mark[]) => void = () => undefined) {
    this.#committed = committed;
  }

  /**
   * Marks keys dirty with the runner's transaction; at once where none is open, or where it is about to commit. Without a
   * transaction the marked write is committed already: rejecting then tells that its mark is missing.
   */
  async mark(queryRunner: QueryRunner, keys: readonly DirtyKey[]): Promise<void> {
    if (keys.length === 0) return;
    if (!queryRunner.isTransactionActive) {
      this.#committed(await append(queryRunner.manager, keys, 'write'));
      return;
    }
    const dirt = this.#dirt(queryRunner);
    if (dirt.flushed) dirt.marks.push(...(await append(queryRunner.manager, keys, 'write')));
    else for (const key of keys) dirt.keys.push(key);
  }

  /** Before any commit: writes what was collected, where the commit is the outermost. A rejection makes the commit fail. */
  async beforeCommit(queryRunner: QueryRunner): Promise<void> {
    if (depthOf(queryRunner) > 1) return;
    const dirt = this.#dirt(queryRunner);
    const { keys } = dirt;
    // Also where nothing is dirty yet: another subscriber may write in its own turn before the commit.
    dirt.flushed = true;
    dirt.keys = [];
    try {
      dirt.marks.push(...(await append(queryRunner.manager, keys, 'write')));
    } catch (error) {
      // MariaDB and SQLite let the caller commit after a failed statement: then the next commit tries again.
      dirt.flushed = false;
      dirt.keys.unshift(...keys);
      throw error;
    }
  }

  /** After any commit; a savepoint's leaves the transaction active. */
  afterCommit(queryRunner: QueryRunner): void {
    if (queryRunner.isTransactionActive) return;
    const marks = this.#dirtOf.get(queryRunner)?.marks ?? [];
    this.#dirtOf.delete(queryRunner);
    if (marks.length > 0) this.#committed(marks);
  }

  /**
   * After any rollback. What a savepoint dirtied stays: reading a record again that did not change does no harm, while a
   * key that was also written outside the savepoint must not be lost.
   */
  afterRollback(queryRunner: QueryRunner): void {
    if (!queryRunner.isTransactionActive) this.#dirtOf.delete(queryRunner);
  }

  /** Before any transaction: SQLite has one runner for ever, and a failed COMMIT may have left something on it. */
  beforeStart(queryRunner: QueryRunner): void {
    if (depthOf(queryRunner) === 0) this.#dirtOf.delete(queryRunner);
  }

  #dirt(queryRunner: QueryRunner): Dirt {
    let dirt = this.#dirtOf.get(queryRunner);
    if (dirt === undefined) {
      dirt = { keys: [], marks: [], flushed: false };
      this.#dirtOf.set(queryRunner, dirt);
    }
    return dirt;
  }
}

/** TypeORM counts a transaction and its savepoints, in a member that its types hide. */
const depthOf = (queryRunner: QueryRunner): number =>
  (queryRunner as unknown as { readonly transactionDepth: number }).transactionDepth;
