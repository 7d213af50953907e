import type { EntityManager, QueryRunner } from 'typeorm';
import { append } from '../outbox/append.js';
import type { CommittedMarks } from '../outbox/commit-watch.js';
import { newToken } from '../outbox/mark-id.js';
import type { DirtyKey } from '../outbox/outbox-row.js';

/** Marks that a transaction has written, and that are not committed yet. */
export interface WrittenMarks {
  readonly token: string;
  readonly count: number;
  /** Null where SQL wrote them: then the rows of the token say. */
  readonly keys: readonly DirtyKey[] | null;
}

/**
 * Told of marks in their transaction. A rejection makes the commit fail.
 * @returns for how many nothing is to be done after the commit
 */
export type BeforeCommit = (manager: EntityManager, marks: WrittenMarks) => Promise<number>;

/** What one transaction has dirtied so far. */
interface Dirt {
  readonly token: string;
  /** Not yet in the outbox; each key once. */
  keys: Map<string, DirtyKey>;
  /** In the outbox, and committed with the transaction. */
  count: number;
  fed: number;
  /** Whether the append before the commit has begun: from then on nobody would write what is only remembered. */
  flushed: boolean;
}

/**
 * Collects what a transaction dirties and writes it by one append right before the outermost commit. State hangs on the
 * query runner only, as one DataSource has many transactions at a time. Whoever owns it tells it of transactions.
 */
export class DirtyBuffer {
  readonly #dirtOf = new WeakMap<QueryRunner, Dirt>();
  /** Runners with a transaction. One whose connection broke is never heard of again, and must be free to go. */
  readonly #open = new Map<Dirt, WeakRef<QueryRunner>>();
  #whenIdle: (() => void) | null = null;
  readonly #committed: (marks: CommittedMarks) => void;
  readonly #beforeCommit: BeforeCommit;

  /** @param committed told of each commit that wrote marks, after it, in its async context; must not throw */
  constructor(
    committed: (marks: CommittedMarks) => void = () => undefined,
    beforeCommit: BeforeCommit = () => Promise.resolve(0),
  ) {
    this.#committed = committed;
    this.#beforeCommit = beforeCommit;
  }

  /** Marks keys dirty with the runner's open transaction; at once where it is about to commit. */
  async mark(queryRunner: QueryRunner, keys: Iterable<DirtyKey>): Promise<void> {
    this.collect(queryRunner, keys);
    if (this.isFlushed(queryRunner)) await this.#write(queryRunner, this.#dirt(queryRunner));
  }

  /** Remembers keys for the append before the commit. Where that {@link isFlushed} already, nobody would write them. */
  collect(queryRunner: QueryRunner, keys: Iterable<DirtyKey>): void {
    const dirt = this.#dirt(queryRunner);
    for (const key of keys) dirt.keys.set(`${key.entity}\0${key.recordKey}`, key);
  }

  /** Whether the append before the commit of the runner's transaction has begun. */
  isFlushed(queryRunner: QueryRunner): boolean {
    return this.#dirt(queryRunner).flushed;
  }

  /** The token of the runner's open transaction, for marks that a statement of SQL writes. */
  token(queryRunner: QueryRunner): string {
    return this.#dirt(queryRunner).token;
  }

  /** Tells of marks that SQL wrote under the {@link token} of the runner's transaction. */
  written(queryRunner: QueryRunner, count: number): void {
    this.#dirt(queryRunner).count += count;
  }

  /** Tells of marks that were committed without a transaction of TypeORM. */
  committed(marks: CommittedMarks): void {
    if (marks.count > 0) this.#committed(marks);
  }

  /** Before any commit: writes what was collected, where the commit is the outermost. A rejection makes the commit fail. */
  async beforeCommit(queryRunner: QueryRunner): Promise<void> {
    if (depthOf(queryRunner) > 1) return;
    const dirt = this.#dirt(queryRunner);
    // Also where nothing is dirty yet: another subscriber may write in its own turn before the commit.
    dirt.flushed = true;
    await this.#write(queryRunner, dirt);
    const { token, count, fed } = dirt;
    if (count > fed)
      dirt.fed += await this.#beforeCommit(queryRunner.manager, { token, count: count - fed, keys: null });
  }

  /** After any commit; a savepoint's leaves the transaction active. */
  afterCommit(queryRunner: QueryRunner): void {
    if (queryRunner.isTransactionActive) return;
    const dirt = this.#dirtOf.get(queryRunner);
    this.#forget(queryRunner);
    if (dirt !== undefined && dirt.count > 0) this.#committed({ token: dirt.token, count: dirt.count, fed: dirt.fed });
  }

  /**
   * After any rollback. What a savepoint dirtied stays: reading a record again that did not change does no harm, while a
   * key that was also written outside the savepoint must not be lost.
   */
  afterRollback(queryRunner: QueryRunner): void {
    if (!queryRunner.isTransactionActive) this.#forget(queryRunner);
  }

  /** Before any transaction: SQLite has one runner for ever, and a failed COMMIT may have left something on it. */
  beforeStart(queryRunner: QueryRunner): void {
    if (depthOf(queryRunner) === 0) this.#forget(queryRunner);
  }

  /** Calls `end` when no transaction is open any more that has dirtied something: at once where none is. */
  whenIdle(end: () => void): void {
    this.#whenIdle = end;
    this.#tellIdle();
  }

  #forget(queryRunner: QueryRunner): void {
    const dirt = this.#dirtOf.get(queryRunner);
    if (dirt === undefined) return;
    this.#dirtOf.delete(queryRunner);
    this.#open.delete(dirt);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#whenIdle === null) return;
    this.#dropLost();
    if (this.#open.size > 0) return;
    this.#whenIdle();
    this.#whenIdle = null;
  }

  #dropLost(): void {
    for (const [dirt, runner] of this.#open) if (runner.deref()?.isReleased !== false) this.#open.delete(dirt);
  }

  async #write(queryRunner: QueryRunner, dirt: Dirt): Promise<void> {
    const { keys } = dirt;
    if (keys.size === 0) return;
    dirt.keys = new Map();
    try {
      const marks = await append(queryRunner.manager, keys.values(), 'write', dirt.token);
      dirt.count += marks.length;
      const { token } = dirt;
      const written = { token, count: marks.length, keys: marks };
      if (marks.length > 0) dirt.fed += await this.#beforeCommit(queryRunner.manager, written);
    } catch (error) {
      // MariaDB and SQLite let the caller commit after a failed statement: then the next commit tries again.
      dirt.flushed = false;
      for (const [name, key] of keys) dirt.keys.set(name, key);
      throw error;
    }
  }

  #dirt(queryRunner: QueryRunner): Dirt {
    let dirt = this.#dirtOf.get(queryRunner);
    if (dirt === undefined) {
      dirt = { token: newToken(), keys: new Map(), count: 0, fed: 0, flushed: false };
      this.#dirtOf.set(queryRunner, dirt);
      if (this.#open.size >= OPEN_BEFORE_A_LOOK) this.#dropLost();
      if (queryRunner.isTransactionActive) this.#open.set(dirt, new WeakRef(queryRunner));
    }
    return dirt;
  }
}

/** Open transactions, from which on those are looked for that were lost. */
const OPEN_BEFORE_A_LOOK = 100;

/** TypeORM counts a transaction and its savepoints, in a member that its types hide. */
const depthOf = (queryRunner: QueryRunner): number =>
  (queryRunner as unknown as { readonly transactionDepth: number }).transactionDepth;
