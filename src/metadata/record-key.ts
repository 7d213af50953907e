import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers.js';
import { DateUtils } from 'typeorm/util/DateUtils.js';
import { decodeKey, encodeKey } from '../document/key-encoding.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { valueKindOf } from './value-kind.js';

/** Translates between a record's primary key, as TypeORM has it, and the document key. */
export interface RecordKey {
  /** Property paths of the primary key, in the order of the entity's columns. */
  readonly fields: readonly string[];
  /** The key of a record. Throws `KEY_MISSING`. */
  of(record: object): DocumentKey;
  /** The key for a primary key: the bare value where there is one field, else an object of the fields. */
  from(primaryKey: unknown): DocumentKey;
  /** The primary key of a document key, as a plain object that TypeORM's find methods take. Throws `KEY_INVALID`. */
  idMap(key: DocumentKey): ObjectLiteral;
  /** As {@link RecordKey.idMap}, or null for a key that no record of the entity can have. */
  tryIdMap(key: DocumentKey): ObjectLiteral | null;
}

/** The key translation of one entity. Values are taken as the database has them, before a column's transformer. */
export function recordKeyOf(entity: EntityMetadata): RecordKey {
  const columns = entity.primaryColumns;
  const fields = columns.map((column) => column.propertyPath);
  const foldsUuids = ['postgres', 'cockroachdb', 'mariadb'].includes(entity.dataSource.options.type);

  const partOf = (column: ColumnMetadata, value: unknown): string => {
    if (value === undefined || value === null || value === '') {
      if (value === '' && !isNumeric(column)) return '';
      throw new ScrypathError({
        code: 'KEY_MISSING',
        entity: entity.name,
        happened: `A ${entity.name} was given without a value for its primary key ${column.propertyPath}.`,
        remedy: 'Give a saved record, or its key; remove() strips the key from an entity, so keep the key beforehand.',
      });
    }
    const stored: unknown = column.transformer ? ApplyValueTransformers.transformTo(column.transformer, value) : value;
    const text = canonicalText(column, stored);
    if (text === null) {
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `The primary key ${column.propertyPath} of ${entity.name} has a value that is no key.`,
        remedy: 'Give the value that TypeORM reads for it: a number within 2^53, a string, a bigint, a Date or bytes.',
      });
    }
    return foldsUuids && column.type === 'uuid' ? text.toLowerCase() : text;
  };
  const idMapOf = (key: DocumentKey): ObjectLiteral => {
    const parts = decodeKey(key);
    if (parts.length !== columns.length || !columns.every((column, at) => canHold(column, parts[at]!)))
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `A document key was given that no ${entity.name} can have.`,
        remedy: `Its primary key is made of ${fields.join(', ')}.`,
      });
    return columns.reduce<ObjectLiteral>(
      (idMap, column, at) => mergeDeep(idMap, nested(column, propertyValueOf(column, parts[at]!))),
      {},
    );
  };
  const encode = (read: (column: ColumnMetadata) => unknown): DocumentKey =>
    encodeKey(columns.map((column) => partOf(column, read(column))));

  return Object.freeze<RecordKey>({
    fields: Object.freeze(fields),
    of: (record) => encode((column) => column.getEntityValue(record)),
    from: (primaryKey) => {
      if (isIdMap(columns, primaryKey)) return encode((column) => column.getEntityValue(primaryKey));
      if (columns.length > 1)
        throw new ScrypathError({
          code: 'KEY_MISSING',
          entity: entity.name,
          happened: `The primary key of ${entity.name} has ${columns.length} fields and one value was given.`,
          remedy: `Give an object of ${fields.join(', ')}.`,
        });
      return encode(() => primaryKey);
    },
    idMap: idMapOf,
    tryIdMap: (key) => {
      try {
        return idMapOf(key);
      } catch {
        return null;
      }
    },
  });
}

/** Whether the part of a key can be a value of the column at all; a database refuses a whole query for one that cannot. */
function canHold(column: ColumnMetadata, part: string): boolean {
  if (column.type === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(part);
  switch (valueKindOf(column)) {
    case 'number':
    case 'exact':
    case 'date':
      return part !== '' && Number.isFinite(Number(part)) && /^-?[\d.]+(e[+-]?\d+)?$/.test(part);
    default:
      return true;
  }
}

/** The object that has the value where the column's property path says; a key that is a relation has it one level below. */
function nested(column: ColumnMetadata, value: unknown): ObjectLiteral {
  const inside = column.relationMetadata && column.referencedColumn ? nested(column.referencedColumn, value) : value;
  return column.propertyPath
    .split('.')
    .reduceRight<unknown>((below, name) => ({ [name]: below }), inside) as ObjectLiteral;
}

/** Both objects' members; plain objects are merged, of anything else that of `over` stands. */
export function mergeDeep(under: ObjectLiteral, over: ObjectLiteral): ObjectLiteral {
  const merged: ObjectLiteral = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const own: unknown = merged[name];
    merged[name] = isPlain(own) && isPlain(value) ? mergeDeep(own, value) : value;
  }
  return merged;
}

const isPlain = (value: unknown): value is ObjectLiteral =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isNumeric = (column: ColumnMetadata) => ['number', 'exact'].includes(valueKindOf(column));

/** One text for one value, however it is written: `007` and `1.50` are 7 and 1.5. Null where the value is no key. */
function canonicalText(column: ColumnMetadata, stored: unknown): string | null {
  if (!isNumeric(column)) {
    const isDay = valueKindOf(column) === 'calendar' && stored instanceof Date;
    return textOf(isDay ? DateUtils.mixedDateToDateString(stored) : stored);
  }
  // A number that a double does not hold exactly would name another row.
  if (typeof stored === 'number' && Number.isInteger(stored) && !Number.isSafeInteger(stored)) return null;
  const parts = /^([+-]?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(textOf(stored) ?? '');
  if (parts === null) return isFloat(column) && Number.isFinite(Number(stored)) ? String(Number(stored)) : null;
  const [, sign, whole = '', fraction = ''] = parts;
  if (fraction !== '' && isInteger(column)) return null;
  const digits = fraction === '' ? whole : `${whole}.${fraction}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

const isInteger = (column: ColumnMetadata) => /int|serial|year/i.test(String(column.type)) || column.type === Number;
const isFloat = (column: ColumnMetadata) => /float|double|real/i.test(String(column.type));

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : String(value.getTime());
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return null;
}

function propertyValueOf(column: ColumnMetadata, part: string): unknown {
  const stored = storedValueOf(column, part);
  return column.transformer ? ApplyValueTransformers.transformFrom(column.transformer, stored) : stored;
}

function storedValueOf(column: ColumnMetadata, part: string): unknown {
  if (/binary|blob|bytea/.test(String(column.type))) return Buffer.from(part, 'hex');
  switch (valueKindOf(column)) {
    case 'number':
      return Number(part);
    case 'boolean':
      return part === 'true';
    case 'date':
      return new Date(Number(part));
    default:
      return part;
  }
}

/** Whether the value is a record or an object of key fields, and not itself the value of the one key field. */
function isIdMap(columns: readonly ColumnMetadata[], value: unknown): value is ObjectLiteral {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return false;
  const [column] = columns;
  return columns.length > 1 || column?.transformer === undefined || column.propertyPath.split('.')[0]! in value;
}
