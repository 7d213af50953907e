import type { SearchDocument } from '../../document/search-document.js';
import type { IndexSettings } from '../../metadata/index-settings.js';
import type { SearchCase } from './search-case.js';

/** Documents under one set of settings, and the searches that are put to them: one index of a run. */
export interface Dataset {
  readonly name: string;
  /** Written in this order, in one call: the engines break ties by it. */
  readonly documents: readonly SearchDocument[];
  /** What is absent keeps the default of the reference engine. */
  readonly settings: IndexSettings;
  readonly cases: readonly SearchCase[];
}
