import type { DataSource, EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { QueryExpressionMap } from 'typeorm/query-builder/QueryExpressionMap.js';

/** What TypeORM's four builders of writes have in common; some of it its types hide. */
export interface WriteBuilder {
  readonly dataSource: DataSource;
  readonly expressionMap: QueryExpressionMap;
  readonly alias: string;
  queryRunner?: QueryRunner;
  execute(): Promise<unknown>;
  getQuery(): string;
  getParameters(): ObjectLiteral;
  getQueryAndParameters(): [sql: string, parameters: unknown[]];
  createCteExpression(): string;
  createWhereExpression(): string;
  createReturningExpression(type: string): string;
  createPropertyPath(metadata: EntityMetadata, values: ObjectLiteral): string[];
  replacePropertyNamesForTheWholeQuery(sql: string): string;
}

/** What a builder is about to write. */
export interface BuilderWrite {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly table: EntityMetadata;
  /** Columns that an update sets, or an insert on conflict. */
  readonly touched: readonly ColumnMetadata[];
  readonly onConflict: 'fail' | 'update' | 'ignore';
  readonly fromSelect: boolean;
  /** The rows given to an insert. */
  readonly values: readonly ObjectLiteral[];
  /** What TypeORM itself generates for the rows of an insert, by their place; there once its statement is made. */
  readonly generated: Readonly<Record<number, ObjectLiteral>>;
  /** The primary keys of the rows of an update, where TypeORM itself gave them: `save`, `softRemove`, `recover`. */
  readonly identifiers: readonly ObjectLiteral[];
  /** The value that an update sets the column to, as the driver takes it; undefined where SQL computes it. */
  newValue(column: ColumnMetadata): unknown;
}

/** Reads off a builder what it is about to write; null where it writes no entity's table, or TypeORM will refuse it. */
export function builderWriteOf(builder: WriteBuilder): BuilderWrite | null {
  const { expressionMap } = builder;
  const { mainAlias, queryType } = expressionMap;
  if (!mainAlias?.hasMetadata) return null;
  const table = mainAlias.metadata;
  const newValue = (column: ColumnMetadata) => driverValue(column, (expressionMap.valuesSet ?? {}) as ObjectLiteral);
  const write = {
    table,
    touched: [],
    onConflict: 'fail',
    fromSelect: false,
    values: [],
    generated: {},
    newValue,
  } as const;
  const identifiers = expressionMap.whereEntities;
  switch (queryType) {
    case 'insert':
      return { ...write, kind: 'insert', identifiers: [], ...insertOf(builder, table) };
    case 'update':
      return { ...write, kind: 'update', identifiers, touched: updatedColumns(builder, table) };
    case 'soft-delete':
    case 'restore':
      return { ...write, kind: 'update', identifiers, touched: table.deleteDateColumn ? [table.deleteDateColumn] : [] };
    case 'delete':
      return { ...write, kind: 'delete', identifiers: [] };
    default:
      return null;
  }
}

function insertOf({ expressionMap }: WriteBuilder, table: EntityMetadata) {
  const { onUpdate, onIgnore, valuesSet, insertFromSelect } = expressionMap as QueryExpressionMap & {
    readonly insertFromSelect?: unknown;
  };
  const values = Array.isArray(valuesSet) ? valuesSet : valuesSet ? [valuesSet] : [];
  const overwritten = onUpdate?.overwrite ?? onUpdate?.columns ?? [];
  const updates = onUpdate !== undefined && overwritten.length > 0;
  return {
    values: values as readonly ObjectLiteral[],
    generated: expressionMap.locallyGenerated as Readonly<Record<number, ObjectLiteral>>,
    fromSelect: insertFromSelect !== undefined,
    touched: overwritten.flatMap((name) => table.findColumnWithDatabaseName(name) ?? []),
    onConflict: updates ? 'update' : onUpdate !== undefined || onIgnore ? 'ignore' : 'fail',
  } as const;
}

function updatedColumns(builder: WriteBuilder, table: EntityMetadata): readonly ColumnMetadata[] {
  const given = builder.expressionMap.valuesSet as ObjectLiteral | undefined;
  if (typeof given !== 'object' || given === null) return [];
  const values = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return builder
    .createPropertyPath(table, values)
    .flatMap((path) => table.findColumnsWithPropertyPath(path))
    .filter(({ isUpdate }) => isUpdate);
}

/** The value that an object gives to a column, as the driver takes it; undefined where it gives none, or an expression. */
export function driverValue(column: ColumnMetadata, values: ObjectLiteral): unknown {
  const given: unknown = column.getEntityValue(values, true);
  if (typeof given === 'function' || given === undefined) return undefined;
  const { driver } = column.entityMetadata.dataSource;
  const isRelated =
    typeof given === 'object' && given !== null && !(given instanceof Date || given instanceof Uint8Array);
  const value: unknown =
    column.referencedColumn && isRelated ? column.referencedColumn.getEntityValue(given as ObjectLiteral) : given;
  return value === undefined ? undefined : driver.preparePersistentValue(value, column);
}
