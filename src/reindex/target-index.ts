import type { Backend, IndexInfo } from '../backend/backend.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import { settingDifferences, targetSettings } from '../settings/index-settings-plan.js';
import { shown } from '../settings/same-setting.js';
import { settingsWith, settingValues } from '../settings/setting-values.js';
import { waitForSuccess } from '../sync/deliver.js';
import type { ReindexSite } from './reindex-site.js';

/** A name that no rebuild of the index had before. */
export const targetName = (live: string): string =>
  `${live.slice(0, 360)}_rebuild_${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${crypto.randomUUID().slice(0, 8)}`;

/** Creates an index where it is missing. */
export async function ensureIndex(site: ReindexSite, name: string, signal?: AbortSignal): Promise<IndexInfo> {
  const { backend, metadata, timeoutMs } = site;
  const found = await backend.indexes.get(name, { signal });
  if (found !== null) return found;
  await waitForSuccess(backend, [await backend.indexes.create(name, { signal })], timeoutMs, metadata.entity, signal);
  return (await backend.indexes.get(name, { signal }))!;
}

/**
 * Gives an empty target its settings, and reads them back.
 * @param given settings beside the declared ones
 * @returns the settings it was given, as a report may show them: without keys of embedders
 * @throws ScrypathError `SETTINGS_UNREADABLE` where a setting of the live index cannot be carried over
 * @throws ScrypathError `REBUILD_DIFFERS` where the engine has others than it was given
 */
export async function settleSettings(
  site: ReindexSite,
  { live, target }: { readonly live: string; readonly target: string },
  { given, dropForeign }: { readonly given: IndexSettings; readonly dropForeign: boolean },
  signal?: AbortSignal,
): Promise<IndexSettings> {
  const { backend, metadata, timeoutMs } = site;
  const declared = settingsWith([...settingValues(metadata.settings), ...settingValues(given)]);
  const settings = targetSettings(declared, await backend.indexes.settings(live, { signal }), { dropForeign });
  const task = await backend.indexes.apply(target, settings, { signal });
  await waitForSuccess(backend, [task], timeoutMs, metadata.entity, signal);
  const differences = settingDifferences(settings, await backend.indexes.settings(target, { signal }));
  if (differences.length === 0)
    return settingsWith([...settingValues(settings)].map(([name, value]) => [name, shown(name, value)]));
  throw new ScrypathError({
    code: 'REBUILD_DIFFERS',
    entity: metadata.entity,
    index: target,
    happened: `The engine has other settings on "${target}" than it was given: ${differences.map(({ setting }) => setting).join(', ')}.`,
    remedy: 'Nothing was sent to it. Abandon the rebuild, say these settings as the engine says them, and begin anew.',
  });
}

/** Whether the index takes documents of ours. */
export const takesDocuments = ({ primaryKey }: IndexInfo): boolean =>
  primaryKey === null || primaryKey === KEY_ATTRIBUTE;

/** Drops an index; one that is gone already is as good. */
export async function dropIndex(backend: Backend, name: string, timeoutMs: number, entity: string): Promise<void> {
  if ((await backend.indexes.get(name)) === null) return;
  const task = await backend.indexes.drop(name);
  const [outcome] = await backend.outcomes([task], { waitMs: timeoutMs });
  if (outcome?.error?.code === 'index_not_found') return;
  await waitForSuccess(backend, [task], timeoutMs, entity);
}
