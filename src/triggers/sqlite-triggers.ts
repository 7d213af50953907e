import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { markSql } from '../fan-out/mark-sql.js';
import { escapePath } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import { CAUSE, insertInto, literal } from './outbox-insert.js';
import { deleteMarks, insertMarks, type RowMarks, rowMarks, updateMarks } from './row-marks.js';
import type { Trigger } from './trigger.js';
import { type Event, triggerName } from './trigger-name.js';
import { columnOf, distinctColumns, followsForeignKeys, type WatchedTable } from './watched-table.js';

/**
 * Row triggers. Cascades fire those of the child, so nothing is looked up for them: a trigger that names another table
 * would stop TypeORM from altering that one, as SQLite checks every trigger when it renames a table.
 */
export function sqliteTriggers(dataSource: DataSource, outbox: EntityMetadata, table: WatchedTable): Trigger[] {
  const into = escapePath(dataSource, outbox.tableName);
  const marksOf = (marks: Parameters<typeof rowMarks>[2]) => rowMarks(dataSource, into, marks, changed);
  const parts: [Event, string, RowMarks][] = [
    ['insert', 'AFTER INSERT', marksOf(insertMarks(table))],
    ['update', 'AFTER UPDATE', marksOf(updateMarks(table))],
    ['delete', 'AFTER DELETE', marksOf(deleteMarks(table))],
    ['replace', 'BEFORE INSERT', replaced(dataSource, into, table, false)],
    ['overwrite', 'BEFORE UPDATE', replaced(dataSource, into, table, true)],
  ];
  return parts
    .filter(([, , { statements }]) => statements.length > 0)
    .map(([event, when, marks]) => triggerOf(dataSource, table.metadata, event, when, marks));
}

/**
 * The rows that an `OR REPLACE` deletes, of which SQLite tells no delete trigger (unless `recursive_triggers` is on): those
 * that have a value of the new row in a unique place. That the write may be no `OR REPLACE`, and fail or do nothing, does
 * no harm: a key that is marked too often is read once more.
 */
function replaced(dataSource: DataSource, outbox: string, table: WatchedTable, byUpdate: boolean): RowMarks {
  const { metadata } = table;
  const places = uniquePlaces(metadata);
  const rules = table.rules.filter((rule) => !followsForeignKeys(rule));
  if (places.length === 0) return { statements: [], condition: null };
  const collides = places
    .map((columns) => columns.map((column) => `${columnOf(column, 'o')} = ${columnOf(column, 'NEW')}`).join(' AND '))
    .map((place) => `(${place})`)
    .join(' OR ');
  const another = metadata.primaryColumns.map((column) => `${columnOf(column, 'o')} IS ${columnOf(column, 'OLD')}`);
  const which = byUpdate ? `(${collides}) AND NOT (${another.join(' AND ')})` : `(${collides})`;
  const { newId, nowMs } = dialectOf(dataSource);
  return {
    statements: rules.map((rule) => {
      const { key, joins, notNull } = markSql(rule, 'o');
      const from = `${escapePath(dataSource, metadata.tablePath)} o${joins}`;
      const mark = `SELECT ${newId}, ${literal(rule.marks)}, ${key}, ${CAUSE}, ${nowMs}`;
      return `${insertInto(dataSource, outbox)}\n${mark}\nFROM ${from}\nWHERE ${which} AND ${notNull}`;
    }),
    condition: byUpdate ? changed(distinctColumns(places.flat())) : null,
  };
}

/** What triggers that cannot do without another table keep from being altered. */
export const sqliteTies = (tables: readonly WatchedTable[]): readonly string[] =>
  tables.flatMap(({ metadata, rules }) => {
    const steps = rules.filter((rule) => !followsForeignKeys(rule)).flatMap(({ lookup }) => lookup);
    const named = new Set(steps.map(({ table }) => table.tablePath));
    return [...named].map(
      (table) => `Triggers of ${metadata.tablePath} look at ${table}: drop them before TypeORM alters that table.`,
    );
  });

/** The columns of the primary key, of each unique constraint and of each unique index. */
const uniquePlaces = ({ primaryColumns, uniques, indices }: EntityMetadata): readonly (readonly ColumnMetadata[])[] => [
  primaryColumns,
  ...uniques.map(({ columns }) => columns),
  ...indices.filter(({ isUnique, columns }) => isUnique && columns.length > 0).map(({ columns }) => columns),
];

function triggerOf(
  dataSource: DataSource,
  metadata: EntityMetadata,
  event: Event,
  when: string,
  { statements, condition }: RowMarks,
): Trigger {
  const name = triggerName(metadata.tableName, event);
  const escaped = dataSource.driver.escape(name);
  const guard = condition === null ? '' : `WHEN ${condition} `;
  const inserts = statements.map((statement) => `${statement};`).join('\n');
  const create = `CREATE TRIGGER ${escaped} ${when} ON ${escapePath(dataSource, metadata.tablePath)}\nFOR EACH ROW ${guard}BEGIN\n${inserts}\nEND`;
  const drop = `DROP TRIGGER IF EXISTS ${escaped}`;
  return { name, table: metadata.tablePath, definition: create, up: [drop, create], down: [drop] };
}

/** Byte by byte: a column's collation may take two texts for one. */
const changed = (columns: readonly ColumnMetadata[]): string =>
  columns.map((column) => `${columnOf(column, 'OLD')} COLLATE BINARY IS NOT ${columnOf(column, 'NEW')}`).join(' OR ');
