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
export function storedKeySql(entity: EntityMetadata, alias: string): string {
  const dialect = dialectOf(entity.dataSource);
  const parts = entity.primaryColumns.map((column) => partSql(dialect, entity, column, alias));
  if (parts.length === 1) return parts[0]!;
  const { backslash, concat } = dialect;
  const quoted = parts.map((part) => {
    const escaped = `replace(${part}, ${backslash}, ${concat([backslash, backslash])})`;
    return `replace(${escaped}, '"', ${concat([backslash, `'"'`])})`;
  });
  return concat([`'["'`, ...quoted.flatMap((part, at) => (at === 0 ? [part] : [`'","'`, part])), `'"]'`]);
}

function partSql(dialect: Dialect, entity: EntityMetadata, column: ColumnMetadata, alias: string): string {
  const name = `${alias}.${entity.dataSource.driver.escape(column.databaseName)}`;
  if (/binary|blob|bytea/.test(String(column.type)))
    return dialect.family === 'postgres' ? `encode(${name}, 'hex')` : `lower(hex(${name}))`;
  switch (valueKindOf(column)) {
    case 'boolean':
      return `CASE WHEN ${name} THEN 'true' ELSE 'false' END`;
    case 'date':
    case 'calendar':
    case 'json':
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `The primary key ${column.propertyPath} of ${entity.name} has a type that SQL cannot write as a key.`,
        remedy: 'Mark its records by their keys, one by one.',
      });
    default:
      return dialect.text(name);
  }
}
