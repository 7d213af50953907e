import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/**
 * What the values of a field are, as far as the column's type tells.
 * - `date`: points in time; epoch milliseconds in a document.
 * - `calendar`: days without a time, as `YYYY-MM-DD`.
 * - `exact`: integers and decimals beyond a double's precision; text in a document, compared by value.
 * - `open`: whatever the value itself is.
 */
export type ValueKind = 'string' | 'number' | 'boolean' | 'date' | 'calendar' | 'exact' | 'json' | 'open';

const KINDS: Readonly<Record<Exclude<ValueKind, 'open'>, readonly string[]>> = {
  string: [
    ...['varchar', 'character varying', 'varying character', 'char', 'character', 'native character', 'nvarchar'],
    ...['nchar', 'text', 'tinytext', 'mediumtext', 'longtext', 'clob', 'citext', 'uuid', 'time', 'timetz', 'inet'],
    ...['time with time zone', 'time without time zone', 'interval', 'cidr', 'macaddr', 'simple-array', 'set', 'xml'],
  ],
  number: [
    ...['int', 'integer', 'int2', 'int4', 'smallint', 'tinyint', 'mediumint', 'year', 'float', 'float4', 'float8'],
    ...['double', 'double precision', 'real'],
  ],
  boolean: ['boolean', 'bool'],
  date: [
    ...['datetime', 'datetime2', 'timestamp', 'timestamptz', 'timestamp with time zone'],
    ...['timestamp without time zone', 'timestamp with local time zone'],
  ],
  calendar: ['date'],
  exact: ['bigint', 'int8', 'unsigned big int', 'decimal', 'numeric', 'dec', 'fixed', 'number'],
  json: ['json', 'jsonb', 'simple-json'],
};
const kindOfType = new Map(
  Object.entries(KINDS).flatMap(([kind, types]) => types.map((type) => [type, kind as ValueKind] as const)),
);
const kindOfConstructor = new Map<unknown, ValueKind>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Date, 'date'],
  [BigInt, 'exact'],
]);

/** The kind of what the database holds in the column, before a transformer. */
export const storedKindOf = (column: ColumnMetadata): ValueKind =>
  kindOfConstructor.get(column.type) ?? kindOfType.get(String(column.type)) ?? 'open';

/** The kind of a column's values (of its elements, where it is an array), from TypeORM's metadata alone. */
export function valueKindOf(column: ColumnMetadata): ValueKind {
  const kind = storedKindOf(column);
  // What a transformer makes of a value, only the value tells; its order in the database stays the order of the column.
  return column.transformer === undefined || kind === 'exact' ? kind : 'open';
}

export const isArrayColumn = (column: ColumnMetadata): boolean =>
  column.isArray || column.type === 'simple-array' || column.type === 'set';
