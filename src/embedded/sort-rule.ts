import { DocSet } from './doc-set.js';
import type { FacetColumn } from './facet-column.js';
import type { QueryGraph } from './query-graph.js';
import type { Bucket, RankingRule } from './ranking-rule.js';

/**
 * Documents by the value of a field: numbers, then strings, then those without a value, in both directions. An array counts
 * by its smallest value when ascending, by its largest when descending.
 */
export class SortRule implements RankingRule {
  private graph: QueryGraph | null = null;
  private order: number[] = [];
  private at = 0;

  constructor(
    private readonly column: FacetColumn | undefined,
    private readonly descending: boolean,
  ) {}

  start(universe: DocSet, graph: QueryGraph | null): void {
    this.graph = graph;
    this.at = 0;
    this.order = this.column === undefined ? [] : this.sorted(this.column, universe);
  }

  private sorted(column: FacetColumn, universe: DocSet): number[] {
    const { descending } = this;
    const numbered: number[] = [];
    const texted: number[] = [];
    universe.forEach((doc) => {
      if (!Number.isNaN(column.sortNumber(doc, descending))) numbered.push(doc);
      else if (column.sortRank(doc, descending) !== -1) texted.push(doc);
    });
    const sign = descending ? -1 : 1;
    const by = (value: (doc: number) => number) => (left: number, right: number) =>
      sign * (value(left) - value(right)) || left - right;
    numbered.sort(by((doc) => column.sortNumber(doc, descending)));
    texted.sort(by((doc) => column.sortRank(doc, descending)));
    return [...numbered, ...texted];
  }

  next(universe: DocSet): Bucket | null {
    const docs = DocSet.empty(universe.limit);
    const first = this.order[this.at];
    if (first === undefined || this.column === undefined) return { docs: universe.clone(), graph: this.graph };
    const value = this.valueOf(first);
    for (; this.at < this.order.length; this.at += 1) {
      const doc = this.order[this.at]!;
      if (this.valueOf(doc) !== value) break;
      if (universe.has(doc)) docs.add(doc);
    }
    return { docs, graph: this.graph };
  }

  private valueOf(doc: number): string | number {
    const number = this.column!.sortNumber(doc, this.descending);
    return Number.isNaN(number) ? `${this.column!.sortRank(doc, this.descending)}` : number;
  }
}
