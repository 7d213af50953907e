import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { run, type Statement } from '../outbox/statement.js';
import type { FillLog, FillState, RangeState, UnfinishedFill } from './fill-state.js';
import { PATIENCE } from './shipping.js';

/** What is filled, and from what. */
export interface Fill {
  readonly entity: string;
  readonly index: string;
}

/** `cursor` is a word of its own in MySQL. */
export const cursor = ({ dataSource }: Statement): string => dataSource.driver.escape('cursor');

/**
 * Keeps where a backfill is in the table `scrypath_fill`, a row each. Two that fill the same index from the same entity
 * would each keep a row of their own; who starts them keeps them apart.
 */
export class StoredFillLog implements FillLog {
  readonly #connection: () => Promise<QueryRunner>;
  readonly #fill: Fill;
  #id: string | null;

  private constructor(connection: () => Promise<QueryRunner>, fill: Fill, id: string | null, lateUntil = 0) {
    this.#connection = connection;
    this.#fill = fill;
    this.#id = id;
    this.lateUntil = lateUntil;
  }

  /** Until then a page of what was given up may arrive, in milliseconds since 1970; 0 where none can. */
  readonly lateUntil: number;

  /**
   * A backfill that begins; what one before it has left is given up.
   * @param connection for statements that are committed at once
   */
  static async begin(connection: () => Promise<QueryRunner>, fill: Fill): Promise<StoredFillLog> {
    const late = await StoredFillLog.giveUp(connection, fill);
    return new StoredFillLog(connection, fill, null, late === 0 ? 0 : Date.now() + late);
  }

  /** The newest backfill that has not come to its end, or null where there is none. */
  static async resume(connection: () => Promise<QueryRunner>, fill: Fill): Promise<StoredFillLog | null> {
    const { entity, index } = fill;
    const { records } = await run<{ id: string }>(
      await connection(),
      (s) =>
        `SELECT id FROM ${s.tables.fill} WHERE entity = ${s.value(entity)} AND index_name = ${s.value(index)}
         AND state <> 'done' AND parent IS NULL ORDER BY started_at DESC LIMIT 1`,
    );
    return records[0] === undefined ? null : new StoredFillLog(connection, fill, records[0].id);
  }

  /**
   * Forgets what has not come to its end, so that nobody goes on with it: whoever fills a range of it stops before his next
   * upload.
   * @returns for how long a page of it may still arrive, in milliseconds
   */
  static async giveUp(connection: () => Promise<QueryRunner>, { entity, index }: Fill): Promise<number> {
    const queryRunner = await connection();
    // Ranges that are done too: whoever divided it must not take them for all that there were.
    const isIts = (s: Statement) =>
      `entity = ${s.value(entity)} AND index_name = ${s.value(index)} AND (state <> 'done' OR parent IS NOT NULL)`;
    const { records } = await run<FillRow>(
      queryRunner,
      (s) =>
        `SELECT ${cursor(s)} AS place, state, batches, documents, skipped, failed FROM ${s.tables.fill} WHERE ${isIts(s)}`,
    );
    await run(queryRunner, (s) => `DELETE FROM ${s.tables.fill} WHERE ${isIts(s)}`);
    const late = records.map((row) =>
      row.state === 'running' ? PATIENCE.lateMs : row.place === null ? 0 : stateOf(row).lateUntil - Date.now(),
    );
    return Math.max(0, ...late);
  }

  /** The id of the row; null until something was saved. */
  get id(): string | null {
    return this.#id;
  }

  async load(): Promise<UnfinishedFill | null> {
    if (this.#id === null) return null;
    const { records } = await run<FillRow>(
      await this.#connection(),
      (s) =>
        `SELECT ${cursor(s)} AS place, state, batches, documents, skipped, failed FROM ${s.tables.fill} WHERE id = ${s.value(this.#id)}`,
    );
    const row = records[0];
    return row === undefined || row.place === null ? null : { state: stateOf(row), killed: row.state === 'running' };
  }

  async save(state: FillState): Promise<void> {
    const { batches, documents, skipped, failed } = state;
    const place = placeOf(state);
    if (this.#id === null) return this.#insert(state, place);
    await run(
      await this.#connection(),
      (s) =>
        `UPDATE ${s.tables.fill} SET state = 'running', ${cursor(s)} = ${s.value(place)}, batches = ${s.value(batches)},
         documents = ${s.value(documents)}, skipped = ${s.value(skipped)}, failed = ${s.value(failed)},
         updated_at = ${s.dialect.nowMs} WHERE id = ${s.value(this.#id)}`,
    );
  }

  async #insert({ batches, documents, skipped, failed }: FillState, place: string): Promise<void> {
    const id = crypto.randomUUID();
    const { entity, index } = this.#fill;
    await run(await this.#connection(), (s) => {
      const values = [id, entity, index, 'running', place, batches, documents, skipped, failed].map((v) => s.value(v));
      const columns = `id, entity, index_name, state, ${cursor(s)}, batches, documents, skipped, failed`;
      return `INSERT INTO ${s.tables.fill} (${columns}, started_at, updated_at)
        VALUES (${values.join(', ')}, ${s.dialect.nowMs}, ${s.dialect.nowMs})`;
    });
    this.#id = id;
  }

  async end(outcome: 'done' | 'failed'): Promise<void> {
    await run(
      await this.#connection(),
      (s) =>
        `UPDATE ${s.tables.fill} SET state = ${s.value(outcome)}, updated_at = ${s.dialect.nowMs} WHERE id = ${s.value(this.#id)}`,
    );
  }
}

/** Where a backfill is, as its row has it. */
export interface FillRow {
  readonly place: string | null;
  readonly state: string;
  readonly batches: unknown;
  readonly documents: unknown;
  readonly skipped: unknown;
  readonly failed: unknown;
}

/** What the cursor holds. */
interface Place {
  readonly ranges: readonly RangeState[];
  readonly lastKey: DocumentKey | null;
  readonly lateUntil: number;
}

/** @param beside what else is kept with it */
export const placeOf = ({ ranges, lastKey, lateUntil }: FillState, beside: object = {}): string =>
  JSON.stringify({ ...({ ranges, lastKey, lateUntil } satisfies Place), ...beside });

export function stateOf({ place, batches, documents, skipped, failed }: FillRow): FillState {
  const { ranges, lastKey, lateUntil } = JSON.parse(place!) as Place;
  return {
    ...{ ranges, lastKey, lateUntil },
    batches: Number(batches),
    documents: Number(documents),
    skipped: Number(skipped),
    failed: Number(failed),
  };
}
