import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers.js';
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
  /** The primary key of a document key, as an object that TypeORM's find methods take. Throws `KEY_INVALID`. */
  idMap(key: DocumentKey): ObjectLiteral;
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
    const text = textOf(stored);
    if (text === null || (isNumeric(column) && !isExactNumber(stored))) {
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `The primary key ${column.propertyPath} of ${entity.name} has a value that is no key.`,
        remedy: 'Give the value that TypeORM reads for it: a number within 2^53, a string, a bigint, a Date or bytes.',
      });
    }
    return foldsUuids && column.type === 'uuid' ? text.toLowerCase() : text;
  };
  const encode = (read: (column: ColumnMetadata) => unknown): DocumentKey =>
    encodeKey(columns.map((column) => partOf(column, read(column))));

  return Object.freeze<RecordKey>({
    fields: Object.freeze(fields),
    of: (record) => encode((column) => column.getEntityValue(record)),
    from: (primaryKey) => {
      if (isIdMap(primaryKey)) return encode((column) => column.getEntityValue(primaryKey));
      if (columns.length > 1)
        throw new ScrypathError({
          code: 'KEY_MISSING',
          entity: entity.name,
          happened: `The primary key of ${entity.name} has ${columns.length} fields and one value was given.`,
          remedy: `Give an object of ${fields.join(', ')}.`,
        });
      return encode(() => primaryKey);
    },
    idMap: (key) => {
      const parts = decodeKey(key);
      if (parts.length !== columns.length)
        throw new ScrypathError({
          code: 'KEY_INVALID',
          entity: entity.name,
          happened: `A key with ${parts.length} parts was given for ${entity.name}, whose primary key has ${columns.length}.`,
        });
      const idMap: ObjectLiteral = {};
      columns.forEach((column, at) => {
        column.setEntityValue(idMap, propertyValueOf(column, parts[at]!));
      });
      return idMap;
    },
  });
}

const isNumeric = (column: ColumnMetadata) => ['number', 'exact'].includes(valueKindOf(column));

// A number that a double does not hold exactly would name another row.
const isExactNumber = (value: unknown) =>
  typeof value === 'number'
    ? Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
    : typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));

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

const isIdMap = (value: unknown): value is ObjectLiteral =>
  typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);
