import type { DocSet } from './doc-set.js';
import type { QueryGraph } from './query-graph.js';

/** Documents that a rule holds equal, and the readings of the query by which they were found. */
export interface Bucket {
  readonly docs: DocSet;
  readonly graph: QueryGraph | null;
}

/** A rule that puts documents in order, as buckets: best first. */
export interface RankingRule {
  /** Starts on `universe`. `graph` is null where the query has no words. */
  start(universe: DocSet, graph: QueryGraph | null): void;
  /** The next bucket within `universe`, which may have become smaller. An empty bucket says nothing; null ends the rule. */
  next(universe: DocSet): Bucket | null;
}
