import type { Faceting, IndexSettings, TypoTolerance } from '../metadata/index-settings.js';

/** One setting by its path: `stopWords`, `typoTolerance.enabled`, `embedders.default`. */
export type SettingName =
  | Exclude<keyof IndexSettings, 'typoTolerance' | 'faceting' | 'pagination' | 'embedders'>
  | `typoTolerance.${Exclude<keyof TypoTolerance, 'minWordSizeForTypos'>}`
  | `typoTolerance.minWordSizeForTypos.${'oneTypo' | 'twoTypos'}`
  | `faceting.${keyof Faceting}`
  | 'pagination.maxTotalHits'
  | `embedders.${string}`;

export type SettingValues = ReadonlyMap<SettingName, unknown>;

/** Settings whose members are declared, compared and changed one by one; any other is one value. */
const IN_PARTS: readonly string[] = [
  'typoTolerance',
  'typoTolerance.minWordSizeForTypos',
  'faceting',
  'pagination',
  'embedders',
];

/** Settings by path. What is absent or undefined is no setting. */
export function settingValues(settings: IndexSettings): SettingValues {
  const values = new Map<SettingName, unknown>();
  const read = (part: object, at: string) => {
    for (const [name, value] of Object.entries(part) as [string, unknown][]) {
      const path = at + name;
      if (IN_PARTS.includes(path) && typeof value === 'object' && value !== null) read(value, `${path}.`);
      else if (value !== undefined) values.set(path as SettingName, value);
    }
  };
  read(settings, '');
  return values;
}

/** The settings that have these values: what {@link settingValues} took apart. */
export function settingsWith(values: Iterable<readonly [SettingName, unknown]>): IndexSettings {
  const settings: Record<string, unknown> = {};
  for (const [path, value] of values) {
    let part = settings;
    let [name, rest] = headOf(path);
    for (let at = name; rest !== null && IN_PARTS.includes(at); at += `.${name}`) {
      part[name] ??= {};
      part = part[name] as Record<string, unknown>;
      [name, rest] = headOf(rest);
    }
    // The name of an embedder may have a dot of its own.
    part[rest === null ? name : `${name}.${rest}`] = value;
  }
  return settings;
}

function headOf(path: string): [string, string | null] {
  const dot = path.indexOf('.');
  return dot < 0 ? [path, null] : [path.slice(0, dot), path.slice(dot + 1)];
}
