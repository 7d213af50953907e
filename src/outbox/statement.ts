import type { DataSource, QueryRunner } from 'typeorm';
import { type OutboxTables, tablesOf } from './attach.js';
import { type Dialect, dialectOf } from './dialect.js';

/** What a statement did: the rows that it read, and the number that it changed. */
export interface StatementResult<R> {
  readonly records: readonly R[];
  readonly affected: number;
}

/**
 * One statement on the tables of the outbox, with its parameters in the order in which they are asked for.
 */
export class Statement {
  readonly parameters: unknown[] = [];
  readonly tables: OutboxTables;
  readonly dialect: Dialect;

  constructor(readonly dataSource: DataSource) {
    this.tables = tablesOf(dataSource);
    this.dialect = dialectOf(dataSource);
  }

  /** The placeholder of a value. */
  value(value: unknown): string {
    this.parameters.push(value);
    const at = this.parameters.length - 1;
    return this.dataSource.driver.createParameter(`p${at}`, at);
  }

  /** A condition: the column has one of the values. */
  isIn(column: string, values: readonly (string | number)[]): string {
    return this.dialect.isIn(column, this.value(this.dialect.list(values)));
  }
}

/** What runs last on each connection: a driver takes one statement after the other, and some warn where two come at once. */
const turns = new WeakMap<QueryRunner, Promise<unknown>>();

/** Runs a statement on the runner's connection, after those that were asked for before. */
export async function run<R>(
  queryRunner: QueryRunner,
  write: (statement: Statement) => string,
): Promise<StatementResult<R>> {
  const statement = new Statement(queryRunner.dataSource);
  const sql = write(statement);
  const before = turns.get(queryRunner) ?? Promise.resolve();
  const answer = before.then(() => queryRunner.query(sql, statement.parameters, true));
  turns.set(
    queryRunner,
    answer.catch(() => undefined),
  );
  const { records, affected } = await answer;
  return { records: (records ?? []) as R[], affected: affected ?? 0 };
}
