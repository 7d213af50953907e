import type { Backend } from '../backend/backend.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import { shown } from './same-setting.js';
import { settingsWith, settingValues } from './setting-values.js';

/**
 * The settings that an index has, as a report may show them: without keys, and without what headers say.
 * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`
 */
export async function readSettings(
  backend: Backend,
  index: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Required<IndexSettings>> {
  const live = settingValues(await backend.indexes.settings(index, { signal }));
  const values = [...live].map(([setting, value]) => [setting, shown(setting, value)] as const);
  return Object.freeze({ embedders: {}, ...settingsWith(values) }) as Required<IndexSettings>;
}
