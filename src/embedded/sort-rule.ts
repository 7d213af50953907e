import { DocSet } from './doc-set.js';
import type { FacetColumn, SortedDocs } from './facet-column.js';
import type { QueryGraph } from './query-graph.js';
import type { Bucket, RankingRule } from './ranking-rule.js';

/** From this many documents on, the order of the whole column is used: it is made once for all searches. */
const MANY = 4000;

/**
 * Documents by the value of a field: numbers, then strings, then those without a value, in both directions. An array counts
 * by its smallest value when ascending, by its largest when descending.
 */
export class SortRule implements RankingRule {
  private graph: QueryGraph | null = null;
  private order: SortedDocs | null = null;
  private at = 0;

  constructor(
    private readonly column: FacetColumn | undefined,
    private readonly descending: boolean,
  ) {}

  start(universe: DocSet, graph: QueryGraph | null): void {
    this.graph = graph;
    this.at = 0;
    this.order = this.column?.inOrder(this.descending, universe.size < MANY ? universe : null) ?? null;
  }

  next(universe: DocSet): Bucket | null {
    const { order } = this;
    if (order === null || this.at === order.docs.length) return { docs: universe.clone(), graph: this.graph };
    const docs = DocSet.empty(universe.limit);
    const { docs: all, keys, firstText } = order;
    const key = keys[this.at];
    const end = this.at < firstText ? firstText : all.length;
    for (; this.at < end && keys[this.at] === key; this.at += 1) {
      const doc = all[this.at]!;
      if (universe.has(doc)) docs.add(doc);
    }
    return { docs, graph: this.graph };
  }
}
