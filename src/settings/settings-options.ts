import { ScrypathError } from '../errors/scrypath-error.js';
import { isPlainObject, kindOf } from '../metadata/given.js';
import { DEFAULT_SETTINGS } from '../metadata/index-settings.js';
import { countFrom, flag, memberProblems, type Shape } from '../metadata/shape.js';
import { settingValues } from './setting-values.js';

const SETTINGS = [...settingValues(DEFAULT_SETTINGS).keys()];
/** Each setting by its path, and each family of several: `typoTolerance`, `typoTolerance.minWordSizeForTypos`. */
const NAMES = new Set(
  SETTINGS.flatMap((path) => path.split('.').map((_, at, parts) => parts.slice(0, at + 1).join('.'))),
);
const isName = (name: unknown) =>
  typeof name === 'string' && (NAMES.has(name) || name === 'embedders' || name.startsWith('embedders.'));

const names: Shape = {
  is: `a list of settings: ${SETTINGS.join(', ')}, embedders.<name>, or a family such as typoTolerance`,
  holds: (value) => Array.isArray(value) && value.every(isName),
};
const signal: Shape = { is: 'an AbortSignal', holds: (value) => value instanceof AbortSignal };

const PLAN = { dropForeign: flag, signal };
const APPLY = { ...PLAN, only: names, reindexInPlace: names, timeoutMs: countFrom(0) };

/** @throws ScrypathError `OPTION_INVALID` naming every option of a settings plan that does not hold */
export const checkPlanOptions = (entity: string, given: unknown): void => check(entity, 'settingsPlan', given, PLAN);

/** @throws ScrypathError `OPTION_INVALID` naming every option of applying settings that does not hold */
export const checkApplyOptions = (entity: string, given: unknown): void => check(entity, 'applySettings', given, APPLY);

function check(entity: string, verb: string, given: unknown, shapes: Readonly<Record<string, Shape>>): void {
  const problems = isPlainObject(given)
    ? memberProblems(given, shapes)
    : [`they are ${kindOf(given)}; they are an object`];
  if (problems.length === 0) return;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `The options of ${verb} for ${entity} do not hold: ${problems.join('; ')}.`,
    remedy: `Known: ${Object.keys(shapes).join(', ')}.`,
    problems,
  });
}
