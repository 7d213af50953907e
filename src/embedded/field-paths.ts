import type { JsonObject, JsonValue } from '../document/json.js';

/** Whether `field` is `pattern` or lies inside it: `a.b` is within `a`. */
export const isWithin = (field: string, pattern: string): boolean =>
  field.startsWith(pattern) && (field.length === pattern.length || field[pattern.length] === '.');

/** Whether a list of declared fields covers `field`. */
export const isDeclared = (field: string, declared: Iterable<string>): boolean => {
  for (const pattern of declared) if (isWithin(field, pattern)) return true;
  return false;
};

/** Told of a value and its path; `inArray` for an element of an array. */
export type ValueVisitor = (path: string, value: JsonValue, inArray: boolean) => void;

/**
 * Visits every value of a document with its dotted path, and in the order in which, the reference engine does: what is in a
 * top-level field before the field itself as a whole (told to `visitWhole`), any other value before what is in it, and what
 * is empty once more. The elements of an array have the path of the array, so `a.b` reaches into arrays of objects.
 */
export function visitValues(data: JsonObject, visit: ValueVisitor, visitWhole: ValueVisitor | null): void {
  for (const name of Object.keys(data)) {
    const value = data[name]!;
    if (typeof value !== 'object' || value === null) visit(name, value, false);
    else {
      visitInside(name, value, visit);
      visitWhole?.(name, value, false);
    }
  }
}

function visitInside(path: string, value: JsonValue, visit: ValueVisitor): void {
  if (Array.isArray(value)) visitElements(path, value, visit);
  else if (typeof value === 'object' && value !== null) visitMembers(path, value as JsonObject, visit);
}

function visitMembers(path: string, object: JsonObject, visit: ValueVisitor): void {
  const names = Object.keys(object);
  if (names.length === 0) visit(path, object, true);
  for (const name of names) {
    const inner = `${path}.${name}`;
    visit(inner, object[name]!, false);
    visitInside(inner, object[name]!, visit);
  }
}

function visitElements(path: string, values: readonly JsonValue[], visit: ValueVisitor): void {
  if (values.length === 0) visit(path, values, true);
  for (const value of values) {
    if (typeof value === 'object' && value !== null) visitInside(path, value, visit);
    else visit(path, value, true);
  }
}
