import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { FanOut } from '../fan-out/fan-out.js';
import type { MarkRule } from '../fan-out/mark-rule.js';
import { escapePath, tablesOf } from '../outbox/attach.js';

/** What triggers need to know of a fan-out. */
export type Rules = Pick<FanOut, 'rulesOf' | 'deepCascadesOf'>;

/** A table that something depends on, and what its changes dirty. */
export interface WatchedTable {
  readonly metadata: EntityMetadata;
  readonly rules: readonly MarkRule[];
}

/**
 * The tables that get triggers, each once, however many entities share it; never one of the outbox's own, where a trigger
 * would mark its own marks.
 * @throws ScrypathError `OUTBOX_MISSING`
 */
export function watchedTables(dataSource: DataSource, fanOut: Rules): readonly WatchedTable[] {
  const own = new Set(Object.values(tablesOf(dataSource)));
  const tables = new Map<string, { metadata: EntityMetadata; rules: Set<MarkRule> }>();
  for (const metadata of dataSource.entityMetadatas) {
    const rules = fanOut.rulesOf(metadata);
    if (rules.length === 0 || own.has(escapePath(dataSource, metadata.tablePath))) continue;
    const table = tables.get(metadata.tablePath);
    if (table === undefined) tables.set(metadata.tablePath, { metadata, rules: new Set(rules) });
    else for (const rule of rules) table.rules.add(rule);
  }
  return [...tables.values()]
    .map(({ metadata, rules }) => ({ metadata, rules: distinctRules([...rules]) }))
    .sort((one, other) => (one.metadata.tablePath < other.metadata.tablePath ? -1 : 1));
}

/** Without the rules that say what another says. */
export function distinctRules(rules: readonly MarkRule[]): readonly MarkRule[] {
  const distinct = new Map<string, MarkRule>();
  for (const rule of rules) if (!distinct.has(identityOf(rule))) distinct.set(identityOf(rule), rule);
  return [...distinct.values()];
}

function identityOf(rule: MarkRule): string {
  const { marks, key, lookup, insert, delete: deletes, update, erasedByDelete, only } = rule;
  const names = (columns: Iterable<ColumnMetadata>) => [...columns].map(({ databaseName }) => databaseName);
  const steps = lookup.map(({ table, on }) => [
    table.tablePath,
    on.map(({ from, to }) => [from.databaseName, to.databaseName]),
  ]);
  const updates = typeof update === 'string' ? update : names(update).sort();
  return JSON.stringify([marks, names(key), steps, insert, deletes, updates, erasedByDelete, only?.values]);
}

/** The columns of the changed row that lead to the key, and those that say whether there is one. */
export const linkOf = ({ key, lookup, only }: MarkRule): readonly ColumnMetadata[] => [
  ...(lookup.length === 0 ? key : lookup[0]!.on.map(({ from }) => from)),
  ...(only === null ? [] : [only.column]),
];

/**
 * The columns of which one must change for an update to count; `any` where every update does. Where a rule hears of new
 * and of lost rows, an update that gives a row another primary key is both.
 */
export function updatesOf({ metadata }: WatchedTable, rule: MarkRule): readonly ColumnMetadata[] | 'any' {
  if (rule.update === 'any') return 'any';
  const own = rule.insert || rule.delete ? metadata.primaryColumns : [];
  const columns = rule.update === 'none' ? own : [...rule.update, ...own];
  return columns.length === 0 ? [] : distinctColumns([...linkOf(rule), ...columns]);
}

/**
 * Whether the rule says what foreign keys do by themselves when a row is deleted or its key changed. Where that fires the
 * triggers of the tables which they change, those say it better.
 */
export const followsForeignKeys = (rule: MarkRule): boolean =>
  rule.erasedByDelete || (rule.lookup.length > 0 && !rule.insert && !rule.delete);

/** Each column once: a subclass has objects of its own for the columns of its table. */
export const distinctColumns = (columns: readonly ColumnMetadata[]): readonly ColumnMetadata[] => [
  ...new Map(columns.map((column) => [column.databaseName, column])).values(),
];

/** Columns as SQL, of a row or an alias. */
export const columnOf = ({ entityMetadata, databaseName }: ColumnMetadata, row: string): string =>
  `${row}.${entityMetadata.dataSource.driver.escape(databaseName)}`;
