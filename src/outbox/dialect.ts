import type { DataSource } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { COUNT_DIGITS, newRun } from './mark-id.js';

/** What the outbox needs to know of a database's SQL. Columns and parameters are given as SQL. */
export interface Dialect {
  readonly family: 'postgres' | 'mysql' | 'sqlite';
  /** Milliseconds since 1970 on the database's clock, at the statement or later; never the start of the transaction. */
  readonly nowMs: string;
  /** A new UUID as text of 36 characters, another for each row. */
  readonly newId: string;
  /**
   * The id of each row of one SELECT, under a token given as SQL: rows that are inserted together lie side by side in the
   * primary key, which halves the time of a large insert. The text is for one statement: made again, it counts anew.
   */
  idWith(token: string): string;
  /** A condition: the value is in a list that is one parameter, prepared by {@link Dialect.list}. */
  isIn(column: string, parameter: string): string;
  /** A list of texts or whole numbers as the one parameter of {@link Dialect.isIn}. */
  list(values: readonly (string | number)[]): unknown;
  /** Stands after a SELECT: lock its rows, pass over those that others hold. Empty where there are no row locks. */
  readonly skipLocked: string;
  /** Text of a value of any type; of text the value itself, blanks at the end included. */
  text(column: string): string;
  concat(texts: readonly string[]): string;
  /** A backslash; written as a literal it would depend on the session's mode. */
  readonly backslash: string;
  /** The shard of a row, 0 to `shards` - 1. Its values are stored: never change it. */
  shard(shards: number): string;
  /** Stands after an INSERT into the table of shards: rows that are there stay as they are. */
  readonly keepExisting: string;
}

const postgres: Dialect = {
  family: 'postgres',
  // The cast rounds.
  nowMs: "(date_part('epoch', clock_timestamp()) * 1000)::bigint",
  newId: 'gen_random_uuid()::text',
  idWith: (token) => `${token} || '${newRun()}' || lpad(to_hex(row_number() over ()), ${COUNT_DIGITS}, '0')`,
  isIn: (column, parameter) => `${column} = ANY(${parameter})`,
  list: (values) => values,
  skipLocked: ' FOR UPDATE SKIP LOCKED',
  // A cast to text would drop the blanks that a char(n) returns.
  text: (column) => `concat(${column})`,
  concat: (texts) => texts.join(' || '),
  backslash: 'chr(92)',
  // Seven digits: 28 bits are never negative as an integer.
  shard: (shards) => `('x' || substr(md5("entity" || "record_key"), 1, 7))::bit(28)::integer % ${shards}`,
  keepExisting: ' ON CONFLICT DO NOTHING',
};

const mysql: Dialect = {
  family: 'mysql',
  // UNIX_TIMESTAMP() goes through the session's time zone, and is an hour off where a clock is set back.
  nowMs: "timestampdiff(MICROSECOND,'1970-01-01',utc_timestamp(3)) DIV 1000",
  newId: 'uuid()',
  idWith: (token) => `concat(${token}, '${newRun()}', lpad(lower(hex(row_number() over ())), ${COUNT_DIGITS}, '0'))`,
  // The driver writes a list as its elements; one that is empty stands for null, which nothing equals.
  isIn: (column, parameter) => `${column} IN (${parameter})`,
  list: (values) => (values.length === 0 ? [null] : values),
  skipLocked: ' FOR UPDATE SKIP LOCKED',
  // An explicit collation: columns of different ones cannot stand in one expression.
  text: (column) => `convert(${column} using utf8mb4) collate utf8mb4_bin`,
  concat: (texts) => `concat(${texts.join(', ')})`,
  backslash: 'char(92 using utf8mb4)',
  shard: (shards) => `crc32(concat(\`entity\`, \`record_key\`)) % ${shards}`,
  keepExisting: ' ON DUPLICATE KEY UPDATE `shard` = `shard`',
};

const sqlite: Dialect = {
  family: 'sqlite',
  nowMs: "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)",
  newId: [
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'",
    "substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
  ].join(' || '),
  idWith: (token) => `${token} || '${newRun()}' || printf('%0${COUNT_DIGITS}x', row_number() over ())`,
  isIn: (column, parameter) => `${column} IN (SELECT value FROM json_each(${parameter}))`,
  list: (values) => JSON.stringify(values),
  skipLocked: '',
  text: (column) => `CAST(${column} AS TEXT)`,
  concat: (texts) => texts.join(' || '),
  backslash: 'char(92)',
  shard: (shards) => `(${sqliteHash()}) % 2147483647 % ${shards}`,
  keepExisting: ' ON CONFLICT DO NOTHING',
};

/**
 * SQLite has no hash function, and a generated column takes no subquery: the sum of characters, each times a weight of its
 * own, from the end (numbers, UUIDs), the start and the middle (composite keys). The sum stays far below 2^63.
 */
function sqliteHash(): string {
  const key = '"record_key"';
  const places = [
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((place) => `-${place}`),
    ...[1, 3, 4, 5, 6, 7, 8, 9].map(String),
    ...[-3, -2, -1, 0, 1, 2, 3].map((place) => `length(${key}) / 2 + ${place}`),
  ];
  const weights = [
    1946771, 2654435, 805459861, 73856093, 19349663, 83492791, 49979687, 15485863, 32452843, 67867967, 86028121,
    122949823, 141650939, 160481183, 179424673, 198491317, 217645177, 236887691, 256203161, 275604541, 295075147,
    314606869, 334214459,
  ];
  const characters = places.map((place, at) => `ifnull(unicode(substr(${key}, ${place}, 1)), 0) * ${weights[at]}`);
  return [...characters, `length(${key}) * 353868013`, 'ifnull(unicode("entity"), 0) * 373587883'].join(' + ');
}

/**
 * The SQL of a DataSource's database.
 * @throws ScrypathError `OPTION_INVALID` where the outbox does not work on it
 */
export function dialectOf(dataSource: DataSource): Dialect {
  const { type } = dataSource.options;
  switch (type) {
    case 'postgres':
      return postgres;
    case 'mysql':
    case 'mariadb':
      return mysql;
    case 'better-sqlite3':
      return sqlite;
    default:
      throw new ScrypathError({
        code: 'OPTION_INVALID',
        happened: `The outbox does not work on a DataSource of type "${type}".`,
        remedy: 'It works on postgres, mysql, mariadb and better-sqlite3 (its driver may be another package).',
      });
  }
}

/** `count` placeholders of a statement, numbered from `from` where the driver numbers them. */
export const placeholders = (dataSource: DataSource, count: number, from = 0): string =>
  Array.from({ length: count }, (_, at) => dataSource.driver.createParameter(`p${from + at}`, from + at)).join(', ');
