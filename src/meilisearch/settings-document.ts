import { completeFilterable, DEFAULT_SETTINGS, type IndexSettings } from '../metadata/index-settings.js';
import { isObject } from './search-request.js';

export const isSettingsDocument = (answer: unknown): answer is Required<IndexSettings> =>
  isObject(answer) &&
  [answer.typoTolerance, answer.faceting, answer.pagination].every(isObject) &&
  Array.isArray(answer.filterableAttributes);

/**
 * The engine's settings document as the seam has it: what an older engine lacks has its default, and what a newer one has
 * beyond that stays, so that nothing is lost where settings are carried over.
 */
export const toIndexSettings = (settings: Required<IndexSettings>): Required<IndexSettings> => ({
  ...DEFAULT_SETTINGS,
  ...settings,
  distinctAttribute: settings.distinctAttribute ?? null,
  filterableAttributes: settings.filterableAttributes.flatMap(completeFilterable),
});
