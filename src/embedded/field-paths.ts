import type { JsonObject, JsonValue } from '../document/json.js';

/** Whether `field` is `pattern` or lies inside it: `a.b` is within `a`. */
export const isWithin = (field: string, pattern: string): boolean =>
  field.startsWith(pattern) && (field.length === pattern.length || field[pattern.length] === '.');

/** Whether a list of declared fields covers `field`. */
export const isDeclared = (field: string, declared: Iterable<string>): boolean => {
  for (const pattern of declared) if (isWithin(field, pattern)) return true;
  return false;
};

/** What one field path leads to; `inArray` for an element of an array. */
export type LeafVisitor = (path: string, value: JsonValue, inArray: boolean) => void;

/**
 * Visits every value of a document with its dotted path, parents before what is in them. The elements of an array have
 * the path of the array, so `a.b` reaches into arrays of objects. An object or an array is visited itself too.
 */
export function visitValues(data: JsonObject, visit: LeafVisitor): void {
  for (const name of Object.keys(data)) visitValue(name, data[name]!, visit);
}

function visitValue(path: string, value: JsonValue, visit: LeafVisitor): void {
  visit(path, value, false);
  visitInside(path, value, visit);
}

function visitInside(path: string, value: JsonValue, visit: LeafVisitor): void {
  if (Array.isArray(value)) visitElements(path, value, visit);
  else if (typeof value === 'object' && value !== null) {
    const object = value as JsonObject;
    for (const name of Object.keys(object)) visitValue(`${path}.${name}`, object[name]!, visit);
  }
}

function visitElements(path: string, values: readonly JsonValue[], visit: LeafVisitor): void {
  for (const value of values) {
    if (typeof value === 'object' && value !== null) visitInside(path, value, visit);
    else visit(path, value, true);
  }
}
