import type { Backend } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import { waitForSuccess } from '../backend/wait-for-success.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { defaultOf, isCovered, isDefault, sameSetting, shown } from './same-setting.js';
import { COSTS, type Cost, changeOf } from './setting-cost.js';
import { type SettingName, settingsWith, settingValues } from './setting-values.js';

export { type SettingDifference, settingDifferences } from './setting-differences.js';

export interface SettingsPlanOptions {
  /** Whether settings that somebody made on the index, and that are not declared, go back to the default; default false. */
  readonly dropForeign?: boolean;
  readonly signal?: AbortSignal;
}

/** One setting in which an index is not what its entity declares. */
export interface PlannedChange {
  readonly setting: SettingName;
  /** `made elsewhere`: nothing is declared, and the index has another value than a new one. */
  readonly origin: 'declared' | 'made elsewhere';
  /** What is declared; undefined where nothing is. Keys and headers of embedders are covered here and in `live`. */
  readonly declared: unknown;
  readonly live: unknown;
  /**
   * What becomes of the live value: `replaced` by what is declared; of one made elsewhere `kept` or `dropped`. One that is
   * `unreadable` stays on this index, and cannot be given to another: the engine covers its key.
   */
  readonly fate: 'replaced' | 'kept' | 'dropped' | 'unreadable';
  /** `nothing` for what stays. */
  readonly cost: Cost | 'nothing';
  readonly because: string;
}

/** What it takes to give an index the declared settings. Frozen. */
export interface SettingsPlan {
  readonly entity: string;
  readonly index: string;
  /** That of the dearest change. */
  readonly cost: Cost | 'nothing';
  readonly changes: readonly PlannedChange[];
}

/**
 * Compares the declared settings with those that an index has, and changes nothing.
 * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`
 */
export async function planSettings(
  backend: Backend,
  metadata: SearchMetadata,
  { dropForeign = false, signal }: SettingsPlanOptions = {},
): Promise<SettingsPlan> {
  const { indexName: index, entity, settings } = metadata;
  const live = await backend.indexes.settings(index, { signal });
  const { documents } = await backend.indexes.stats(index, { signal });
  const changes = plannedChanges(settings, live, { dropForeign, isEmpty: documents === 0 });
  return Object.freeze({ entity, index, cost: dearest(changes), changes: Object.freeze(changes) });
}

/** What a plan says, from what is declared and what is there. On an empty index every change is free. */
export function plannedChanges(
  declared: IndexSettings,
  live: IndexSettings,
  { dropForeign, isEmpty }: { readonly dropForeign: boolean; readonly isEmpty: boolean },
): PlannedChange[] {
  const wanted = settingValues(declared);
  const found = settingValues(live);
  const target = settingsWith([...found, ...(dropForeign ? defaultsOf(foreignValues(declared, live)) : []), ...wanted]);
  const priceOf = (setting: SettingName) =>
    isEmpty ? ({ cost: 'free', because: 'the index has no document' } as const) : changeOf(setting, live, target);
  const replaced = [...wanted]
    .filter(([setting, value]) => !sameSetting(setting, value, found.get(setting)))
    .map(([setting, value]): PlannedChange => {
      const values = { declared: shown(setting, value), live: shown(setting, found.get(setting)) };
      return { setting, origin: 'declared', ...values, fate: 'replaced', ...priceOf(setting) };
    });
  const foreign = [...foreignValues(declared, live)].map(([setting, value]): PlannedChange => {
    const about = { setting, origin: 'made elsewhere', declared: undefined, live: shown(setting, value) } as const;
    if (dropForeign) return { ...about, fate: 'dropped', ...priceOf(setting) };
    return isCovered(setting, value)
      ? { ...about, fate: 'unreadable', cost: 'nothing', because: 'the engine covers its key' }
      : { ...about, fate: 'kept', cost: 'nothing', because: 'it is not declared' };
  });
  return [...replaced, ...foreign].map((change) => Object.freeze(change));
}

/** What the index has, is not declared, and a new index has not. */
function foreignValues(declared: IndexSettings, live: IndexSettings): Map<SettingName, unknown> {
  const wanted = settingValues(declared);
  return new Map(
    [...settingValues(live)].filter(([setting, value]) => !wanted.has(setting) && !isDefault(setting, value)),
  );
}

const defaultsOf = (values: ReadonlyMap<SettingName, unknown>) =>
  [...values.keys()].map((setting) => [setting, defaultOf(setting)] as const);

function dearest(changes: readonly PlannedChange[]): Cost | 'nothing' {
  return COSTS.findLast((cost) => changes.some((change) => change.cost === cost)) ?? 'nothing';
}

/**
 * What the index that takes a live one's place is told: what is declared, and beside it what somebody made on the live one.
 * @param live null where there is no live index
 * @throws ScrypathError `SETTINGS_UNREADABLE` where a setting made elsewhere cannot be carried over
 */
