import assert from 'node:assert/strict';

/**
 * Fails where two values differ as JSON: a member that is undefined counts as absent, and a list or an object as such
 * wherever it was made (test frameworks run in a realm of their own, with another `Array`).
 */
export function assertEqualJson(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(asJson(actual), asJson(expected), message);
}

export const asJson = (value: unknown): unknown => {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
};
