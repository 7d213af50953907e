/** Whether a caller gave an object of named members: a literal, not a list, a map, a promise or an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  // Another realm (a worker, a test's sandbox) has an Object.prototype of its own.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

/**
 * Whether a caller gave an object that is read by its members: a literal, or an instance of a class of the application's
 * own, such as request parameters. A list, a map, a promise, a date or bytes have no such members and would say nothing.
 */
export function hasMembers(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !(
    Symbol.iterator in value ||
    isThenable(value) ||
    value instanceof Date ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof RegExp ||
    value instanceof Error ||
    ArrayBuffer.isView(value)
  );
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** What a caller gave, in words for a message: its kind, never its value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') {
    if (value instanceof Date) return 'a Date';
    if (isThenable(value)) return 'a promise';
    if (isPlainObject(value)) return 'an object';
    return `an instance of ${(value.constructor as { name?: string } | undefined)?.name || 'a class'}`;
  }
  return `a ${typeof value}`;
}
