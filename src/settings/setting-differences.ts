import type { IndexSettings } from '../metadata/index-settings.js';
import { sameSetting, shown } from './same-setting.js';
import { type SettingName, settingValues } from './setting-values.js';

/** A setting that an index has otherwise than it was told. Keys of embedders are not in it. */
export interface SettingDifference {
  readonly setting: SettingName;
  readonly declared: unknown;
  readonly live: unknown;
}

/** Declared settings that the live ones do not have. What is not declared is not compared. */
export function settingDifferences(declared: IndexSettings, live: IndexSettings): readonly SettingDifference[] {
  const found = settingValues(live);
  const differences = [...settingValues(declared)]
    .filter(([setting, value]) => !sameSetting(setting, value, found.get(setting)))
    .map(([setting, value]) =>
      Object.freeze({ setting, declared: shown(setting, value), live: shown(setting, found.get(setting)) }),
    );
  return Object.freeze(differences);
}
