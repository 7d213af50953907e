import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { decodeKey, encodeKey } from '../document/key-encoding.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type KeyColumn, keyColumnOf } from './key-column.js';

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
  const columns = entity.primaryColumns.map(keyColumnOf);
  const fields = entity.primaryColumns.map((column) => column.propertyPath);
  const [first] = entity.primaryColumns;
  const single = columns.length === 1 && !first!.embeddedMetadata && !first!.isVirtual ? first! : null;

  const partOf = ({ column, text: textOf }: KeyColumn, value: unknown): string => {
    const text = value === undefined || value === null ? undefined : textOf(value);
    if (text === undefined) {
      throw new ScrypathError({
        code: 'KEY_MISSING',
        entity: entity.name,
        happened: `A ${entity.name} was given without a value for its primary key ${column.propertyPath}.`,
        remedy: 'Give a saved record, or its key; remove() strips the key from an entity, so keep the key beforehand.',
      });
    }
    if (text === null) {
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `The primary key ${column.propertyPath} of ${entity.name} has a value that is no key.`,
        remedy: 'Give the value that TypeORM reads for it: a number within 2^53, a string, a bigint, a Date or bytes.',
      });
    }
    return text;
  };
  const idMapOf = (key: DocumentKey): ObjectLiteral => {
    const parts = decodeKey(key);
    if (parts.length !== columns.length || !columns.every(({ canHold }, at) => canHold(parts[at]!)))
      throw new ScrypathError({
        code: 'KEY_INVALID',
        entity: entity.name,
        happened: `A document key was given that no ${entity.name} can have.`,
        remedy: `Its primary key is made of ${fields.join(', ')}.`,
      });
    if (single !== null) return { [single.propertyName]: columns[0]!.value(parts[0]!) };
    return columns.reduce<ObjectLiteral>(
      (map, { column, value }, at) => mergeDeep(map, nested(column, value(parts[at]!))),
      {},
    );
  };
  const encode = (read: (column: ColumnMetadata) => unknown): DocumentKey =>
    encodeKey(columns.map((one) => partOf(one, read(one.column))));

  return Object.freeze<RecordKey>({
    fields: Object.freeze(fields),
    of: (record) => encode((column) => column.getEntityValue(record)),
    from: (primaryKey) => {
      if (isIdMap(entity.primaryColumns, primaryKey)) return encode((column) => column.getEntityValue(primaryKey));
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

/** The object that has the value where the column's property path says; a key that
 * is a relation itself has it one level below. */
function nested(column: ColumnMetadata, value: unknown): ObjectLiteral {
  const inside = column.isVirtual && column.referencedColumn ? nested(column.referencedColumn, value) : value;
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

/** Whether the value is a record or an object of key fields, and not itself the value of the one key field. */
function isIdMap(columns: readonly ColumnMetadata[], value: unknown): value is ObjectLiteral {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return false;
  const [column] = columns;
  return columns.length > 1 || column?.transformer === undefined || column.propertyPath.split('.')[0]! in value;
}
