import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { LookupStep, MarkRule } from './mark-rule.js';

/** The entity that stands for a table: the root, where subclasses share it. It has the columns of all of them. */
export const tableOf = (entity: EntityMetadata): EntityMetadata =>
  entity.tableType === 'entity-child' && entity.parentEntityMetadata ? tableOf(entity.parentEntityMetadata) : entity;

/** The column as the entity that stands for its table has it. */
export function columnOf(column: ColumnMetadata): ColumnMetadata {
  const table = tableOf(column.entityMetadata);
  return table.findColumnWithDatabaseName(column.databaseName) ?? column;
}

export const isSameColumn = (a: ColumnMetadata, b: ColumnMetadata): boolean =>
  a.databaseName === b.databaseName && a.entityMetadata.tablePath === b.entityMetadata.tablePath;

export const subclassesOf = (entity: EntityMetadata): EntityMetadata[] =>
  entity.childEntityMetadatas.flatMap((child) => [child, ...subclassesOf(child)]);

/** Which rows of its table are the entity's, or null where all are: as TypeORM, only a subclass looks. */
export function rowsOf(entity: EntityMetadata): MarkRule['only'] {
  if (!entity.discriminatorColumn || entity.tableType !== 'entity-child') return null;
  const values = [entity, ...subclassesOf(entity)].flatMap(({ discriminatorValue }) => discriminatorValue ?? []);
  return { column: columnOf(entity.discriminatorColumn), values };
}

/** A key, and the way to the table that has its columns. */
export interface Way {
  readonly key: readonly ColumnMetadata[];
  readonly lookup: readonly LookupStep[];
}

/** The same way without the last tables, where what is wanted of them stands in the table before them already. */
export function shortened({ key, lookup }: Way): Way {
  const last = lookup.at(-1);
  if (last === undefined) return { key, lookup };
  const before = key.map((column) => last.on.find(({ to }) => isSameColumn(to, column))?.from);
  if (!before.every((column) => column !== undefined)) return { key, lookup };
  return shortened({ key: before, lookup: lookup.slice(0, -1) });
}
