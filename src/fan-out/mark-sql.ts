import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { escapePath } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import { storedColumnsSql } from '../outbox/stored-key-sql.js';
import type { LookupStep, MarkRule } from './mark-rule.js';

/** What leads from a changed row to a key. */
export type MarkWay = Pick<MarkRule, 'key' | 'lookup' | 'only'>;

/** The parts of a SELECT of the keys that changed rows dirty, as SQL without parameters. */
export interface MarkSql {
  /** The key as the outbox stores it. */
  readonly key: string;
  /** ` JOIN …` behind the changed rows, or nothing. */
  readonly joins: string;
  /** Condition under which there is a key at all; {@link ALWAYS} where every row has one. */
  readonly notNull: string;
  /** Aliases of the looked-up tables, nearest first: what `FOR UPDATE OF` takes. */
  readonly aliases: readonly string[];
}

export const ALWAYS = '1 = 1';

/**
 * The SQL of a rule, where the changed rows are a table: of the statement itself, or a transition table.
 * @param alias the alias of the changed rows, as SQL
 * @throws ScrypathError `KEY_INVALID` where the key has a type that SQL cannot write as a key
 */
export function markSql(rule: MarkWay, alias: string): MarkSql {
  const last = aliasAt(alias, rule.lookup.length);
  const nullable = rule.key.filter(({ isPrimary }) => !isPrimary);
  const conditions = nullable.map((column) => `${columnSql(column, last)} IS NOT NULL`);
  return {
    key: storedColumnsSql(rule.key, last),
    joins: rule.lookup
      .map((step, at) => ` JOIN ${tableSql(step, at)} ON ${onSql(step, aliasAt(alias, at), at)}`)
      .join(''),
    notNull: [...conditions, ...onlySql(rule, alias)].join(' AND ') || ALWAYS,
    aliases: rule.lookup.map((_, at) => lookupAlias(at)),
  };
}

/**
 * A whole SELECT of the keys of one changed row that is no table: `NEW` or `OLD` of a row trigger.
 * @param row the row, as SQL
 * @throws ScrypathError `KEY_INVALID`
 */
export function rowMarkSql(rule: MarkWay, row: string): string {
  const { key, notNull } = markSql(rule, row);
  const [first, ...rest] = rule.lookup;
  if (first === undefined) return `SELECT ${key}${noTable(rule)} WHERE ${notNull}`;
  const joins = rest.map((step, at) => ` JOIN ${tableSql(step, at + 1)} ON ${onSql(step, lookupAlias(at), at + 1)}`);
  return `SELECT ${key} FROM ${tableSql(first, 0)}${joins.join('')} WHERE ${onSql(first, row, 0)} AND ${notNull}`;
}

// A WHERE without a FROM is an error in MariaDB, and DUAL one elsewhere.
const noTable = ({ key: [column] }: MarkWay) =>
  dialectOf(column!.entityMetadata.dataSource).family === 'mysql' ? ' FROM DUAL' : '';

const lookupAlias = (at: number) => `scrypath_${at}`;
const aliasAt = (changed: string, at: number) => (at === 0 ? changed : lookupAlias(at - 1));

const columnSql = (column: ColumnMetadata, alias: string) =>
  `${alias}.${column.entityMetadata.dataSource.driver.escape(column.databaseName)}`;

const tableSql = ({ table }: LookupStep, at: number) =>
  `${escapePath(table.dataSource, table.tablePath)} ${lookupAlias(at)}`;

const onSql = ({ on }: LookupStep, from: string, at: number) =>
  on.map((pair) => `${columnSql(pair.to, lookupAlias(at))} = ${columnSql(pair.from, from)}`).join(' AND ');

function onlySql({ only }: MarkWay, alias: string): string[] {
  // A text with other characters would be written differently by each database; without the condition more is marked.
  if (only === null || !only.values.every((value) => /^[\w .:-]*$/.test(value))) return [];
  return [`${columnSql(only.column, alias)} IN (${only.values.map((value) => `'${value}'`).join(', ')})`];
}
