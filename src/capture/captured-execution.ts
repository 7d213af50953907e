import type { QueryRunner } from 'typeorm';
import { QueryResult } from 'typeorm/query-runner/QueryResult.js';
import { dialectOf } from '../outbox/dialect.js';
import { newToken } from '../outbox/mark-id.js';
import { type Answer, captureSteps, type Step, type StepsOf, writing } from './capture-steps.js';
import type { DirtyBuffer } from './dirty-buffer.js';
import { lookedUp, OURS, type Row } from './mark-rows.js';
import type { NeededMarks } from './needed-marks.js';
import { AFFECTED, MARK_COUNT, postgresStatement } from './postgres-statement.js';
import { COUNTED, qualifierOf } from './row-filter.js';
import { inOneTurn, type SqliteConnection } from './sqlite-turn.js';
import { type Piece, render, type Sql, statementTextOf } from './statement-text.js';
import type { BuilderWrite, WriteBuilder } from './write-builder.js';

/** A builder whose write calls for marks. */
export interface CapturedWrite {
  readonly builder: WriteBuilder;
  readonly write: BuilderWrite;
  readonly needed: NeededMarks;
}

/** What the execution of a captured write needs of its DataSource's capture. */
export interface ExecutionContext {
  readonly buffer: DirtyBuffer;
  /** Tells that a text of SQL is none of the program's own, until the function returned is called. */
  readonly announce: (sql: string) => () => void;
  readonly unresolved: (write: BuilderWrite) => void;
}

type Execute = (this: WriteBuilder) => Promise<unknown>;

