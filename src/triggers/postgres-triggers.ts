import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { areOfOneKeyEach, type MarkRule } from '../fan-out/mark-rule.js';
import { markSql } from '../fan-out/mark-sql.js';
import { dialectOf } from '../outbox/dialect.js';
import { CAUSE, insertInto, literal } from './outbox-insert.js';
import type { Trigger } from './trigger.js';
import { type Event, triggerName } from './trigger-name.js';
import { columnOf, followsForeignKeys, linkOf, updatesOf, type WatchedTable } from './watched-table.js';

const OLD = 'old_rows';
const NEW = 'new_rows';

interface Statement {
  readonly event: Event;
  readonly when: string;
  /** SELECTs of `marks` and `record_key`. */
  readonly selects: readonly string[];
  /** Whether two of the rows that the SELECTs yield can be the same. */
  readonly repeats: boolean;
}

/**
 * Statement-level triggers with transition tables: one INSERT a statement, however many rows it changes. Cascades need
 * nothing of their own, as the statements that carry them out fire the triggers of the child, with its rows as they were.
 */
export function postgresTriggers(dataSource: DataSource, outbox: EntityMetadata, table: WatchedTable): Trigger[] {
  return statementsOf(qualified(dataSource, table.metadata), table)
    .filter(({ selects }) => selects.length > 0)
    .map((statement) => triggerOf(dataSource, outbox, table, statement));
}

function statementsOf(path: string, table: WatchedTable): Statement[] {
  const rules = table.rules.filter((rule) => !followsForeignKeys(rule));
  const inserted = rules.filter(({ insert }) => insert);
  const deleted = rules.filter((rule) => rule.delete);
  const updated = rules.filter((rule) => updatesOf(table, rule).length > 0);
  return [
    {
      event: 'insert',
      when: `AFTER INSERT ON ${path} REFERENCING NEW TABLE AS ${NEW}`,
      selects: inserted.map((rule) => select(rule, 'n', `${NEW} n`)),
      repeats: !areOfOneKeyEach(table.metadata, inserted),
    },
    {
      event: 'update',
      when: `AFTER UPDATE ON ${path} REFERENCING OLD TABLE AS ${OLD} NEW TABLE AS ${NEW}`,
      selects: updated.flatMap((rule) => updateSelects(table, rule)),
      repeats: !areOfOneKeyEach(table.metadata, updated),
    },
    {
      event: 'delete',
      when: `AFTER DELETE ON ${path} REFERENCING OLD TABLE AS ${OLD}`,
      selects: deleted.map((rule) => select(rule, 'o', `${OLD} o`)),
      repeats: !areOfOneKeyEach(table.metadata, deleted),
    },
    {
      // Before: afterwards nothing is left to read.
      event: 'truncate',
      when: `BEFORE TRUNCATE ON ${path}`,
      selects: deleted.map((rule) => select(rule, 't', `${path} t`)),
      repeats: !areOfOneKeyEach(table.metadata, deleted),
    },
  ];
}

function select(rule: MarkRule, alias: string, from: string, ...conditions: string[]): string {
  const { key, joins, notNull } = markSql(rule, alias);
  return `SELECT ${literal(rule.marks)} AS marks, ${key} AS record_key FROM ${from}${joins} WHERE ${[notNull, ...conditions].join(' AND ')}`;
}

/** The new rows that were not there in the same state, and the old ones whose key no row has now. */
function updateSelects(table: WatchedTable, rule: MarkRule): string[] {
  const columns = updatesOf(table, rule);
  const { primaryColumns } = table.metadata;
  if (marksRowsByExactKey(table, rule)) return [pairSelect(primaryColumns, columns, rule)];
  const unchanged = columns === 'any' ? [] : [noneWithSame(primaryColumns, columns, 'n', `${OLD} o`, 'o')];
  return [
    select(rule, 'n', `${NEW} n`, ...unchanged),
    select(rule, 'o', `${OLD} o`, noneWithSame(primaryColumns, linkOf(rule), 'o', `${NEW} n`, 'n')),
  ];
}

/** Types of which two values are equal where their texts are. */
const EXACT_TYPES = ['smallint', 'integer', 'bigint', 'uuid'];

const marksRowsByExactKey = ({ metadata }: WatchedTable, { key, lookup, only }: MarkRule): boolean =>
  lookup.length === 0 &&
  only === null &&
  key.length === metadata.primaryColumns.length &&
  key.every(
    (column) => column.isPrimary && EXACT_TYPES.includes(column.entityMetadata.dataSource.driver.normalizeType(column)),
  );

/** The same for most tables, by one join: a second one takes 2.5 µs a row. */
function pairSelect(
  primaryColumns: readonly ColumnMetadata[],
  columns: readonly ColumnMetadata[] | 'any',
  rule: MarkRule,
): string {
  const [first] = primaryColumns;
  const same = primaryColumns.map((column) => `${columnOf(column, 'o')} = ${columnOf(column, 'n')}`).join(' AND ');
  const lost = `${columnOf(first!, 'n')} IS NULL`;
  const changed =
    columns === 'any'
      ? ''
      : ` WHERE ${lost} OR ${columnOf(first!, 'o')} IS NULL OR ${recordOf(columns, 'o')} OPERATOR(pg_catalog.*<>) ${recordOf(columns, 'n')}`;
  const key = `CASE WHEN ${lost} THEN ${markSql(rule, 'o').key} ELSE ${markSql(rule, 'n').key} END`;
  return `SELECT ${literal(rule.marks)} AS marks, ${key} AS record_key FROM ${OLD} o FULL JOIN ${NEW} n ON ${same}${changed}`;
}

