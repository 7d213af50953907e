import type { QueryRunner } from 'typeorm';
import { run, type Statement } from '../outbox/statement.js';
import type { KeyRange } from '../records/record-pages.js';
import { cursor, type Fill, type FillRow, placeOf, stateOf } from './fill-log.js';
import { type FillLog, type FillState, freshState, type UnfinishedFill } from './fill-state.js';
import { partLost } from './part-errors.js';
import type { BackfillFailure, FailedPage } from './report.js';

type Connection = () => Promise<QueryRunner>;

/** What holds for whoever fills a part. */
export interface PartOptions {
  readonly batchSize?: number;
  readonly maxFailures?: number;
}

/** What is kept beside the state of a part. */
interface PartPlace extends PartOptions {
  readonly failed?: readonly { readonly lastKey: string; readonly failures: readonly KeptFailure[] }[];
}
type KeptFailure = Omit<BackfillFailure, 'error'>;

export interface PartSeen extends FillState {
  readonly id: string;
  readonly state: 'open' | 'running' | 'done' | 'failed';
  readonly problem: string | null;
  readonly failedPages: PartPlace['failed'];
  readonly options: PartOptions;
}

interface PartRow extends FillRow {
  readonly id: string;
  readonly entity: string;
  readonly index_name: string;
  readonly owner: string | null;
  readonly problem: string | null;
}

function optionsOf({ place }: FillRow): PartOptions {
  const { batchSize, maxFailures } = JSON.parse(place!) as PartPlace;
  return { ...(batchSize !== undefined && { batchSize }), ...(maxFailures !== undefined && { maxFailures }) };
}

/** Who has not been heard of for so long does not fill a part any more, in milliseconds. */
const SILENT_MS = 30_000;

/**
 * The ranges of one backfill, a row of `scrypath_fill` each. Whoever takes one fills it, in any process; one whose taker is
 * silent goes to another.
 */
export class FillParts {
  readonly #connection: Connection;
  readonly #parent: string;
  readonly #fill: Fill;

  constructor(connection: Connection, parent: string, fill: Fill) {
    this.#connection = connection;
    this.#parent = parent;
    this.#fill = fill;
  }

  async open(ranges: readonly KeyRange[], options: PartOptions): Promise<void> {
    const { entity, index } = this.#fill;
    await run(await this.#connection(), (s) => {
      const rows = ranges.map((range) => {
        const place = placeOf(freshState([range], null), options);
        const values = [crypto.randomUUID(), entity, index, 'open', place, 0, 0, 0, 0, this.#parent];
        return `(${values.map((value) => s.value(value)).join(', ')}, ${s.dialect.nowMs}, ${s.dialect.nowMs})`;
      });
      return `INSERT INTO ${s.tables.fill} (id, entity, index_name, state, ${cursor(s)}, batches, documents, skipped, failed,
        parent, started_at, updated_at) VALUES ${rows.join(', ')}`;
    });
  }

  async read(): Promise<readonly PartSeen[]> {
    const { records } = await run<PartRow>(
      await this.#connection(),
      (s) =>
        `SELECT id, state, ${cursor(s)} AS place, batches, documents, skipped, failed, problem FROM ${s.tables.fill}
         WHERE parent = ${s.value(this.#parent)}`,
    );
    return records.map((row) => ({
      ...stateOf(row),
      id: row.id,
      state: row.state as PartSeen['state'],
      problem: row.problem,
      failedPages: (JSON.parse(row.place!) as PartPlace).failed,
      options: optionsOf(row),
    }));
  }

  /**
   * Begins those again that failed, and those with failures where there are more of these than are borne with now.
   * @param options those of the call that goes on; what it leaves out stays
   */
  async reopen(options: PartOptions): Promise<void> {
    const seen = await this.read();
    const areTooMany = seen.reduce((sum, { failed }) => sum + failed, 0) > (options.maxFailures ?? 0);
    for (const part of seen) {
      const isAnew = areTooMany && part.failed > 0 && part.state !== 'running';
      if (part.state === 'running' || (part.state === 'done' && !isAnew)) continue;
      const state = isAnew ? freshState([part.ranges[0]!.range], null) : part;
      const { batches, documents, skipped, failed } = state;
      const place = placeOf({ ...state, lateUntil: part.lateUntil }, { ...part.options, ...options });
      await run(
        await this.#connection(),
        (s) =>
          `UPDATE ${s.tables.fill} SET state = 'open', problem = NULL, ${cursor(s)} = ${s.value(place)},
           batches = ${s.value(batches)}, documents = ${s.value(documents)}, skipped = ${s.value(skipped)},
           failed = ${s.value(failed)} WHERE id = ${s.value(part.id)} AND state = ${s.value(part.state)}`,
      );
    }
  }

