import { DocSet } from './doc-set.js';
import type { QueryGraph } from './query-graph.js';
import type { Bucket, RankingRule } from './ranking-rule.js';
import { groupedPosition, type SearchContext } from './search-context.js';

const MAX_COUNTED = 255;

/**
 * Three buckets: documents with a field that is the query, word for word; documents with a field that starts with it; the
 * others.
 */
export class ExactFieldRule implements RankingRule {
  private graph: QueryGraph | null = null;
  private buckets: DocSet[] = [];

  constructor(private readonly context: SearchContext) {}

  start(universe: DocSet, graph: QueryGraph | null): void {
    this.graph = graph;
    this.buckets = graph === null ? [] : this.exactBuckets(universe, graph);
  }

  next(universe: DocSet): Bucket | null {
    const bucket = this.buckets.shift();
    return { docs: (bucket ?? universe).clone().intersect(universe), graph: this.graph };
  }

  private exactBuckets(universe: DocSet, graph: QueryGraph): DocSet[] {
    const terms = typedTerms(graph);
    if (terms.length === 0 || terms[0]!.firstTerm !== 0) return [];
    for (const [i, { firstTerm }] of terms.entries()) {
      if (i > 0 && firstTerm - terms[i - 1]!.firstTerm > 1) return [];
    }
    const inPlace = universe.clone();
    const words = new Set<string>();
    for (const { typedWords, start } of terms) {
      for (const [offset, word] of typedWords.entries()) {
        if (word === null) continue;
        words.add(word);
        inPlace.intersect(this.context.docsAtPosition(word, groupedPosition(start + offset)));
        if (inPlace.isEmpty()) return [];
      }
    }
    const count = terms.reduce((sum, { start, end }) => sum + (end - start + 1), 0);
    const same = DocSet.empty(this.context.limit);
    const starting = DocSet.empty(this.context.limit);
    for (const field of this.context.searchable.ids) {
      const found = inPlace.clone();
      for (const word of words) found.intersect(this.context.docsInField(word, field));
      if (found.isEmpty()) continue;
      const counted =
        count < MAX_COUNTED ? this.context.docsWithWordCount(field, count) : DocSet.empty(this.context.limit);
      same.union(found.clone().intersect(counted));
      starting.union(found.subtract(counted));
    }
    return [same, starting];
  }
}

function typedTerms(graph: QueryGraph) {
  const terms = graph.nodes.flatMap(({ located }) => {
    const typedWords = located?.subset.typedWords ?? null;
    return located === null || typedWords === null ? [] : [{ ...located, typedWords }];
  });
  terms.sort((left, right) => left.firstTerm - right.firstTerm);
  return terms.filter(({ firstTerm }, i) => i === 0 || firstTerm !== terms[i - 1]!.firstTerm);
}
