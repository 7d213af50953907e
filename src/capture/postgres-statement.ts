import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { areOfOneKeyEach, type MarkRule } from '../fan-out/mark-rule.js';
import { ALWAYS, markSql } from '../fan-out/mark-sql.js';
import { columnsRead, insertKeyColumns, insertMarks, keyColumns, OURS } from './mark-rows.js';
import type { NeededMarks } from './needed-marks.js';
import { qualifierOf, tableSql } from './row-filter.js';
import { own, type Piece, type StatementText } from './statement-text.js';
import type { BuilderWrite } from './write-builder.js';

export interface PostgresStatementOf {
  readonly write: BuilderWrite;
  readonly needed: NeededMarks;
  readonly text: StatementText;
  readonly token: string;
  /** What stands before the columns of the written table in RETURNING. */
  readonly qualifier: string;
}

/** A write and its marks as one statement. */
export interface PostgresStatement {
  readonly pieces: readonly Piece[];
  /** How many marks each row that was written has; null where each row of the answer tells how many there are in all. */
  readonly marksPerRow: number | null;
}

/** Columns that the statement answers with besides those of the builder. */
export const MARK_COUNT = `${OURS}count`;
export const AFFECTED = `${OURS}affected`;

const OLD = `${OURS}old`;
const NEW = `${OURS}new`;
const ROWS = `${OURS}rows`;
const MARKS = `${OURS}marked`;

/**
 * The builder's write and its marks as one statement: atomic without a transaction, and without a round trip more. Where
 * keys from before an update are wanted, its rows are locked first and the update keeps to them: what another transaction
 * changes meanwhile is either waited for, or not changed by this statement.
 */
export function postgresStatement(of: PostgresStatementOf): PostgresStatement {
  const { write, needed } = of;
  const readsOld = write.kind === 'update' && needed.before.length > 0;
  const fromNew = write.kind === 'delete' ? needed.before : needed.after;
  const alwaysHaveKeys = fromNew.every((rule) => markSql(rule, of.qualifier).notNull === ALWAYS);
  return !readsOld && alwaysHaveKeys && areOfOneKeyEach(write.table, fromNew)
    ? { pieces: withKeysReturned(of, fromNew), marksPerRow: fromNew.length }
    : { pieces: withMarksCounted(of, fromNew, readsOld), marksPerRow: null };
}

/** Most writes: the keys stand in the rows that are written. Of one row most of the time is planning: the shorter, the better. */
function withKeysReturned({ write, text, token, qualifier }: PostgresStatementOf, rules: readonly MarkRule[]): Piece[] {
  const isOneRow = write.kind === 'insert' && !write.fromSelect && write.values.length === 1;
  const marks = insertKeyColumns(write.table.dataSource, rules, NEW, token, isOneRow);
  return [
    own('WITH '),
    ...ctesOf(text),
    own(`${NEW} AS (`),
    { named: text.head },
    { named: text.where },
    { named: text.middle },
    own(' RETURNING '),
    ...(text.returning === '' ? [] : [{ named: text.returning }, own(', ')]),
    own(keyColumns(rules, qualifier).join(', ')),
    { named: text.tail },
    own(`), ${MARKS} AS (${marks}) `),
    own(text.returning === '' ? `SELECT count(*) AS ${AFFECTED} FROM ${NEW}` : `SELECT * FROM ${NEW}`),
  ];
}

function withMarksCounted(of: PostgresStatementOf, fromNew: readonly MarkRule[], readsOld: boolean): Piece[] {
  const { write, needed, text, token, qualifier } = of;
  const { table } = write;
  const columns = columnsRead(fromNew);
  const sources = [{ rules: fromNew, from: ROWS, alias: ROWS }];
  if (readsOld) sources.push({ rules: needed.before, from: OLD, alias: OLD });
  const marks = insertMarks(table.dataSource, sources, token, 'write');
  return [
    own('WITH '),
    ...ctesOf(text),
    ...(readsOld ? oldRows(of) : []),
    own(`${NEW} AS (`),
    { named: text.head },
    readsOld
      ? own(` WHERE (${keyList(table, qualifierOf(table))}) IN (SELECT ${keyList(table, OLD)} FROM ${OLD})`)
      : { named: text.where },
    { named: text.middle },
    own(' RETURNING '),
    ...(text.returning === '' ? [] : [{ named: text.returning }, own(', ')]),
    own(columns.map((column, at) => `${columnIn(table, qualifier, column)} AS ${OURS}c${at}`).join(', ')),
    { named: text.tail },
    own(
      `), ${ROWS} AS (SELECT ${columns.map((column, at) => `${OURS}c${at} AS ${named(table, column)}`).join(', ')} FROM ${NEW}), `,
    ),
    own(`${MARKS} AS (${marks} RETURNING 1) `),
    own(
      text.returning === ''
        ? `SELECT (SELECT count(*) FROM ${NEW}) AS ${AFFECTED}, (SELECT count(*) FROM ${MARKS}) AS ${MARK_COUNT}`
        : `SELECT *, (SELECT count(*) FROM ${MARKS}) AS ${MARK_COUNT} FROM ${NEW}`,
    ),
  ];
}

function ctesOf({ ctes }: StatementText): readonly Piece[] {
  return ctes === '' ? [] : [{ named: ctes.replace(/^WITH /, '') }, own(', ')];
}

/** MATERIALIZED, or the planner may look the rows up anew, where they are locked, once for each. */
function oldRows({ write: { table }, needed, text }: PostgresStatementOf): readonly Piece[] {
  const columns = columnsRead(needed.before, table.primaryColumns).map((column) =>
    columnIn(table, qualifierOf(table), column),
  );
  return [
    own(`${OLD} AS MATERIALIZED (SELECT ${columns.join(', ')} FROM ${tableSql(table)}`),
    { named: text.where },
    own(' FOR UPDATE), '),
  ];
}

const named = (table: EntityMetadata, { databaseName }: ColumnMetadata) => table.dataSource.driver.escape(databaseName);
const columnIn = (table: EntityMetadata, from: string, column: ColumnMetadata) => `${from}.${named(table, column)}`;
const keyList = (table: EntityMetadata, from: string) =>
  table.primaryColumns.map((column) => columnIn(table, from, column)).join(', ');
