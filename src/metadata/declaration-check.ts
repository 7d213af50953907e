import type { FieldRoles, SearchableOptions } from './declaration.js';
import type { FanOutOptions } from './fan-out-hook.js';
import { isPlainObject, kindOf } from './given.js';
import { SYNC_MODES } from './sync-mode.js';

/** What a value must be, in words, and whether it is. */
interface Shape {
  readonly is: string;
  readonly holds: (value: unknown) => boolean;
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'string');
const text: Shape = { is: 'text', holds: isText };
const texts: Shape = { is: 'a list of texts', holds: isTexts };
const flag: Shape = { is: 'true or false', holds: (value) => typeof value === 'boolean' };
const count: Shape = { is: 'a whole number', holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0 };
const object: Shape = { is: 'an object', holds: isPlainObject };

const OPTIONS: Readonly<Record<keyof SearchableOptions, Shape>> = {
  index: text,
  // The empty prefix is none, whatever that of the instance is.
  prefix: { is: 'text', holds: (value) => typeof value === 'string' },
  mode: { is: `one of ${SYNC_MODES.join(', ')}`, holds: (value) => SYNC_MODES.includes(value as never) },
  when: { is: 'a function of a record', holds: (value) => typeof value === 'function' },
  relations: { is: 'a list of relation paths', holds: isTexts },
  dependsOn: { is: 'a list of property paths', holds: isTexts },
  fanOut: { is: 'a list of objects', holds: (value) => Array.isArray(value) && value.every(isPlainObject) },
  version: { is: 'a whole number from 1', holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1 },
  settings: object,
};
const FAN_OUT: Readonly<Record<keyof FanOutOptions, Shape>> = {
  from: {
    is: 'the name of an entity or a function that returns the entity',
    holds: (value) => isText(value) || typeof value === 'function',
  },
  columns: texts,
  keys: { is: 'a function of primary keys', holds: (value) => typeof value === 'function' },
};
const SETTINGS: Readonly<Record<keyof NonNullable<SearchableOptions['settings']>, Shape>> = {
  rankingRules: texts,
  stopWords: texts,
  synonyms: {
    is: 'an object of lists of texts',
    holds: (value) => isPlainObject(value) && Object.values(value).every(isTexts),
  },
  distinctAttribute: { is: 'a field or null', holds: (value) => value === null || isText(value) },
  typoTolerance: object,
  faceting: object,
  pagination: object,
};
const PARTS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  typoTolerance: {
    enabled: flag,
    minWordSizeForTypos: object,
    disableOnWords: texts,
    disableOnAttributes: texts,
    disableOnNumbers: flag,
  },
  'typoTolerance.minWordSizeForTypos': { oneTypo: count, twoTypos: count },
  faceting: { maxValuesPerFacet: count },
  pagination: { maxTotalHits: count },
};
const ROLES: Readonly<Record<keyof FieldRoles, Shape>> = {
  searchable: flag,
  filterable: { is: 'true, false or { facet }', holds: (value) => typeof value === 'boolean' || isPlainObject(value) },
  sortable: flag,
};
export const FILTERABLE_OPTIONS: Readonly<Record<string, Shape>> = { facet: flag };

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

/** The options of an index that hold, and what is wrong with the others. */
export function checkOptions(given: SearchableOptions | null): {
  readonly options: SearchableOptions;
  readonly problems: readonly string[];
} {
  const options = { ...given } as Record<string, unknown>;
  const problems = memberProblems(options, OPTIONS);
  const shapes: Readonly<Record<string, Shape>> = OPTIONS;
  for (const [name, value] of Object.entries(options)) if (!shapes[name]?.holds(value)) delete options[name];
  const { settings } = options;
  if (isPlainObject(settings)) {
    const wrong = settingsProblems(settings);
    problems.push(...wrong);
    if (wrong.length > 0) delete options.settings;
  }
  const { fanOut } = options;
  if (Array.isArray(fanOut)) {
    const wrong = fanOut.flatMap(fanOutProblems);
    problems.push(...wrong);
    if (wrong.length > 0) delete options.fanOut;
  }
  return { options, problems };
}

function fanOutProblems(given: Readonly<Record<string, unknown>>, place: number): string[] {
  const at = `fanOut[${place}].`;
  const missing = (['from', 'keys'] as const).filter((name) => given[name] === undefined);
  return [
    ...memberProblems(given, FAN_OUT, at),
    ...missing.map((name) => `${at}${name} is missing; it takes ${FAN_OUT[name].is}`),
  ];
}

function settingsProblems(settings: Readonly<Record<string, unknown>>): string[] {
  const problems = memberProblems(settings, SETTINGS, 'settings.');
  for (const [path, shapes] of Object.entries(PARTS)) {
    const part = path.split('.').reduce<unknown>((at, name) => (isPlainObject(at) ? at[name] : undefined), settings);
    if (isPlainObject(part)) problems.push(...memberProblems(part, shapes, `settings.${path}.`));
  }
  return problems;
}

/** What is wrong with a table of roles, such as `describe` takes. */
export function rolesProblems(fields: unknown, at: string): string[] {
  if (!isPlainObject(fields)) return [`${at} is ${kindOf(fields)}; it takes an object of fields and their roles`];
  return Object.entries(fields).flatMap(([path, roles]) => {
    if (roles === undefined) return [];
    if (!isPlainObject(roles))
      return [`${at}.${path} is ${kindOf(roles)}; it takes { ${Object.keys(ROLES).join(', ')} }`];
    const { filterable } = roles;
    return [
      ...memberProblems(roles, ROLES, `${at}.${path}.`),
      ...(isPlainObject(filterable) ? memberProblems(filterable, FILTERABLE_OPTIONS, `${at}.${path}.filterable.`) : []),
    ];
  });
}
