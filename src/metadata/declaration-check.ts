import type { FieldRoles, SearchableOptions } from './declaration.js';
import { settingsProblems } from './extra-settings.js';
import type { FanOutOptions } from './fan-out-hook.js';
import { isPlainObject, kindOf } from './given.js';
import { countFrom, flag, isText, isTexts, memberProblems, object, oneOf, type Shape, text, texts } from './shape.js';
import { SYNC_MODES } from './sync-mode.js';

const OPTIONS: Readonly<Record<keyof SearchableOptions, Shape>> = {
  index: text,
  // The empty prefix is none, whatever that of the instance is.
  prefix: { is: 'text', holds: (value) => typeof value === 'string' },
  mode: oneOf(SYNC_MODES),
  when: { is: 'a function of a record', holds: (value) => typeof value === 'function' },
  relations: { is: 'a list of relation paths', holds: isTexts },
  dependsOn: { is: 'a list of property paths', holds: isTexts },
  fanOut: { is: 'a list of objects', holds: (value) => Array.isArray(value) && value.every(isPlainObject) },
  version: countFrom(1),
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
const ROLES: Readonly<Record<keyof FieldRoles, Shape>> = {
  searchable: flag,
  filterable: {
    is: 'true, false or { facet, comparison }',
    holds: (value) => typeof value === 'boolean' || isPlainObject(value),
  },
  sortable: flag,
};
export const FILTERABLE_OPTIONS: Readonly<Record<string, Shape>> = { facet: flag, comparison: flag };

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