/** Executes the builder as TypeORM does, on a runner that writes the marks together with its statement. */
export async function executeCaptured(
  context: ExecutionContext,
  of: CapturedWrite,
  execute: Execute,
): Promise<unknown> {
  const { builder } = of;
  const given = builder.queryRunner;
  const runner = given ?? builder.dataSource.createQueryRunner();
  const opens = !runner.isTransactionActive && (builder.expressionMap.useTransaction || !isOneStatement(of, false));
  try {
    if (opens) await runner.startTransaction();
    const result = await onOurRunner(context, of, runner, execute);
    if (opens) await runner.commitTransaction();
    return result;
  } catch (error) {
    if (opens && runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    if (given === undefined) await runner.release();
  }
}

async function onOurRunner(
  context: ExecutionContext,
  of: CapturedWrite,
  runner: QueryRunner,
  execute: Execute,
): Promise<unknown> {
  const { builder } = of;
  const given = builder.queryRunner;
  const statement = new CapturedStatement(context, of, runner);
  builder.queryRunner = statement.runner;
  builder.getQueryAndParameters = () => statement.prepare();
  try {
    return await execute.call(builder);
  } finally {
    statement.end();
    Reflect.deleteProperty(builder, 'getQueryAndParameters');
    if (given === undefined) Reflect.deleteProperty(builder, 'queryRunner');
    else builder.queryRunner = given;
  }
}

/** Whether one statement, or one turn of the program, does all, so that it needs no transaction around it. */
function isOneStatement({ builder, write, needed }: CapturedWrite, isInside: boolean): boolean {
  const { family } = dialectOf(builder.dataSource);
  if (family !== 'postgres') return family === 'sqlite';
  const { kind, identifiers } = write;
  const { before, after } = needed;
  // A row that another transaction is just making refer to a deleted one is waited for by a lock in a statement of its
  // own: a single statement would look the rows up as they were before the wait.
  if (kind === 'delete' && lookedUp(before).some(({ erasedByDelete }) => erasedByDelete)) return false;
  if (kind === 'insert' && before.length > 0) return false;
  if (!isInside || before.length > 0 || lookedUp(after).length > 0) return true;
  // Inside a transaction keys that are known wait for the one append before its commit. An insert carries its marks along:
  // a save of one new record, the most frequent of all, is then no round trip more.
  return kind === 'insert' || identifiers.length === 0;
}

/** The statement of one execution: what the builder gives to its runner, and what is sent instead. */
class CapturedStatement {
  /** The runner, which sends what is needed where the builder sends its statement. */
  readonly runner: QueryRunner;
  readonly #context: ExecutionContext;
  readonly #of: CapturedWrite;
  readonly #target: QueryRunner;
  readonly #asOne: boolean;
  #steps!: StepsOf;
  #main: Sql | null = null;
  #marksPerRow: number | null = null;
  #forget: () => void = () => undefined;

  constructor(context: ExecutionContext, of: CapturedWrite, target: QueryRunner) {
    this.#context = context;
    this.#of = of;
    this.#target = target;
    const { family } = dialectOf(of.builder.dataSource);
    this.#asOne = family === 'postgres' && isOneStatement(of, target.isTransactionActive);
    const replaced =
      family === 'sqlite' ? { getStmt: (sql: string) => this.#turn(sql) } : { query: this.#query.bind(this) };
    this.runner = new Proxy(target, {
      get: (runner, name) => (Object.hasOwn(replaced, name) ? replaced[name as never] : Reflect.get(runner, name)),
    });
  }

  /** Makes the statement, as `getQueryAndParameters` does. */
  prepare(): [sql: string, parameters: unknown[]] {
    const { builder, write, needed } = this.#of;
    const { family } = dialectOf(builder.dataSource);
    const token = this.#target.isTransactionActive ? this.#context.buffer.token(this.#target) : newToken();
    const { type } = builder.dataSource.options;
    this.#steps = {
      write,
      needed,
      token,
      text: statementTextOf(builder),
      qualifier: family === 'postgres' && write.kind === 'insert' ? aliasOf(builder) : qualifierOf(write.table),
      returns:
        family !== 'mysql' ||
        (type === 'mariadb' && write.kind !== 'update' && builder.dataSource.driver.isReturningSqlSupported('insert')),
    };
    this.#main = render(builder, this.#asOne ? this.#piecesAsOne() : writing(this.#steps, null, []).pieces);
    this.#forget();
    this.#forget = this.#context.announce(this.#main.sql);
    return [this.#main.sql, [...this.#main.parameters]];
  }

  #piecesAsOne(): readonly Piece[] {
    const { pieces, marksPerRow } = postgresStatement(this.#steps);
    this.#marksPerRow = marksPerRow;
    return pieces;
  }

  end(): void {
    this.#forget();
  }

  async #query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
    if (sql !== this.#main?.sql) return this.#target.query(sql, parameters, structured as true);
    return this.#asOne ? this.#queryAsOne(this.#main) : this.#queryInSteps();
  }

  async #queryAsOne({ sql, parameters }: Sql): Promise<QueryResult> {
    const isInside = this.#target.isTransactionActive;
    const { records } = await this.#target.query(sql, [...parameters], true);
    const returnsRows = this.#steps.text.returning !== '';
    const affected = returnsRows ? records.length : Number(records[0]?.[AFFECTED]);
    const count = this.#marksPerRow === null ? Number(records[0]?.[MARK_COUNT] ?? 0) : affected * this.#marksPerRow;
    const { buffer } = this.#context;
    if (isInside) buffer.written(this.#target, count);
    else buffer.committed({ token: this.#steps.token, count });
    return this.#resultOf(returnsRows ? records : [], affected);
  }

  async #queryInSteps(): Promise<QueryResult> {
    const steps = captureSteps(this.#steps);
    let written!: QueryResult;
    let next = steps.next();
    while (!next.done) {
      const { does } = next.value;
      const result = await this.#send(next.value);
      // The keys are read before our columns are taken off.
      next = steps.next(answerOf(result));
      if (does === 'write') written = this.#resultOf(result.records, result.affected, result.raw);
      if (does === 'marks') this.#context.buffer.written(this.#target, result.affected ?? 0);
    }
    await this.#context.buffer.mark(this.#target, next.value.keys);
    if (next.value.unresolved) this.#context.unresolved(this.#of.write);
    return written;
  }

  async #send({ does, pieces }: Step): Promise<QueryResult> {
    const { sql, parameters } = render(this.#of.builder, pieces);
    const forget = does === 'write' ? this.#context.announce(sql) : () => undefined;
    try {
      return await this.#target.query(sql, [...parameters], true);
    } finally {
      forget();
    }
  }

  /** The result as it would have been without our columns. */
  #resultOf(records: readonly Row[], affected: number | undefined, raw?: unknown): QueryResult {
    const result = new QueryResult();
    const { write, text } = this.#steps;
    result.records = text.returning === '' ? [] : withoutOurs(records);
    result.affected = affected ?? records.length;
    if (write.kind !== 'insert')
      result.raw = Array.isArray(raw) || raw === undefined ? [result.records, result.affected] : raw;
    else if (dialectOf(write.table.dataSource).family === 'postgres' || text.returning !== '')
      result.raw = result.records;
    else result.raw = Array.isArray(raw) ? headerOf(raw) : raw;
    return result;
  }

  /** On SQLite: a statement that runs all steps in one turn, so that nothing else comes between them. */
  async #turn(sql: string): Promise<unknown> {
    const target = this.#target as unknown as {
      getStmt(sql: string): Promise<unknown>;
      connect(): Promise<SqliteConnection>;
    };
    if (sql !== this.#main?.sql) return target.getStmt(sql);
    const connection = await target.connect();
    return { reader: false, run: () => this.#runTurn(connection) };
  }

  #runTurn(connection: SqliteConnection): unknown {
    const { buffer, unresolved } = this.#context;
    const { builder, write } = this.#of;
    const isInside = this.#target.isTransactionActive;
    const waits = isInside && !buffer.isFlushed(this.#target);
    const turn = inOneTurn(connection, builder, this.#steps, !waits);
    if (waits) buffer.collect(this.#target, turn.keys);
    if (isInside) buffer.written(this.#target, turn.count);
    else buffer.committed({ token: this.#steps.token, count: turn.count });
    if (turn.unresolved) unresolved(write);
    return turn.result;
  }
}

const aliasOf = ({ dataSource, alias, expressionMap }: WriteBuilder): string =>
  alias === expressionMap.mainAlias!.metadata.tablePath
    ? qualifierOf(expressionMap.mainAlias!.metadata)
    : dataSource.driver.escape(alias);

/** What MySQL's driver says of an insert that returns nothing. */
const headerOf = (rows: readonly Row[]) => ({
  fieldCount: 0,
  affectedRows: rows.length,
  insertId: rows[0]?.[COUNTED] ?? 0,
  info: '',
  serverStatus: 2,
  warningStatus: 0,
  changedRows: 0,
});

/** Rows of one answer, which have the same columns, without ours. */
function withoutOurs(rows: readonly Row[]): Row[] {
  const theirs = Object.keys(rows[0] ?? {}).filter((name) => !name.startsWith(OURS));
  return rows.map((row) => {
    const own: Record<string, unknown> = {};
    for (const name of theirs) own[name] = row[name];
    return own;
  });
}

function answerOf({ records, affected, raw }: QueryResult): Answer {
  const { insertId } = (raw ?? {}) as { readonly insertId?: number };
  return { rows: records, affected: affected ?? records.length, ...(insertId ? { insertId } : {}) };
}
