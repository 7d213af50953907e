import { calendarDay } from '../document/calendar-day.js';
import type { JsonValue } from '../document/json.js';
import { isThenable } from '../metadata/given.js';
import type { ValueKind } from '../metadata/value-kind.js';

const MAX_DEPTH = 64;

/**
 * The JSON form of any value: dates as epoch milliseconds, bigints as text, bytes as base64, lone surrogates replaced,
 * numbers without a JSON form as null. Functions and undefined members are left out. Frozen.
 * @throws RangeError where it nests deeper than 64, as an object that leads back to itself does
 * @throws TypeError where something in it is a promise, whose value is not there yet
 */
export function toJson(value: unknown, depth = 0): JsonValue {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed();
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : objectToJson(value, depth);
    default:
      return null;
  }
}

function objectToJson(value: object, depth: number): JsonValue {
  if (depth > MAX_DEPTH) throw new RangeError(`nests deeper than ${MAX_DEPTH}`);
  if (isThenable(value)) {
    // Refused here; whether it rejects is nobody's business any more.
    value.then(undefined, () => undefined);
    throw new TypeError('a promise has no JSON form; await it first');
  }
  if (value instanceof Date) return toJson(value.getTime());
  if (Array.isArray(value)) return Object.freeze(value.map((element) => toJson(element, depth + 1)));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Set) return objectToJson([...value], depth);
  if (value instanceof Map) return objectToJson(Object.fromEntries(value), depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') return toJson(value.toJSON(), depth + 1);
  const json: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || typeof member === 'function') continue;
    // Assigning "__proto__" would set the prototype and lose the member.
    if (name === '__proto__') Object.defineProperty(json, name, { value: toJson(member, depth + 1), enumerable: true });
    else json[name] = toJson(member, depth + 1);
  }
  return Object.freeze(json);
}

/**
 * The JSON form of a column's value, the same for a record just assigned as for one read back: a string column's number
 * becomes text, a date column's text becomes epoch milliseconds.
 */
export function columnValueToJson(value: unknown, kind: ValueKind, utc = false): JsonValue {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && kind !== 'json' && kind !== 'open')
    return Object.freeze(value.map((element) => columnValueToJson(element, kind, utc)));
  switch (kind) {
    case 'string':
      return typeof value === 'object' ? toJson(value) : toJson(String(value));
    case 'number':
      return typeof value === 'string' && value.trim() !== '' ? toJson(Number(value)) : toJson(value);
    case 'boolean':
      return typeof value === 'number' ? value !== 0 : toJson(value);
    case 'date':
      return typeof value === 'string' ? toJson(new Date(value)) : toJson(value);
    case 'calendar':
      return value instanceof Date ? calendarDay(value, utc) : toJson(value);
    default:
      return toJson(value);
  }
}
