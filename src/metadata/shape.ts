import { isPlainObject, kindOf } from './given.js';

/** What a value must be, in words, and whether it is. */
export interface Shape {
  readonly is: string;
  readonly holds: (value: unknown) => boolean;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
export const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

export const text: Shape = { is: 'text', holds: isText };
export const texts: Shape = { is: 'a list of texts', holds: isTexts };
export const flag: Shape = { is: 'true or false', holds: (value) => typeof value === 'boolean' };
export const object: Shape = { is: 'an object', holds: isPlainObject };
export const countFrom = (least: number): Shape => ({
  is: least === 0 ? 'a whole number' : `a whole number from ${least}`,
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= least,
});
export const oneOf = (values: readonly string[]): Shape => ({
  is: `one of ${values.join(', ')}`,
  holds: (value) => values.includes(value as string),
});
export const orNull = (shape: Shape): Shape => ({
  is: `${shape.is} or null`,
  holds: (value) => value === null || shape.holds(value),
});

/** What is wrong with the members of an object: those that are not known, and values that are no such thing. */
export function memberProblems(
  given: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, Shape>>,
  at = '',
): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) return [`${at}${name} is no option; known: ${Object.keys(shapes).join(', ')}`];
    return value === undefined || shape.holds(value) ? [] : [`${at}${name} is ${kindOf(value)}; it takes ${shape.is}`];
  });
}
