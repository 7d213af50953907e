import type { JsonObject, JsonValue } from '../document/json.js';

/** Whether two values are the same JSON: members in any order, elements of a list in theirs; null is not the same as none. */
export function isSameJson(left: JsonValue, right: JsonValue): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) return areSameLists(left, right);
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every(
    (name) => Object.hasOwn(right, name) && isSameJson((left as JsonObject)[name]!, (right as JsonObject)[name]!),
  );
}

function areSameLists(left: JsonValue, right: JsonValue): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((element: JsonValue, at) => isSameJson(element, right[at] as JsonValue));
}
