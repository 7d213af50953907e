import { type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import type { Write } from './writes';
import { carryOut } from './writes';

export type TransactionStep = 'begin' | 'commit' | 'rollback';

/**
 * Somebody of the application, with one transaction at a time, savepoints inside it. What he does goes in order; what waits
 * for another's lock keeps only him.
 */
export class Writer {
  readonly #dataSource: DataSource;
  readonly #context: Parameters<typeof carryOut>[1];
  #runner: QueryRunner | null = null;
  #last: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(dataSource: DataSource, context: Omit<Parameters<typeof carryOut>[1], 'manager'>) {
    this.#dataSource = dataSource;
    this.#context = { ...context, manager: dataSource.manager };
  }

  write(write: Write): Promise<void> {
    return this.#enqueue(() => carryOut(write, { ...this.#context, manager: this.#manager }));
  }

  step(step: TransactionStep): Promise<void> {
    return this.#enqueue(() => this.#step(step));
  }

  get #manager(): EntityManager {
    return this.#runner?.manager ?? this.#dataSource.manager;
  }

  /** Resolves when it is done, or waits for somebody else. */
  async #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queued += 1;
    this.#last = this.#last
      // What fails in a transaction ends it, as an application would.
      .then(work)
      .catch(() => this.#abandon())
      .then(() => {
        this.#queued -= 1;
      });
    for (let turn = 0; turn < 25 && this.#queued > 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  async #step(step: TransactionStep): Promise<void> {
    if (step === 'begin') {
      this.#runner ??= this.#dataSource.createQueryRunner('master');
      await this.#runner.startTransaction();
      return;
    }
    if (this.#runner === null) return;
    if (step === 'commit') await this.#runner.commitTransaction();
    else await this.#runner.rollbackTransaction();
    if (!this.#runner.isTransactionActive) await this.#release();
  }

  /** Ends whatever is open. */
  async end(how: 'commit' | 'rollback'): Promise<void> {
    this.#last = this.#last.then(async () => {
      while (this.#runner !== null) await this.#step(how).catch(() => this.#abandon());
    });
    await this.#last;
  }

  async #abandon(): Promise<void> {
    const runner = this.#runner;
    if (runner === null) return;
    try {
      while (runner.isTransactionActive) await runner.rollbackTransaction();
    } catch {
      // MariaDB undoes all of a transaction that met another's locks, its savepoints included.
      await runner.query('ROLLBACK');
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    const runner = this.#runner;
    this.#runner = null;
    await runner?.release();
  }
}
