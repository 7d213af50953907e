import type { BackfillSpan, PageSpan } from './backfill/backfill.js';
import type { HydrationSpan } from './hydration/hydrate.js';
import type { RebuildSpan, StepSpan } from './reindex/rebuild-span.js';
import type { SearchSpan } from './search/run-search.js';
import type { SyncSpan } from './sync/sync-verbs.js';
import type { SPAN_NAMES } from './telemetry/span.js';
import type { VerifySpan } from './verify/verify-index.js';
import type { BatchSpan } from './worker/batch-span.js';
import type { SettleSpan } from './worker/settler.js';

/** What the messages of each operation hold, by its name; what can be absent is added until the end. */
export interface SpanFacts extends Record<(typeof SPAN_NAMES)[number], object> {
  readonly 'scrypath:sync': SyncSpan;
  readonly 'scrypath:search': SearchSpan;
  readonly 'scrypath:hydration': HydrationSpan;
  readonly 'scrypath:worker:batch': BatchSpan;
  readonly 'scrypath:worker:settle': SettleSpan;
  readonly 'scrypath:backfill': BackfillSpan;
  readonly 'scrypath:backfill:page': PageSpan;
  readonly 'scrypath:verify': VerifySpan;
  readonly 'scrypath:reindex': RebuildSpan;
  readonly 'scrypath:reindex:step': StepSpan;
}
