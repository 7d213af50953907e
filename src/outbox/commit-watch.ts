import type { DataSource, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { whenMetadataIsBuilt } from './metadata-hook.js';

/** Marks of one transaction, committed with it. */
export interface CommittedMarks {
  /** What the ids of the rows begin with. */
  readonly token: string;
  /** How many there are; of a savepoint that was rolled back they are counted and gone. */
  readonly count: number;
  /** How many of them need no job of a queue any more; default 0. */
  readonly fed?: number;
}

/** Tells of marks that somebody has appended in a transaction of his own, once that has committed. */
export class CommitWatch {
  readonly #pending = new WeakMap<QueryRunner, CommittedMarks[]>();
  /** Tokens of transactions that are open. */
  readonly #open = new Set<string>();
  readonly #committed: (marks: CommittedMarks) => void;
  readonly #subscriber: EntitySubscriberInterface;
  readonly #dataSource: DataSource;
  readonly #stopHook: () => void;

  /** @param committed must not throw: the commit is done, and its caller would take it for failed */
  constructor(dataSource: DataSource, committed: (marks: CommittedMarks) => void) {
    this.#dataSource = dataSource;
    this.#committed = committed;
    this.#subscriber = {
      afterTransactionCommit: ({ queryRunner }) => this.#afterCommit(queryRunner),
      // A savepoint's rollback may keep them: telling of rows that are not there does no harm.
      afterTransactionRollback: ({ queryRunner }) => {
        if (!queryRunner.isTransactionActive) this.#forget(queryRunner);
      },
    };
    const hook = whenMetadataIsBuilt(dataSource, () => {
      dataSource.subscribers.push(this.#subscriber);
    });
    this.#stopHook = hook.stop;
  }

  /** Remembers marks until the runner's transaction has committed; without one they are committed already. */
  marked(queryRunner: QueryRunner, marks: CommittedMarks): void {
    if (!queryRunner.isTransactionActive) this.committed(marks);
    else {
      this.#pending.set(queryRunner, [...(this.#pending.get(queryRunner) ?? []), marks]);
      this.#open.add(marks.token);
    }
  }

  /** Whether the token's transaction is open in this process: its rows are not there yet, and may never be. */
  isOpen(token: string): boolean {
    return this.#open.has(token);
  }

  /** Tells of marks that are committed already. */
  committed(marks: CommittedMarks): void {
    this.#committed(marks);
  }

  stop(): void {
    this.#stopHook();
    const at = this.#dataSource.subscribers.indexOf(this.#subscriber);
    if (at >= 0) this.#dataSource.subscribers.splice(at, 1);
  }

  #afterCommit(queryRunner: QueryRunner): void {
    if (queryRunner.isTransactionActive) return;
    for (const each of this.#forget(queryRunner)) this.#committed(each);
  }

  #forget(queryRunner: QueryRunner): readonly CommittedMarks[] {
    const marks = this.#pending.get(queryRunner) ?? [];
    this.#pending.delete(queryRunner);
    for (const { token } of marks) this.#open.delete(token);
    return marks;
  }
}
