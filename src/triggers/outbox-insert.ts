import type { DataSource } from 'typeorm';
import type { MarkRule } from '../fan-out/mark-rule.js';
import { markSql } from '../fan-out/mark-sql.js';
import { dialectOf } from '../outbox/dialect.js';

/** What a trigger writes of a row of the outbox, in this order; the rest are the columns' defaults. */
const COLUMNS = ['id', 'entity', 'record_key', 'cause', 'created_at'] as const;

/** A trigger writes what somebody has written, so the cause is always the same. */
export const CAUSE = `'write'`;

export const insertInto = ({ driver }: DataSource, outbox: string): string =>
  `INSERT INTO ${outbox} (${COLUMNS.map((name) => driver.escape(name)).join(', ')})`;

/** The words of a declaration as SQL. */
export const literal = (words: string): string => `'${words.replace(/'/g, "''")}'`;

/**
 * An INSERT of the keys of one changed row, for a row trigger.
 * @param row `NEW` or `OLD`
 * @param conditions under which the row counts
 */
export function insertOfRow(
  dataSource: DataSource,
  outbox: string,
  rule: MarkRule,
  row: string,
  conditions: readonly string[] = [],
): string {
  const { newId, nowMs, family } = dialectOf(dataSource);
  const { key, joins, notNull } = markSql(rule, row);
  const nowhere = family === 'mysql' ? ' FROM DUAL' : '';
  return [
    insertInto(dataSource, outbox),
    // The joins lean on the row, which is no table here.
    `SELECT ${newId}, ${literal(rule.marks)}, ${key}, ${CAUSE}, ${nowMs}${joins === '' ? nowhere : ` FROM (SELECT 1) scrypath_row${joins}`}`,
    `WHERE ${[notNull, ...conditions.map((condition) => `(${condition})`)].join(' AND ')}`,
  ].join('\n');
}
