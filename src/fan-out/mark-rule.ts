import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** One more table on the way from a changed row to the key that it dirties. */
export interface LookupStep {
  readonly table: EntityMetadata;
  /** Pairs of equal columns: of the row before (the changed row at first), and of this table. */
  readonly on: readonly { readonly from: ColumnMetadata; readonly to: ColumnMetadata }[];
}

/**
 * A key that a change of a row dirties. Rules say it once, for subscribers, captured statements and triggers alike.
 * The key is read from columns of the changed row itself where `lookup` is empty, else of the last table of the lookup.
 * Columns are those of the table's own entity, or of its root where subclasses share a table: a subclass has other objects
 * for them, so columns are compared by their names in the database, as {@link touches} does.
 */
export interface MarkRule {
  /** What the outbox's column `entity` says: a searched entity, or a {@link DependencyName}. */
  readonly marks: string;
  /** Columns that hold the key, in the order of its parts. One of them may be null: then there is no key. */
  readonly key: readonly ColumnMetadata[];
  readonly lookup: readonly LookupStep[];
  readonly insert: boolean;
  readonly delete: boolean;
  /**
   * Columns of the changed row's table, one of which must be changed by an update; `any` column; or `none`, where updates
   * do not matter. An update marks the key that the row led to before and the one that it leads to after, whether it stands
   * in the row itself or is looked up from it.
   */
  readonly update: 'any' | 'none' | ReadonlySet<ColumnMetadata>;
  /**
   * Whether the lookup finds nothing once the row is deleted, since the database sets keys to null or deletes along: then
   * it must be read before the write, in its transaction, under lock.
   */
  readonly erasedByDelete: boolean;
  /**
   * The subclasses whose rows matter, where several share the table; null where all do. To leave it out of account marks
   * keys that no record has, and does no harm.
   */
  readonly only: RowFilter | null;
}

/** Rows that have one of the values in the column that tells subclasses apart. */
export interface RowFilter {
  readonly column: ColumnMetadata;
  readonly values: readonly string[];
}

/**
 * `Movie>director.country`: the documents of Movie that hold the row at that path. A row of the outbox under this name has
 * the key of the row at the end of the path; a worker finds the movies page by page.
 */
export type DependencyName = `${string}>${string}`;

/**
 * Whether an update that sets these columns matters to the rule. Columns that every update changes by itself, such as the
 * date of the last one, need not be among them.
 */
export function touches({ update }: MarkRule, columns: Iterable<ColumnMetadata>): boolean {
  if (typeof update === 'string') return update === 'any';
  const names = new Set([...columns].map(({ databaseName }) => databaseName));
  return [...update].some((column) => changesByItself(column) || names.has(column.databaseName));
}

/** Whether each row of the table has a key of its own under each of the rules, so that no two of its marks are the same. */
export const areOfOneKeyEach = (table: EntityMetadata, rules: readonly MarkRule[]): boolean =>
  new Set(rules.map(({ marks }) => marks)).size === rules.length &&
  rules.every(
    ({ key, lookup }) =>
      lookup.length === 0 &&
      table.primaryColumns.every(({ databaseName }) => key.some((column) => column.databaseName === databaseName)),
  );

const changesByItself = ({ isUpdateDate, isVersion, onUpdate }: ColumnMetadata): boolean =>
  isUpdateDate || isVersion || onUpdate !== undefined;
