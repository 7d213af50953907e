import type { JsonObject, JsonValue } from '../document/json.js';
import { isWithin } from './field-paths.js';

/**
 * The part of a document that is displayed: what lies on the way to a displayed field stays, unless it is the member of an
 * object that leads to none. `a.b` displays `b` inside of `a`, through arrays too.
 */
export function displayedFields(data: JsonObject, fields: ReadonlySet<string>): JsonObject {
  const names = [...fields];
  const kept = Object.entries(data).filter(([name]) => names.some((field) => isWithin(field, name)));
  return Object.fromEntries(kept.map(([name, value]) => [name, displayedInside(name, value, names)]));
}

function displayedInside(path: string, value: JsonValue, fields: readonly string[]): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((inner) => displayedInside(path, inner, fields));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value as JsonObject).flatMap(([name, inner]): [string, JsonValue][] => {
    const innerPath = `${path}.${name}`;
    const isKept = fields.some((field) => isWithin(field, innerPath) || isWithin(innerPath, field));
    return isKept ? [[name, displayedInside(innerPath, inner, fields)]] : [];
  });
  return Object.fromEntries(members);
}

/** The part of a document that fields select, for marks: stricter than what is displayed, as in the reference. */
export function selectedFields(object: JsonObject, fields: ReadonlySet<string>): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(object)) {
    const whole = fields.has(name);
    const inside = whole && !name.includes('.') ? [] : fieldsInside(name, fields);
    if (inside.length === 0) {
      if (whole) entries.push([name, value]);
    } else if (typeof value === 'object' && value !== null)
      entries.push([name, selectedInside(value, new Set(inside))]);
  }
  return Object.fromEntries(entries);
}

const fieldsInside = (name: string, fields: ReadonlySet<string>): string[] =>
  [...fields].filter((field) => field.startsWith(`${name}.`)).map((field) => field.slice(name.length + 1));

/** An object or an array that is not selected as a whole stays, empty if need be; scalars beside what is selected go. */
function selectedInside(value: JsonValue, fields: ReadonlySet<string>): JsonValue {
  if (!Array.isArray(value)) return selectedFields(value as JsonObject, fields);
  return (value as readonly JsonValue[]).flatMap((element) => {
    if (typeof element !== 'object' || element === null) return [];
    const inside = selectedInside(element, fields);
    return Array.isArray(element) || Object.keys(inside as JsonObject).length > 0 ? [inside] : [];
  });
}
