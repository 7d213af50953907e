import type { DataSource } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { MarkRule } from '../fan-out/mark-rule.js';
import { insertOfRow } from './outbox-insert.js';
import { followsForeignKeys, linkOf, updatesOf, type WatchedTable } from './watched-table.js';

/** How a database says that one of the columns is another after an update. */
export type Changed = (columns: readonly ColumnMetadata[]) => string;

/** What the row triggers of a table do, as statements; and under which condition any of them does anything. */
export interface RowMarks {
  readonly statements: readonly string[];
  /** A condition for all of them, or null where one always applies. */
  readonly condition: string | null;
}

/** Where a rule's statement marks a row, and of which update: of any, where the columns are null. */
interface RowMark {
  readonly rule: MarkRule;
  readonly row: 'NEW' | 'OLD';
  readonly columns: readonly ColumnMetadata[] | null;
}

export const insertMarks = ({ rules }: WatchedTable): RowMark[] =>
  rules.filter(({ insert }) => insert).map((rule) => ({ rule, row: 'NEW', columns: null }));

export const deleteMarks = ({ rules }: WatchedTable): RowMark[] =>
  rules.filter((rule) => rule.delete && !followsForeignKeys(rule)).map((rule) => ({ rule, row: 'OLD', columns: null }));

/** The key that the row leads to now; and the one that it led to, where it leads elsewhere now. */
export const updateMarks = (table: WatchedTable): RowMark[] =>
  table.rules
    .filter((rule) => !followsForeignKeys(rule))
    .flatMap((rule): RowMark[] => {
      const columns = updatesOf(table, rule);
      if (columns.length === 0) return [];
      return [
        { rule, row: 'NEW', columns: columns === 'any' ? null : columns },
        { rule, row: 'OLD', columns: linkOf(rule) },
      ];
    });

/** What foreign keys are about to change: after a delete nobody finds it. */
export const erasedMarks = ({ rules }: WatchedTable): RowMark[] =>
  rules.filter(({ erasedByDelete }) => erasedByDelete).map((rule) => ({ rule, row: 'OLD', columns: null }));

/** What foreign keys change when they follow a changed key: `OLD` finds it before, `NEW` after. */
export const followedMarks = ({ rules }: WatchedTable, row: 'NEW' | 'OLD'): RowMark[] =>
  rules
    .filter((rule) => followsForeignKeys(rule) && !rule.erasedByDelete)
    .map((rule) => ({ rule, row, columns: linkOf(rule) }));

export function rowMarks(
  dataSource: DataSource,
  outbox: string,
  marks: readonly RowMark[],
  changed: Changed,
): RowMarks {
  const conditions = marks.map(({ columns }) => (columns === null ? null : changed(columns)));
  return {
    statements: marks.map(({ rule, row }, at) => {
      const condition = conditions[at] ?? null;
      return insertOfRow(dataSource, outbox, rule, row, condition === null ? [] : [condition]);
    }),
    condition: conditions.includes(null) ? null : [...new Set(conditions)].join(' OR '),
  };
}
