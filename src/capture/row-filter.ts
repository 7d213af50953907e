import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { storedKindOf } from '../metadata/value-kind.js';
import { escapePath } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import { OURS, type Row } from './mark-rows.js';
import { own, PARAMETER, type Piece } from './statement-text.js';
import { type BuilderWrite, driverValue } from './write-builder.js';

export const tableSql = ({ dataSource, tablePath }: EntityMetadata): string => escapePath(dataSource, tablePath);

/** What stands before the columns of a table that has no alias in its statement. */
export const qualifierOf = ({ dataSource, tableName }: EntityMetadata): string => dataSource.driver.escape(tableName);

const columnSql = ({ databaseName }: ColumnMetadata, table: EntityMetadata, qualifier = qualifierOf(table)): string =>
  `${qualifier}.${table.dataSource.driver.escape(databaseName)}`;

/** A list of SELECT or RETURNING: the primary key as it is; times as text, since a Date would lose their microseconds. */
export function primaryKeyColumns(table: EntityMetadata, qualifier?: string): string[] {
  const { family, text } = dialectOf(table.dataSource);
  const isTime = (column: ColumnMetadata) => family !== 'sqlite' && ['date', 'calendar'].includes(storedKindOf(column));
  return table.primaryColumns.map((column, at) => {
    const value = columnSql(column, table, qualifier);
    return `${isTime(column) ? text(value) : value} AS ${OURS}p${at}`;
  });
}

/** As {@link COUNTED}: the id that MySQL's driver tells of an insert, where it returns no rows. */
export function countedColumn(table: EntityMetadata, qualifier: string): string[] {
  const counted = table.generatedColumns.find(({ generationStrategy }) => generationStrategy === 'increment');
  const isTold = dialectOf(table.dataSource).family === 'mysql' && counted !== undefined;
  return isTold ? [`${columnSql(counted, table, qualifier)} AS ${COUNTED}`] : [];
}

export const COUNTED = `${OURS}id`;

/** ` WHERE …`: the rows whose {@link primaryKeyColumns} were read. */
export function whereKeyIn(table: EntityMetadata, rows: readonly Row[]): Piece {
  if (rows.length === 0) return own(' WHERE 1 = 0');
  const columns = table.primaryColumns.map((column) => columnSql(column, table));
  const { isIn, list, family } = dialectOf(table.dataSource);
  if (columns.length === 1) {
    const values = rows.map((row) => row[`${OURS}p0`] as string | number);
    return own(` WHERE ${isIn(columns[0]!, PARAMETER)}`, [list(values)]);
  }
  const tuple = `(${columns.map(() => PARAMETER).join(', ')})`;
  const tuples = rows.map(() => tuple).join(', ');
  // SQLite compares a tuple with rows only, and nests no more than 1000 conditions.
  const right = family === 'sqlite' ? `VALUES ${tuples}` : tuples;
  const parameters = rows.flatMap((row) => columns.map((_, at) => row[`${OURS}p${at}`]));
  return own(` WHERE (${columns.join(', ')}) IN (${right})`, parameters);
}

/**
 * ` WHERE …`: the rows that have the values of an insert in columns that tell them from others. Null where there are none
 * such, and `unknown` where one of the rows given cannot be told so.
 */
export function whereUnique(
  { table, values }: Pick<BuilderWrite, 'table' | 'values'>,
  groups: readonly (readonly ColumnMetadata[])[],
): { readonly where: Piece | null; readonly unknown: boolean } {
  const parameters: unknown[] = [];
  const conditions = values.map((row) =>
    groups.flatMap((group) => {
      const found = group.map((column) => driverValue(column, row));
      if (found.length === 0 || found.some((value) => value === undefined || value === null)) return [];
      parameters.push(...found);
      return [`(${group.map((column) => `${columnSql(column, table)} = ${PARAMETER}`).join(' AND ')})`];
    }),
  );
  const all = conditions.flat();
  return {
    where: all.length === 0 ? null : own(` WHERE ${all.join(' OR ')}`, parameters),
    unknown: conditions.some((of) => of.length === 0),
  };
}

/** Whether an insert computes by SQL what rows could conflict in. */
export const conflictsBySql = ({ values }: BuilderWrite, groups: readonly (readonly ColumnMetadata[])[]): boolean =>
  values.some((row) => groups.flat().some((column) => typeof column.getEntityValue(row) === 'function'));

/** The columns by which rows of a table conflict, each group by itself. */
export function uniqueGroups(table: EntityMetadata): readonly (readonly ColumnMetadata[])[] {
  const indices = table.indices.filter(({ isUnique }) => isUnique).map(({ columns }) => columns);
  // There TypeORM leaves out a value given for a counted column.
  const isLeftOut = ({ generationStrategy }: ColumnMetadata) =>
    generationStrategy === 'increment' && dialectOf(table.dataSource).family === 'postgres';
  return [table.primaryColumns, ...table.uniques.map(({ columns }) => columns), ...indices].filter(
    (group) => !group.some(isLeftOut),
  );
}
