import type { Backend } from '../backend/backend.js';
import { waitForSuccess } from '../backend/wait-for-success.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { type SettingDifference, settingDifferences } from '../settings/index-settings-plan.js';

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
  const differences = created ? [] : settingDifferences(settings, await backend.indexes.settings(index));
  return Object.freeze({ entity, index, created, differences });
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
