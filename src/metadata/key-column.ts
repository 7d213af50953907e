import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers.js';
import { DateUtils } from 'typeorm/util/DateUtils.js';
import { KEY_MAX_BYTES } from '../document/key-encoding.js';
import { storedKindOf, type ValueKind } from './value-kind.js';

/** One column of a primary key, and how its values become parts of a document key and back. */
export interface KeyColumn {
  readonly column: ColumnMetadata;
  /**
   * The part for a property's value, one for one value however it is written: `007` and `1.50` are 7 and 1.5. Null where
   * the value is no key, undefined where it is none at all.
   */
  readonly text: (value: unknown) => string | null | undefined;
  /** Whether the part can be a value of the column at all; a database refuses a whole query for one that cannot. */
  readonly canHold: (part: string) => boolean;
  /** The property's value for a part. */
  readonly value: (part: string) => unknown;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INTEGER = /^-?(0|[1-9]\d*)$/;
const NUMBER = /^-?[\d.]+(e[+-]?\d+)?$/;

/** Looks at the column's type once, not for every key. */
export function keyColumnOf(column: ColumnMetadata): KeyColumn {
  const { transformer } = column;
  const type = String(column.type);
  const kind = storedKindOf(column);
  // There UUIDs are a type, which gives them back in lower case; elsewhere they are text like any other.
  const folds =
    type === 'uuid' && ['postgres', 'cockroachdb', 'mariadb'].includes(column.entityMetadata.dataSource.options.type);
  const isBytes = /binary|blob|bytea/.test(type);
  const stored = storedTextOf(column, kind, type);
  const read = storedValueOf(kind, isBytes);
  const canHold = folds
    ? (part: string) => UUID.test(part)
    : ['number', 'exact', 'date'].includes(kind)
      ? (part: string) => NUMBER.test(part) && Number.isFinite(Number(part))
      : () => true;
  return {
    column,
    text: (value) => {
      const text = stored(transformer ? ApplyValueTransformers.transformTo(transformer, value) : value);
      if (typeof text !== 'string') return text;
      const part = folds ? text.toLowerCase() : text;
      return canHold(part) ? part : null;
    },
    canHold,
    value: transformer ? (part) => ApplyValueTransformers.transformFrom(transformer, read(part)) as unknown : read,
  };
}

function storedTextOf(column: ColumnMetadata, kind: ValueKind, type: string): KeyColumn['text'] {
  if (kind === 'calendar')
    return (value) => textOf(value instanceof Date ? DateUtils.mixedDateToDateString(value) : value);
  if (kind === 'boolean') return (value) => textOf(typeof value === 'number' ? value !== 0 : value);
  if (kind === 'date') return (value) => textOf(typeof value === 'string' ? new Date(value) : value);
  if (kind !== 'number' && kind !== 'exact') return textOf;
  const isInteger = /int|serial|year/i.test(type) || column.type === Number;
  const isFloat = /float|double|real/i.test(type);
  if (isFloat) return (value) => (value === '' ? undefined : floatText(value));
  return (value) => (value === '' ? undefined : numberText(value, isInteger));
}

function floatText(value: unknown): string | null {
  const number = typeof value === 'string' && value.length <= KEY_MAX_BYTES ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? String(number === 0 ? 0 : number) : null;
}

function numberText(value: unknown, isInteger: boolean): string | null {
  if (typeof value === 'number' && Number.isInteger(value)) {
    // A number that a double does not hold exactly would name another row.
    // By toFixed: V8 keeps what String makes of numbers in a cache, where it grows old. Of 1,000,000 rows that was 24 MB.
    return Number.isSafeInteger(value) ? value.toFixed() : null;
  }
  const text = textOf(value);
  if (text === null || text.length > KEY_MAX_BYTES) return null;
  if (INTEGER.test(text)) return text === '-0' ? '0' : text;
  const parts = /^([+-]?)0*(\d*?)(?:\.(\d*?)0*)?$/.exec(text);
  if (parts === null || !/\d/.test(text)) return null;
  const [, sign, integer, fraction = ''] = parts;
  const whole = integer || '0';
  if (fraction !== '' && isInteger) return null;
  const digits = fraction === '' ? whole : `${whole}.${fraction}`;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : String(value.getTime());
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return null;
}

function storedValueOf(kind: ValueKind, isBytes: boolean): (part: string) => unknown {
  if (isBytes) return (part) => Buffer.from(part, 'hex');
  switch (kind) {
    case 'number':
      return Number;
    case 'boolean':
      return (part) => part === 'true';
    case 'date':
      return (part) => new Date(Number(part));
    default:
      return (part) => part;
  }
}
