import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { DocumentKey } from '../document/search-document.js';
import { keyColumnOf } from '../metadata/key-column.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { storedKindOf } from '../metadata/value-kind.js';

/** Conditions and order on the full primary key, as SQL of a query builder. */
export interface Keyset {
  orderBy(query: SelectQueryBuilder<ObjectLiteral>, order?: 'ASC' | 'DESC'): void;
  /** Rows behind the key, in the order of the primary key. */
  behind(query: SelectQueryBuilder<ObjectLiteral>, key: DocumentKey): void;
  /** Rows up to the key, itself included. */
  upTo(query: SelectQueryBuilder<ObjectLiteral>, key: DocumentKey): void;
  /** Rows of which the first column of the key is above (`>`) or at most (`<=`) a value, as the part of a document key. */
  first(query: SelectQueryBuilder<ObjectLiteral>, comparison: '>' | '<=', part: string): void;
}

export function keysetOf(metadata: SearchMetadata, entity: EntityMetadata, alias: string): Keyset {
  const columns = entity.primaryColumns.map((column) => ({ sql: orderedSql(column, alias), column }));
  let used = 0;
  const bind = (query: SelectQueryBuilder<ObjectLiteral>, column: ColumnMetadata, value: unknown): string => {
    const { driver } = entity.dataSource;
    const prepared: unknown = driver.preparePersistentValue(value, column);
    const literal = exactLiteral(column, prepared);
    if (literal !== null) return literal;
    const name = `keyset_${used++}`;
    query.setParameter(name, prepared);
    return `:${name}`;
  };
  const valuesOf = (key: DocumentKey): unknown[] => {
    const idMap = metadata.key.idMap(key);
    return columns.map(({ column }) => column.getEntityValue(idMap));
  };
  // `a >= x AND (a > x OR (b >= y AND b > y))`: of the equal forms the one that stays on the index on every database.
  const chain = (
    query: SelectQueryBuilder<ObjectLiteral>,
    values: readonly unknown[],
    sign: '>' | '<',
    inclusive: boolean,
    at = 0,
  ): string => {
    const { sql, column } = columns[at]!;
    const value = bind(query, column, values[at]);
    if (at === columns.length - 1) return `${sql} ${sign}${inclusive ? '=' : ''} ${value}`;
    return `${sql} ${sign}= ${value} AND (${sql} ${sign} ${value} OR (${chain(query, values, sign, inclusive, at + 1)}))`;
  };
  return {
    orderBy: (query, order = 'ASC') => {
      for (const { sql } of columns) query.addOrderBy(sql, order);
    },
    behind: (query, key) => void query.andWhere(`(${chain(query, valuesOf(key), '>', false)})`),
    upTo: (query, key) => void query.andWhere(`(${chain(query, valuesOf(key), '<', true)})`),
    first: (query, comparison, part) => {
      const { sql, column } = columns[0]!;
      query.andWhere(`${sql} ${comparison} ${bind(query, column, keyColumnOf(column).value(part))}`);
    },
  };
}

const isMysql = (column: ColumnMetadata): boolean =>
  ['mysql', 'mariadb'].includes(column.entityMetadata.dataSource.options.type);

/** An ENUM of MySQL is ordered by its place in the list and compared by its text: a text in both keeps them together. */
function orderedSql(column: ColumnMetadata, alias: string): string {
  const path = `${alias}.${column.propertyPath}`;
  return isMysql(column) && /enum|set/.test(String(column.type)) ? `CONCAT(${path})` : path;
}

/** MySQL compares an integer with a text as doubles, of which neighbours beyond 2^53 are equal: a row would be passed over. */
function exactLiteral(column: ColumnMetadata, value: unknown): string | null {
  if (!isMysql(column) || storedKindOf(column) !== 'exact') return null;
  const text = String(value);
  return /^-?\d+(\.\d+)?$/.test(text) ? text : null;
}
