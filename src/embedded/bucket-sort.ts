import { distinctDocs } from './distinct.js';
import { DocSet } from './doc-set.js';
import type { FacetColumn } from './facet-column.js';
import type { QueryGraph } from './query-graph.js';
import type { RankingRule } from './ranking-rule.js';

interface RankedPage {
  readonly ids: readonly number[];
  /** Every document that matches; of those that share a distinct value, fewer the more was looked at. */
  readonly candidates: DocSet;
}

interface RankedPageOptions {
  /** Documents to put in order, from the first on. */
  readonly most: number;
  readonly distinct: FacetColumn | undefined;
  /**
   * Whether every rule looks at a document that is alone in its bucket already. The order is the same; the reference does
   * so, and by it come to light more of the words that a highlight marks.
   */
  readonly thorough: boolean;
  /** `performance.now()` after which documents are no longer put in order. */
  readonly deadline: number;
}

/** Applies the rules one within the other, and only as far as the page needs it. */
export function bucketSort(
  rules: readonly RankingRule[],
  graph: QueryGraph | null,
  universe: DocSet,
  { most, distinct, thorough, deadline }: RankedPageOptions,
): RankedPage {
  const candidates = universe.clone();
  const ids: number[] = [];
  if (rules.length === 0 && distinct === undefined) return { ids: universe.first(most), candidates };
  const universes = [universe.clone()];

  const deliver = (found: DocSet) => {
    let docs = found;
    if (distinct !== undefined) {
      const { remaining, excluded } = distinctDocs(distinct, found);
      for (const outer of universes) outer.subtract(excluded);
      candidates.subtract(excluded);
      docs = remaining;
    }
    candidates.union(docs);
    ids.push(...docs.first(most - ids.length));
  };

  if (rules.length === 0) {
    deliverOneByOne(universes[0]!, deliver, () => ids.length < most);
    return { ids, candidates };
  }

  rules[0]!.start(universes[0]!, graph);
  while (ids.length < most) {
    const level = universes.length - 1;
    const here = universes[level]!;
    const late = performance.now() > deadline;
    const bucket = here.isEmpty() || late ? null : rules[level]!.next(here);
    if (bucket === null) {
      if (late) deliver(here.clone());
      universes.pop();
      if (level === 0) break;
      continue;
    }
    here.subtract(bucket.docs);
    const count = bucket.docs.size;
    if (count === 0) continue;
    if (level === rules.length - 1 || (count === 1 && !thorough)) {
      deliver(bucket.docs);
      continue;
    }
    universes.push(bucket.docs.clone());
    rules[level + 1]!.start(bucket.docs, bucket.graph);
  }
  return { ids, candidates };
}

/** Without rules documents come by id; those that share a value are taken out one after another. */
function deliverOneByOne(universe: DocSet, deliver: (docs: DocSet) => void, wantsMore: () => boolean): void {
  while (wantsMore()) {
    const [first] = universe.first(1);
    if (first === undefined) return;
    universe.delete(first);
    deliver(DocSet.of(universe.limit, [first]));
  }
}
