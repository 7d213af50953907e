import type { QueryRunner } from 'typeorm';
import type { Gate } from './gate';
import type { VirtualClock } from './virtual-clock';

const SESSION = /^SET /;
const IDLE = /^(SET (?:SESSION )?idle_\w+) = .*$/;

interface Stream {
  destroy?(): void;
}

/** Whether the one connection of SQLite is in a transaction. */
const isInTransaction = ({ dataSource }: QueryRunner): boolean =>
  (dataSource.driver as unknown as { databaseConnection?: { readonly inTransaction?: boolean } }).databaseConnection
    ?.inTransaction === true;

/** A connection of a sending process: each statement waits at the process's gate. */
export class Connection {
  readonly #runner: QueryRunner;
  readonly #clock: VirtualClock;
  #busySince: number | null = null;
  #running = 0;

  /** @param waits whether it waits before a transaction of the application, so that its process can die there */
  constructor(runner: QueryRunner, gate: Gate, clock: VirtualClock, waits: boolean) {
    this.#runner = runner;
    this.#clock = clock;
    const query = runner.query.bind(runner) as (...given: unknown[]) => Promise<unknown>;
    const passing = async (sql: string, ...rest: unknown[]) => {
      // The server's own clock would end a connection that waits for its next step.
      if (SESSION.test(sql)) return query(sql.replace(IDLE, '$1 = 60000'), ...rest);
      await gate.pass(sql);
      while (waits && isInTransaction(runner)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await gate.pass(sql);
      }
      if (sql === 'START TRANSACTION') this.#busySince = clock.now;
      if (sql === 'COMMIT' || sql === 'ROLLBACK') this.#busySince = null;
      this.#running += 1;
      try {
        return await query(clock.stamp(sql), ...rest);
      } finally {
        this.#running -= 1;
      }
    };
    runner.query = passing as typeof runner.query;
  }

  /** Ends it in the middle of whatever it does, as the end of its process would: a statement may wait for somebody's lock. */
  end(): void {
    if (this.#running === 0 && this.#busySince === null) return;
    const { databaseConnection } = this.#runner as unknown as {
      readonly databaseConnection?: { readonly stream?: Stream; readonly connection?: { readonly stream?: Stream } };
    };
    (databaseConnection?.stream ?? databaseConnection?.connection?.stream)?.destroy?.();
  }

  /** Ends it as the server does with one that has been in a transaction for longer than `ms`. */
  endAfter(ms: number): void {
    if (this.#busySince === null || this.#clock.now - this.#busySince <= ms) return;
    this.#busySince = null;
    const { databaseConnection } = this.#runner as unknown as {
      readonly databaseConnection?: {
        destroy?(): void;
        readonly connection?: { readonly stream?: { destroy(): void } };
      };
    };
    if (databaseConnection?.destroy) databaseConnection.destroy();
    else databaseConnection?.connection?.stream?.destroy();
  }
}
