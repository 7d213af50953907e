import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { MarkRule } from '../fan-out/mark-rule.js';
import { ALWAYS, markSql } from '../fan-out/mark-sql.js';
import { tablesOf } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import { markIds } from '../outbox/mark-id.js';
import type { Cause, DirtyKey } from '../outbox/outbox-row.js';
import { readColumns } from './needed-marks.js';

/** A row that a statement has returned. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns of ours among those that a statement returns begin so. */
export const OURS = '__scrypath_';

/** Rules whose keys stand in the changed row itself. */
export const inRow = (rules: readonly MarkRule[]) => rules.filter(({ lookup }) => lookup.length === 0);
/** Rules whose keys are looked up in other tables. */
export const lookedUp = (rules: readonly MarkRule[]) => rules.filter(({ lookup }) => lookup.length > 0);

/**
 * A list of SELECT or RETURNING: the key of each rule of {@link inRow}, or null where the row leads to none.
 * @param qualifier what stands before the columns, as SQL
 */
export const keyColumns = (rules: readonly MarkRule[], qualifier: string): string[] =>
  rules.map((rule, at) => {
    const { key, notNull } = markSql(rule, qualifier);
    return `${notNull === ALWAYS ? key : `CASE WHEN ${notNull} THEN ${key} END`} AS ${keyColumn(at)}`;
  });

const keyColumn = (at: number) => `${OURS}k${at}`;

/** The keys in rows that have {@link keyColumns}. */
export function* keysIn(rules: readonly MarkRule[], rows: readonly Row[]): Generator<DirtyKey> {
  for (const row of rows)
    for (const [at, { marks }] of rules.entries()) {
      const recordKey = row[keyColumn(at)];
      if (typeof recordKey === 'string') yield { entity: marks, recordKey };
    }
}

/** Every column of the changed row that one of the rules reads, once. */
export function columnsRead(rules: readonly MarkRule[], more: readonly ColumnMetadata[] = []): ColumnMetadata[] {
  const byName = new Map([...more, ...rules.flatMap(readColumns)].map((column) => [column.databaseName, column]));
  return [...byName.values()];
}

/**
 * An INSERT of the marks of rows, each key once.
 * @param sources rules, and a table expression with an alias whose rows have the columns that the rules read
 * @param token the token of the marks
 */
export function insertMarks(
  dataSource: DataSource,
  sources: readonly { readonly rules: readonly MarkRule[]; readonly from: string; readonly alias: string }[],
  token: string,
  cause: Cause,
): string {
  const { idWith, nowMs } = dialectOf(dataSource);
  const selects = sources.flatMap(({ rules, from, alias }) =>
    rules.map((rule) => {
      const { key, joins, notNull } = markSql(rule, alias);
      return `SELECT ${literal(dataSource, rule.marks)} AS entity, ${key} AS record_key FROM ${from}${joins} WHERE ${notNull}`;
    }),
  );
  // UNION leaves out what is there twice; so does DISTINCT, of one SELECT.
  const [only, ...others] = selects;
  const distinct = others.length === 0 ? only!.replace(/^SELECT/, 'SELECT DISTINCT') : selects.join(' UNION ');
  const columns = ['id', 'entity', 'record_key', 'cause', 'created_at'].map((name) => dataSource.driver.escape(name));
  // A token is hex digits and hyphens.
  return (
    `INSERT INTO ${tablesOf(dataSource).outbox} (${columns.join(', ')}) ` +
    `SELECT ${idWith(`'${token}'`)}, entity, record_key, '${cause}', ${nowMs} FROM (${distinct}) ${OURS}marks`
  );
}

/**
 * On PostgreSQL: an INSERT of the marks of rows that have {@link keyColumns}, each row a key of its own under each rule. It
 * is made and planned at every write, so it is no longer than it must be: the time of a mark is the column's default.
 * @param from a table expression
 * @param isOneRow whether there is at most one row in it
 */
export function insertKeyColumns(
  dataSource: DataSource,
  rules: readonly MarkRule[],
  from: string,
  token: string,
  isOneRow: boolean,
): string {
  const selects = rules.map(
    ({ marks }, at) => `SELECT ${literal(dataSource, marks)} AS entity, ${keyColumn(at)} AS record_key FROM ${from}`,
  );
  const isOneMark = isOneRow && rules.length === 1;
  const id = isOneMark ? `'${markIds(token)()}'` : dialectOf(dataSource).idWith(`'${token}'`);
  return (
    `INSERT INTO ${tablesOf(dataSource).outbox} (id, entity, record_key, cause) ` +
    `SELECT ${id}, entity, record_key, 'write' FROM (${selects.join(' UNION ALL ')}) ${OURS}marks`
  );
}

/** Text as SQL that means the same in every mode of every database. */
function literal(dataSource: DataSource, text: string): string {
  const { family, concat, backslash } = dialectOf(dataSource);
  const quoted = (part: string) => `'${part.replaceAll("'", "''")}'`;
  const parts = text.split('\\');
  if (parts.length === 1) return family === 'postgres' ? `${quoted(text)}::text` : quoted(text);
  return concat(parts.flatMap((part, at) => (at === 0 ? [quoted(part)] : [backslash, quoted(part)])));
}
