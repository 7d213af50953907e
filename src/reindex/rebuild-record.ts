import type { QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { span } from '../telemetry/span.js';
import { OWNER } from '../worker/owner.js';
import {
  ALIVE_MS,
  changeRebuild,
  isOver,
  type RebuildChange,
  type RebuildRow,
  type RebuildState,
  readRebuild,
  UNFINISHED_STATES,
} from '../worker/rebuilds.js';
import type { HoldSource } from '../worker/shard-hold.js';
import { auditOf, type RebuildAudit, type RebuildReport, type RebuildStep, withStep } from './audit.js';
import { running } from './rebuild-errors.js';
import type { StepSpan } from './rebuild-span.js';

const SEEN_EVERY_MS = 3_000;
/** For how long it is taken for granted that nobody has taken over, who would have waited longer. */
const OWNED_MS = ALIVE_MS / 3;

/** A rebuild as the database has it, and what its owner writes of it. */
export class RebuildRecord {
  readonly #connection: () => Promise<QueryRunner>;
  #row: RebuildRow;
  #report: RebuildReport;

  constructor(connection: () => Promise<QueryRunner>, row: RebuildRow) {
    this.#connection = connection;
    this.#row = row;
    this.#report = JSON.parse(row.report!) as RebuildReport;
  }

  get row(): RebuildRow {
    return this.#row;
  }

  get report(): RebuildReport {
    return this.#report;
  }

  get audit(): RebuildAudit {
    return auditOf(this.#row, this.#report, 'double_writes');
  }

  /** Reads it again. */
  async read(): Promise<this> {
    const row = await readRebuild(await this.#connection(), this.#row.id);
    if (row === null) throw stateError(this.#row, [], 'is not there any more');
    this.#row = row;
    this.#report = JSON.parse(row.report!) as RebuildReport;
    return this;
  }

  /** @throws ScrypathError `REBUILD_STATE` where it is in none of the states */
  assert(...states: readonly RebuildState[]): void {
    if (!states.includes(this.#row.state)) throw stateError(this.#row, states);
  }

  /**
   * Makes this process the one that is at work on it.
   * @throws ScrypathError `REBUILD_RUNNING` where another one was seen at work a moment ago
   */
  async takeOver(source: HoldSource): Promise<void> {
    await source.fence('rebuild', async (queryRunner) => {
      const row = await readRebuild(queryRunner, this.#row.id);
      if (row === null || isOver(row)) return;
      if (row.isAlive) throw running(row);
      await changeRebuild(queryRunner, row.id, UNFINISHED_STATES, { owner: OWNER, seen: true });
    });
    await this.read();
  }

  #ownedAt = Number.NEGATIVE_INFINITY;

  /**
   * For whoever is about to send: one that was frozen, and was taken for dead, must not send over what others have sent since.
   * @throws ScrypathError `REBUILD_STATE` where another one has taken it over
   */
  async assertOwned(): Promise<void> {
    if (performance.now() - this.#ownedAt < OWNED_MS) return;
    const { state } = this.#row;
    const askedAt = performance.now();
    const row = await readRebuild(await this.#connection(), this.#row.id);
    if (row === null || row.owner !== OWNER || row.state !== state) throw stateError(row ?? this.#row, [state]);
    this.#ownedAt = askedAt;
  }

  /** Notes something in the report. */
  async note(report: Partial<RebuildReport>): Promise<void> {
    this.#report = { ...this.#report, ...report };
    await changeRebuild(await this.#connection(), this.#row.id, UNFINISHED_STATES, {
      report: JSON.stringify(this.#report),
    });
  }

  /**
   * @param queryRunner where every shard is held
   * @throws ScrypathError `REBUILD_STATE` where it has gone on elsewhere
   */
  async change(
    from: readonly RebuildState[],
    change: RebuildChange,
    report: Partial<RebuildReport> = {},
    queryRunner?: QueryRunner,
  ): Promise<void> {
    const next = { ...this.#report, ...report };
    const written = { ...change, report: JSON.stringify(next) };
    const connection = queryRunner ?? (await this.#connection());
    if (!(await changeRebuild(connection, this.#row.id, from, written))) {
      await this.read();
      throw stateError(this.#row, from);
    }
    this.#report = next;
    if (queryRunner === undefined) await this.read();
  }

  /** Runs one step, and notes how long it took whether or not it succeeds. */
  async timed<T>(step: RebuildStep, run: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const { entity, live, target } = this.#row;
    const facts: StepSpan = { entity, index: live, target, step };
    try {
      return await span('scrypath:reindex:step', facts, run);
    } finally {
      const seconds = withStep(this.#report.seconds, step, started);
      // Where the database is away too, why the step failed is worth more than how long it took.
      await this.note({ seconds }).catch(() => undefined);
    }
  }

  /** Shows others that somebody is at work on it, until the end of `work`. */
  async atWork<T>(work: () => Promise<T>): Promise<T> {
    const see = async (seen: boolean) => {
      await changeRebuild(await this.#connection(), this.#row.id, UNFINISHED_STATES, { seen });
    };
    const timer = setInterval(() => void see(true).catch(() => undefined), SEEN_EVERY_MS);
    timer.unref();
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await this.note({}).catch(() => undefined);
      await see(false).catch(() => undefined);
    }
  }
}

function stateError({ id, entity, state, live }: RebuildRow, wanted: readonly RebuildState[], is = `is ${state}`) {
  return new ScrypathError({
    code: 'REBUILD_STATE',
    entity,
    index: live,
    happened: `The rebuild ${id} of ${entity} ${is}${wanted.length > 0 ? `, and must be ${wanted.join(' or ')} for this` : ''}.`,
    remedy: 'Read it again with rebuild(id).',
  });
}
