import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { storedKindOf } from '../metadata/value-kind.js';
import { escapePath } from '../outbox/attach.js';
import {
  deleteMarks,
  erasedMarks,
  followedMarks,
  insertMarks,
  type RowMarks,
  rowMarks,
  updateMarks,
} from './row-marks.js';
import type { Trigger } from './trigger.js';
import { type Event, triggerName } from './trigger-name.js';
import { columnOf, type WatchedTable } from './watched-table.js';

/**
 * Held until the cascade changes the rows. Not FOR UPDATE, which is refused for a table that the statement itself reads:
 * `DELETE … WHERE id IN (SELECT …)` would fail.
 */
const UNDER_LOCK = '\nLOCK IN SHARE MODE';

/**
 * Row triggers. A foreign key's cascade fires none here, so what it changes is read before the row that it refers to
 * is deleted or gets another key, under lock.
 */
export function mysqlTriggers(dataSource: DataSource, outbox: EntityMetadata, table: WatchedTable): Trigger[] {
  const into = pathFrom(dataSource, outbox, table.metadata);
  const marksOf = (marks: Parameters<typeof rowMarks>[2]) => rowMarks(dataSource, into, marks, changed);
  const parts: [Event, string, RowMarks][] = [
    ['insert', 'AFTER INSERT', marksOf(insertMarks(table))],
    ['update', 'AFTER UPDATE', marksOf([...updateMarks(table), ...followedMarks(table, 'NEW')])],
    ['delete', 'AFTER DELETE', marksOf(deleteMarks(table))],
    ['erase', 'BEFORE DELETE', underLock(marksOf(erasedMarks(table)))],
    ['overwrite', 'BEFORE UPDATE', underLock(marksOf(followedMarks(table, 'OLD')))],
  ];
  return parts
    .filter(([, , { statements }]) => statements.length > 0)
    .map(([event, when, marks]) => triggerOf(dataSource, table.metadata, event, when, marks));
}

const underLock = ({ statements, condition }: RowMarks): RowMarks => ({
  statements: statements.map((each) => each + UNDER_LOCK),
  condition,
});

function triggerOf(
  dataSource: DataSource,
  metadata: EntityMetadata,
  event: Event,
  when: string,
  { statements, condition }: RowMarks,
): Trigger {
  const { type } = dataSource.options;
  const name = triggerName(metadata.tableName, event);
  const path = [metadata.database, name].filter((part) => part !== undefined).join('.');
  const escaped = escapePath(dataSource, path);
  const inserts = statements.map((statement) => `${statement};`).join('\n');
  const body = `BEGIN\n${condition === null ? inserts : `IF ${condition} THEN\n${inserts}\nEND IF;`}\nEND`;
  const rest = `TRIGGER ${escaped} ${when} ON ${escapePath(dataSource, metadata.tablePath)}\nFOR EACH ROW ${body}`;
  const drop = `DROP TRIGGER IF EXISTS ${escaped}`;
  return {
    name,
    table: metadata.tablePath,
    definition: mysqlDefinition(when, body),
    // MySQL has no OR REPLACE: between the two statements writes are not seen.
    up: type === 'mariadb' ? [`CREATE OR REPLACE ${rest}`] : [drop, `CREATE ${rest}`],
    down: [drop],
  };
}

/** What the catalog is asked for, in the same form. */
export const mysqlDefinition = (when: string, body: string): string => `${when}: ${body}`;

/** Names in a trigger are looked for in the database of its table. */
const pathFrom = (dataSource: DataSource, { database, tableName }: EntityMetadata, from: EntityMetadata): string =>
  escapePath(
    dataSource,
    from.database === database ? tableName : `${database ?? dataSource.driver.database}.${tableName}`,
  );

const changed = (columns: readonly ColumnMetadata[]): string =>
  columns.map((column) => `NOT (${compared(column, 'OLD')} <=> ${compared(column, 'NEW')})`).join(' OR ');

/** A collation takes two texts for one where they differ in case, accents or blanks at the end. */
function compared(column: ColumnMetadata, row: string): string {
  const exact = ['number', 'boolean', 'date', 'calendar', 'exact'].includes(storedKindOf(column));
  return exact ? columnOf(column, row) : `CAST(${columnOf(column, row)} AS BINARY)`;
}
