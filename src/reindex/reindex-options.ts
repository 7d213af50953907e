import type { IndexSettings } from '../metadata/index-settings.js';
import type { RebuildProgress } from './audit.js';

/** What may be said of each run of a rebuild. */
export interface RunOptions {
  /** Stops it where it is; `reindex({ resume: true })` goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

/** Options of `movies.reindex()`. */
export interface ReindexOptions extends RunOptions {
  /** False leaves the live index as it is, and a verified target beside it, kept current until its cutover. Default true. */
  readonly cutover?: boolean;
  /** Settings of the target beside the declared ones; they win over those. */
  readonly settings?: IndexSettings;
  /** Whether settings that somebody else gave the live index are left out of the target. Default false: they are kept. */
  readonly dropForeign?: boolean;
  /** False drops the old index after the cutover: there is no way back. Default true: `finish()` or `rollback()` decide. */
  readonly keepOld?: boolean;
  /** Records that may have no document because they, or their documents, failed; default 0. */
  readonly maxFailures?: number;
  /** Rows of a page of the fill. */
  readonly batchSize?: number;
  /** Ranges of keys that the fill reads side by side. */
  readonly partitions?: number;
  /** Lets every worker, of any process, that knows the entity fill ranges beside this call. With an outbox only. */
  readonly distribute?: boolean;
  /** Go on with the rebuild that was stopped or killed, where there is one. Its own options hold. */
  readonly resume?: boolean;
}