  take(): Promise<FillPart | null> {
    return takePart(this.#connection, { parent: this.#parent });
  }

  async forget(): Promise<void> {
    await run(await this.#connection(), (s) => `DELETE FROM ${s.tables.fill} WHERE parent = ${s.value(this.#parent)}`);
  }
}

/** Entities of which somebody divides a backfill. */
export async function dividedEntities(queryRunner: QueryRunner): Promise<readonly string[]> {
  const { records } = await run<{ entity: string }>(
    queryRunner,
    (s) => `SELECT DISTINCT entity FROM ${s.tables.fill} WHERE parent IS NOT NULL AND state IN ('open', 'running')`,
  );
  return records.map(({ entity }) => entity);
}

/** Takes a part that nobody fills, or whose taker is silent: one of a backfill, or of any backfill of the entities. */
export async function takePart(
  connection: Connection,
  of: { readonly parent: string } | { readonly entities: readonly string[] },
): Promise<FillPart | null> {
  const queryRunner = await connection();
  const { records } = await run<PartRow>(queryRunner, (s) => {
    const isTheirs =
      'parent' in of
        ? `parent = ${s.value(of.parent)}`
        : `parent IS NOT NULL AND entity IN (${of.entities.map((entity) => s.value(entity)).join(', ')})`;
    return `SELECT id, entity, index_name, owner, state, ${cursor(s)} AS place FROM ${s.tables.fill}
      WHERE ${isTheirs} AND (state = 'open' OR (state = 'running' AND updated_at < ${s.dialect.nowMs} - ${SILENT_MS}))
      AND EXISTS (SELECT 1 FROM ${s.tables.fill} whole WHERE whole.id = ${s.tables.fill}.parent)
      ORDER BY state, id LIMIT 20`;
  });
  for (const row of records) {
    const owner = crypto.randomUUID();
    const { affected } = await run(
      queryRunner,
      (s) =>
        `UPDATE ${s.tables.fill} SET state = 'running', owner = ${s.value(owner)}, updated_at = ${s.dialect.nowMs}
         WHERE id = ${s.value(row.id)} AND state = ${s.value(row.state)}
         AND ${row.owner === null ? 'owner IS NULL' : `owner = ${s.value(row.owner)}`}`,
    );
    const { entity, index_name: index, id } = row;
    if (affected === 1)
      return new FillPart(connection, { id, entity, index, owner, wasRunning: row.state === 'running' });
  }
  return null;
}

/** A part in the hands of who took it. */
export class FillPart implements FillLog {
  readonly entity: string;
  readonly index: string;
  /** Made anew each time that a part is taken. */
  readonly owner: string;
  options: PartOptions = {};
  readonly #connection: Connection;
  readonly #id: string;
  readonly #wasRunning: boolean;
  #state: FillState | null = null;

  constructor(
    connection: Connection,
    given: { readonly id: string; readonly owner: string; readonly wasRunning: boolean } & Fill,
  ) {
    this.#connection = connection;
    this.entity = given.entity;
    this.index = given.index;
    this.#id = given.id;
    this.owner = given.owner;
    this.#wasRunning = given.wasRunning;
  }

  async load(): Promise<UnfinishedFill> {
    const { records } = await run<FillRow>(
      await this.#connection(),
      (s) =>
        `SELECT ${cursor(s)} AS place, state, batches, documents, skipped, failed FROM ${s.tables.fill} WHERE ${this.#own(s)}`,
    );
    const [row] = records;
    if (row === undefined) throw partLost(this.entity, this.index);
    this.options = optionsOf(row);
    this.#state = stateOf(row);
    return { state: this.#state, killed: this.#wasRunning };
  }

  async save(state: FillState): Promise<void> {
    this.#state = state;
    const { batches, documents, skipped, failed } = state;
    await this.#change(
      (s) =>
        `${cursor(s)} = ${s.value(placeOf(state, this.options))}, batches = ${s.value(batches)}, documents = ${s.value(documents)},
         skipped = ${s.value(skipped)}, failed = ${s.value(failed)}`,
    );
  }

  /** How it ended is written by {@link done} or {@link leave}, which know more. */
  end(): Promise<void> {
    return Promise.resolve();
  }

  async done(pages: readonly FailedPage[]): Promise<void> {
    const failed = pages.map(({ lastKey, failures }) => ({
      lastKey,
      failures: failures.map(({ key, step, code }) => ({ key, step, code })),
    }));
    const place = placeOf(this.#state!, { ...this.options, failed } satisfies PartPlace);
    await this.#change((s) => `state = 'done', ${cursor(s)} = ${s.value(place)}`);
  }

  /** Gives it back: to be tried by somebody else, or with the problem that every other would meet too. */
  async leave(problem: string | null): Promise<void> {
    await this.#change(
      (s) => `state = ${s.value(problem === null ? 'open' : 'failed')}, problem = ${s.value(problem)}`,
    );
  }

  /** Says that it is still being filled. @throws ScrypathError `BACKFILL_RUNNING` where somebody else fills it now, or nobody may */
  async beat(): Promise<void> {
    await this.#change(() => 'problem = problem');
  }

  async #change(set: (statement: Statement) => string): Promise<void> {
    const { affected } = await run(
      await this.#connection(),
      (s) => `UPDATE ${s.tables.fill} SET ${set(s)}, updated_at = ${s.dialect.nowMs} WHERE ${this.#own(s)}`,
    );
    // MySQL counts rows that have changed: of two beats in one millisecond the second has none.
    if (affected === 0 && !(await this.#isOwn())) throw partLost(this.entity, this.index);
  }

  async #isOwn(): Promise<boolean> {
    const { records } = await run(
      await this.#connection(),
      (s) => `SELECT id FROM ${s.tables.fill} WHERE ${this.#own(s)}`,
    );
    return records.length > 0;
  }

  #own(s: Statement): string {
    return `id = ${s.value(this.#id)} AND owner = ${s.value(this.owner)}`;
  }
}
