import type { Backend } from '../backend/backend.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { waitForSuccess } from '../sync/deliver.js';

/** A setting that an index has otherwise than the entity declares it. */
export interface SettingDifference {
  readonly setting: keyof IndexSettings;
  readonly declared: unknown;
  readonly live: unknown;
}

/** What was found, or made, for one entity. */
export interface PreparedIndex {
  readonly entity: string;
  readonly index: string;
  /** Whether the index was missing and was created with its settings. */
  readonly created: boolean;
  /** Settings of an index that was there already and differs. They are reported, never changed here. */
  readonly differences: readonly SettingDifference[];
}

/** Creates the entity's index with its settings where it is missing; compares its settings where it is there. */
export async function prepareIndex(
  backend: Backend,
  metadata: SearchMetadata,
  timeoutMs: number,
): Promise<PreparedIndex> {
  const { entity, indexName: index, settings } = metadata;
  const created = (await backend.indexes.get(index)) === null && (await createIndex(backend, metadata, timeoutMs));
  const differences = created ? [] : differencesOf(settings, await backend.indexes.settings(index));
  return Object.freeze({ entity, index, created, differences: Object.freeze(differences) });
}

async function createIndex(backend: Backend, { indexName, settings, entity }: SearchMetadata, timeoutMs: number) {
  const created = await backend.indexes.create(indexName);
  const [outcome] = await backend.outcomes([created], { waitMs: timeoutMs });
  // Another process was faster: what it made is compared like any index that was there before.
  if (outcome?.error?.code === 'index_already_exists') return false;
  await waitForSuccess(backend, [created], timeoutMs, entity);
  await waitForSuccess(backend, [await backend.indexes.apply(indexName, settings)], timeoutMs, entity);
  return true;
}

/** Declared settings that the live ones do not have. What is not declared is not compared. */
export function differencesOf(declared: IndexSettings, live: IndexSettings): SettingDifference[] {
  return (Object.keys(declared) as (keyof IndexSettings)[])
    .filter((setting) => declared[setting] !== undefined && !matches(setting, declared[setting], live[setting]))
    .map((setting) => ({ setting, declared: declared[setting], live: live[setting] }));
}

const UNORDERED: readonly (keyof IndexSettings)[] = ['filterableAttributes', 'sortableAttributes', 'stopWords'];

function matches(setting: keyof IndexSettings, declared: unknown, live: unknown): boolean {
  if (UNORDERED.includes(setting) && Array.isArray(declared) && Array.isArray(live))
    return sameJson([...declared].sort(), [...live].sort());
  return contains(live, declared);
}

/** Whether `live` has everything that `declared` has; members that only `live` has are the engine's defaults. */
function contains(live: unknown, declared: unknown): boolean {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return sameJson(live, declared);
  if (typeof live !== 'object' || live === null) return false;
  return Object.entries(declared).every(([name, value]) => contains((live as Record<string, unknown>)[name], value));
}

const sameJson = (left: unknown, right: unknown) => JSON.stringify(left) === JSON.stringify(right);