const recordOf = (columns: readonly ColumnMetadata[], alias: string): string =>
  `ROW(${columns.map((column) => columnOf(column, alias)).join(', ')})::record`;

/**
 * Rows are found by the primary key, which can be hashed, and then compared byte by byte (`*=`): `=` knows no json, and
 * takes two texts for one where the type or the collation does not tell letters apart.
 */
function noneWithSame(
  key: readonly ColumnMetadata[],
  columns: readonly ColumnMetadata[],
  row: string,
  from: string,
  other: string,
): string {
  const found = key.map((column) => `${columnOf(column, other)} = ${columnOf(column, row)}`);
  return `NOT EXISTS (SELECT FROM ${from} WHERE ${found.join(' AND ')} AND ${recordOf(columns, other)} OPERATOR(pg_catalog.*=) ${recordOf(columns, row)})`;
}

function triggerOf(
  dataSource: DataSource,
  outbox: EntityMetadata,
  { metadata, rules }: WatchedTable,
  { event, when, selects, repeats }: Statement,
): Trigger {
  const name = triggerName(metadata.tableName, event);
  const escapedName = dataSource.driver.escape(name);
  const routine = `${schemaOf(dataSource, metadata)}.${escapedName}`;
  const marks = selects.join(repeats ? '\nUNION\n' : '\nUNION ALL\n');
  const looksUp = rules.some((rule) => rule.lookup.length > 0 && !followsForeignKeys(rule));
  const settings = settingsOf(dataSource, metadata, event, looksUp);
  const body = bodyOf(dataSource, qualified(dataSource, outbox), marks, looksUp);
  return {
    name,
    table: metadata.tablePath,
    definition: postgresDefinition(event, settings, body),
    up: [
      [
        `CREATE OR REPLACE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql`,
        // Whoever may write the table need not be allowed to write the outbox.
        'SECURITY DEFINER',
        ...Object.entries(settings).map(([setting, value]) => `SET ${setting} = ${value}`),
        `AS $scrypath$${body}$scrypath$`,
      ].join('\n'),
      `DROP TRIGGER IF EXISTS ${escapedName} ON ${qualified(dataSource, metadata)}`,
      `CREATE TRIGGER ${escapedName} ${when}\nFOR EACH STATEMENT EXECUTE FUNCTION ${routine}()`,
    ],
    down: [`DROP FUNCTION IF EXISTS ${routine}() CASCADE`],
  };
}

/** Settings of a function: what they are is part of what it does. */
export type Settings = Readonly<Record<string, string>>;

/** What the catalog is asked for, in the same form; it puts quotes where a name needs them. */
export const postgresDefinition = (event: string, settings: Settings, body: string): string =>
  `${event} ${JSON.stringify(settings).replace(/[\\"]/g, '')}: ${body}`;

function settingsOf(dataSource: DataSource, metadata: EntityMetadata, event: Event, looksUp: boolean): Settings {
  const schemas = ['pg_catalog', ...(looksUp ? [schemaOf(dataSource, metadata)] : []), 'pg_temp'];
  return {
    // Fixed, since the function runs with its owner's rights: objects of others must stay out.
    search_path: schemas.join(', '),
    // A plan is made once a session, for as many rows as its first statement changes: for one row it is a nested loop,
    // which a later statement of 100,000 rows would not finish. Where tables are looked up, EXECUTE makes a new one.
    ...(event === 'update' && !looksUp ? { enable_nestloop: 'off' } : {}),
  };
}

/**
 * The ids of a statement's rows follow each other, so that they go to one place of the primary key: random ones took
 * twice the time. They begin with the time, as a UUID of version 7 does, and 44 bits of each are the statement's own.
 */
function bodyOf(dataSource: DataSource, outbox: string, marks: string, looksUp: boolean): string {
  const [idStart, nowMs] = looksUp ? ['$1', '$2'] : ['id_start', 'now_ms'];
  const insert = `${insertInto(dataSource, outbox)}
SELECT ${idStart} || lpad(to_hex(row_number() OVER ()), 8, '0'), marks, record_key, ${CAUSE}, ${nowMs}
FROM (
${marks}
) AS dirty`;
  return `
DECLARE
  now_ms bigint := ${dialectOf(dataSource).nowMs};
  time_hex text := lpad(to_hex(now_ms), 12, '0');
  random_hex text := md5(gen_random_uuid()::text);
  id_start text := concat_ws('-', left(time_hex, 8), substr(time_hex, 9), '7' || left(random_hex, 3),
    substr(random_hex, 4, 4), substr(random_hex, 8, 4));
BEGIN
${looksUp ? `EXECUTE $insert$${insert}$insert$ USING id_start, now_ms` : insert};
RETURN NULL;
END`;
}

const schemaOf = ({ driver }: DataSource, { schema }: EntityMetadata): string =>
  driver.escape(schema ?? driver.schema ?? 'public');

const qualified = (dataSource: DataSource, metadata: EntityMetadata): string =>
  `${schemaOf(dataSource, metadata)}.${dataSource.driver.escape(metadata.tableName)}`;