export function targetSettings(
  declared: IndexSettings,
  live: Required<IndexSettings> | null,
  { dropForeign = false }: { readonly dropForeign?: boolean } = {},
): IndexSettings {
  if (live === null || dropForeign) return declared;
  const foreign = foreignValues(declared, live);
  const unreadable = [...foreign].filter(([setting, value]) => isCovered(setting, value)).map(([setting]) => setting);
  if (unreadable.length > 0) throw settingsUnreadable(unreadable);
  return settingsWith([...foreign, ...settingValues(declared)]);
}

const settingsUnreadable = (settings: readonly SettingName[]) =>
  new ScrypathError({
    code: 'SETTINGS_UNREADABLE',
    happened: `The live index has settings made elsewhere whose keys the engine does not show: ${settings.join(', ')}. A new index would lack them.`,
    remedy: 'Declare them, or give them up with dropForeign: true.',
    problems: settings,
  });

export interface ApplySettingsOptions extends SettingsPlanOptions {
  /** Settings or whole families (`typoTolerance`) to apply; default all that differ. The others stay as they are. */
  readonly only?: readonly string[];
  /** Settings or whole families for which the engine may go through all documents of the live index. */
  readonly reindexInPlace?: readonly string[];
  /** Longest wait for the engine, in milliseconds; default `sync.timeoutMs`. */
  readonly timeoutMs?: number;
}

/** What was applied to a live index, and what differs now. */
export interface AppliedSettings {
  readonly entity: string;
  readonly index: string;
  readonly applied: readonly SettingName[];
  /** The task that did it; null where nothing differed. */
  readonly task: TaskRef | null;
  /** Read from the index afterwards. */
  readonly plan: SettingsPlan;
}

/**
 * Gives a live index the declared settings, in one task, and waits for it. All that was asked for is applied, or nothing is
 * sent: what makes the engine go through all documents must be named, and what needs a new index is refused.
 * @throws ScrypathError `SETTINGS_REFUSED`, `OPTION_INVALID`, `INDEX_NOT_FOUND`, `TASK_…`, `BACKEND_…`
 */
export async function applyLive(
  backend: Backend,
  metadata: SearchMetadata,
  { only, reindexInPlace = [], timeoutMs, ...options }: ApplySettingsOptions & { readonly timeoutMs: number },
): Promise<AppliedSettings> {
  const { entity, indexName: index } = metadata;
  const before = await planSettings(backend, metadata, options);
  const changes = changesToApply(before, only, reindexInPlace);
  const applied = Object.freeze(changes.map(({ setting }) => setting));
  if (applied.length === 0) return Object.freeze({ entity, index, applied, task: null, plan: before });
  const declared = settingValues(metadata.settings);
  const values = changes.map(
    ({ setting, fate }) => [setting, fate === 'dropped' ? defaultOf(setting) : declared.get(setting)] as const,
  );
  const { signal } = options;
  const task = await backend.indexes.apply(index, settingsWith(values), { signal });
  await waitForSuccess(backend, [task], timeoutMs, entity, signal);
  return Object.freeze({ entity, index, applied, task, plan: await planSettings(backend, metadata, options) });
}

/** The changes that were asked for and may be applied to a live index. Throws `SETTINGS_REFUSED` with all that may not. */
export function changesToApply(
  plan: SettingsPlan,
  only: readonly string[] | undefined,
  reindexInPlace: readonly string[],
): readonly PlannedChange[] {
  const asked = plan.changes.filter(
    ({ setting, cost }) => cost !== 'nothing' && (only === undefined || isNamed(setting, only)),
  );
  const refused = asked.flatMap((change): { readonly change: PlannedChange; readonly remedy: string }[] => {
    switch (change.cost) {
      case 'new index':
        return [{ change, remedy: 'rebuild the index with reindex()' }];
      case 'reindex in place':
        return isNamed(change.setting, reindexInPlace)
          ? []
          : [
              {
                change,
                remedy: `name it in reindexInPlace: ['${change.setting}'], or rebuild the index with reindex()`,
              },
            ];
      default:
        return [];
    }
  });
  if (refused.length === 0) return asked;
  const isFree = asked.filter(({ cost }) => cost === 'free').map(({ setting }) => `'${setting}'`);
  throw new ScrypathError({
    code: 'SETTINGS_REFUSED',
    entity: plan.entity,
    index: plan.index,
    happened: `The settings of the live index "${plan.index}" of ${plan.entity} were not applied, and nothing was sent: ${refused.map(({ change }) => `${change.setting} (${change.cost})`).join(', ')}.`,
    remedy:
      isFree.length === 0 ? 'See problems.' : `See problems. What is free can go ahead: only: [${isFree.join(', ')}].`,
    problems: refused.map(
      ({ change, remedy }) => `${change.setting}: ${change.cost}, since ${change.because}; ${remedy}`,
    ),
  });
}

/** Whether a list names the setting, or the family that it belongs to. */
const isNamed = (setting: SettingName, names: readonly string[]) =>
  names.some((name) => setting === name || setting.startsWith(`${name}.`));
