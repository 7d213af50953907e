import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { valueKindOf } from '../metadata/value-kind.js';
import { type Dialect, dialectOf } from './dialect.js';

/**
 * SQL of the text that `storedKeyOf` makes of a row's key, for INSERT … SELECT and for triggers: both must write the same
 * text, or one key would be in two shards.
 * @param alias what stands before the columns: an alias, a table, `NEW`; as SQL
 * @throws ScrypathError `KEY_INVALID` where a column of the primary key has a type whose text differs between databases
 */
export const storedKeySql = (entity: EntityMetadata, alias: string): string =>
  storedColumnsSql(entity.primaryColumns, alias);

/**
 * As {@link storedKeySql}, of any columns of one table that hold a key, in the order of its parts: a foreign key holds the
 * key of the row that it references.
 * @throws ScrypathError `KEY_INVALID`
 */
export function storedColumnsSql(columns: readonly ColumnMetadata[], alias: string): string {
  const dialect = dialectOf(columns[0]!.entityMetadata.dataSource);
  const parts = columns.map((column) => partSql(dialect, column, alias));
  if (parts.length === 1) return parts[0]!;
  const { backslash, concat } = dialect;
  const quoted = parts.map((part) => {
    const escaped = `replace(${part}, ${backslash}, ${concat([backslash, backslash])})`;
    return `replace(${escaped}, '"', ${concat([backslash, `'"'`])})`;
  });
  return concat([`'["'`, ...quoted.flatMap((part, at) => (at === 0 ? [part] : [`'","'`, part])), `'"]'`]);
}

/** Whether SQL writes the column's part of a key as `storedKeyOf` does. */
export const hasStoredText = (column: ColumnMetadata): boolean =>
  isBytes(column) || !(['date', 'calendar', 'json'].includes(valueKindOf(column)) || hasFraction(column));

// A database writes 12.50 where the key is 12.5.
const hasFraction = ({ type }: ColumnMetadata): boolean =>
  typeof type === 'string' && /^(decimal|dec|numeric|fixed|money|smallmoney|float|double|real)/i.test(type);

const isBytes = ({ type }: ColumnMetadata): boolean => /binary|blob|bytea/.test(String(type));

function partSql(dialect: Dialect, column: ColumnMetadata, alias: string): string {
  const entity = column.entityMetadata;
  const name = `${alias}.${entity.dataSource.driver.escape(column.databaseName)}`;
  if (isBytes(column)) return dialect.family === 'postgres' ? `encode(${name}, 'hex')` : `lower(hex(${name}))`;
  if (!hasStoredText(column))
    throw new ScrypathError({
      code: 'KEY_INVALID',
      entity: entity.name,
      happened: `The key ${column.propertyPath} of ${entity.name} has a type that SQL cannot write as a key.`,
      remedy: 'Mark its records by their keys, one by one.',
    });
  return valueKindOf(column) === 'boolean' ? `CASE WHEN ${name} THEN 'true' ELSE 'false' END` : dialect.text(name);
}
