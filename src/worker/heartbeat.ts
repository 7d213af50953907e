import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';
import { OWNER } from './owner.js';

const BEAT_EVERY_MS = 5_000;
/** A row of a worker that died is kept for so long: that it died is worth knowing. */
const FORGOTTEN_AFTER_MS = 86_400_000;
/** How long a worker counts as alive after it was last seen, in milliseconds. */
export const WORKER_ALIVE_MS = 3 * BEAT_EVERY_MS;

/** Shows others that a worker is there. It never fails: a database that is away is told by the work itself. */
export class Heartbeat {
  readonly #connection: () => Promise<QueryRunner>;
  readonly #id = crypto.randomUUID();
  #timer: NodeJS.Timeout | null = null;
  #beat: Promise<void> = Promise.resolve();
  #beating = false;

  constructor(connection: () => Promise<QueryRunner>) {
    this.#connection = connection;
  }

  async start(): Promise<void> {
    await this.#quietly((queryRunner) => appear(queryRunner, this.#id));
    this.#timer = setInterval(() => this.#again(), BEAT_EVERY_MS);
    this.#timer.unref();
  }

  /** Takes the worker off the list. */
  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#beat;
    await this.#quietly(async (queryRunner) => {
      await run(queryRunner, (s) => `DELETE FROM ${s.tables.worker} WHERE id = ${s.value(this.#id)}`);
    });
  }

  /** One at a time: beats must not queue up before a database that hangs. */
  #again(): void {
    if (this.#beating) return;
    this.#beating = true;
    this.#beat = this.#quietly(async (queryRunner) => {
      const { affected } = await run(
        queryRunner,
        (s) => `UPDATE ${s.tables.worker} SET seen_at = ${s.dialect.nowMs} WHERE id = ${s.value(this.#id)}`,
      );
      if (affected === 0) await appear(queryRunner, this.#id);
    }).finally(() => {
      this.#beating = false;
    });
  }

  async #quietly(beat: (queryRunner: QueryRunner) => Promise<void>): Promise<void> {
    await this.#connection()
      .then(beat)
      .catch(() => undefined);
  }
}

async function appear(queryRunner: QueryRunner, id: string): Promise<void> {
  await run(
    queryRunner,
    (s) => `DELETE FROM ${s.tables.worker} WHERE seen_at < ${s.dialect.nowMs} - ${FORGOTTEN_AFTER_MS}`,
  );
  await run(
    queryRunner,
    (s) =>
      `INSERT INTO ${s.tables.worker} (id, owner, started_at, seen_at)
       VALUES (${s.value(id)}, ${s.value(OWNER)}, ${s.dialect.nowMs}, ${s.dialect.nowMs})`,
  );
}
