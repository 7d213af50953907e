import { DocSet } from './doc-set.js';
import { keyOfLocated, type LocatedSubset, type LocatedTerm, TermSubset, wordTerm } from './query-term.js';
import type { SearchContext } from './search-context.js';

interface QueryNode {
  /** Null for the start, the end and nodes that were taken out. */
  located: LocatedSubset | null;
  readonly before: Set<number>;
  readonly after: Set<number>;
}

export const START = 0;
export const END = 1;

/**
 * Every way of reading a query, as a graph from start to end: its words one by one, and two or three of them joined. A path
 * is one reading.
 */
export class QueryGraph {
  private constructor(readonly nodes: QueryNode[]) {}

  private static of(located: readonly (LocatedSubset | null)[]): QueryGraph {
    return new QueryGraph(located.map((node) => ({ located: node, before: new Set(), after: new Set() })));
  }

  /** Also returns the terms with the joined ones that were found on the way. */
  static build(
    context: SearchContext,
    terms: readonly LocatedTerm[],
  ): { readonly graph: QueryGraph; readonly terms: readonly LocatedTerm[] } {
    const all = [...terms];
    const located: (LocatedSubset | null)[] = [null, null];
    const add = ({ term, start, end }: LocatedTerm, firstTerm: number, lastTerm: number) => {
      located.push({ subset: new TermSubset(term), start, end, firstTerm, lastTerm });
    };
    for (const [last, term] of terms.entries()) {
      add(term, last, last);
      for (const count of [2, 3]) {
        const first = last - count + 1;
        const joined = first < 0 ? null : joinedTerm(context, terms.slice(first, last + 1));
        if (joined === null) continue;
        all.push(joined);
        add(joined, first, last);
      }
    }
    const graph = QueryGraph.of(located);
    graph.connect();
    return { graph, terms: all };
  }

  private connect(): void {
    for (const [id, node] of this.nodes.entries()) {
      if (id === END) continue;
      const lastTerm = node.located?.lastTerm ?? -1;
      const later = this.nodes
        .map((other, otherId) => ({ otherId, first: firstTermOf(otherId, other) }))
        .filter(({ otherId, first }) => otherId !== START && first > lastTerm);
      const nearest = Math.min(...later.map(({ first }) => first));
      for (const { otherId, first } of later) {
        if (first !== nearest) continue;
        node.after.add(otherId);
        this.nodes[otherId]!.before.add(id);
      }
    }
  }

  /**
   * A graph of paths, each a list of steps between two terms. Paths share the nodes of the endings that they have in common.
   */
  static fromPaths(paths: readonly (readonly PathStep[])[]): QueryGraph {
    const located: (LocatedSubset | null)[] = [null, null];
    const ids = new Map<string, number>();
    const idPaths = paths.map((path) => {
      const terms = termsOfPath(path);
      let ending = '';
      const reversed: number[] = [];
      for (const term of [...terms].reverse()) {
        ending = `${keyOfLocated(term)}>${ending}`;
        let id = ids.get(ending);
        if (id === undefined) {
          id = located.push(term) - 1;
          ids.set(ending, id);
        }
        reversed.push(id);
      }
      return reversed.reverse();
    });
    const graph = QueryGraph.of(located);
    for (const path of idPaths) {
      let previous = START;
      for (const id of [...path, END]) {
        graph.nodes[previous]!.after.add(id);
        graph.nodes[id]!.before.add(previous);
        previous = id;
      }
    }
    return graph;
  }

  /** A copy where these nodes are gone, and what came before them leads to what came after. */
  without(ids: Iterable<number>): QueryGraph {
    const copy = new QueryGraph(
      this.nodes.map(({ located, before, after }) => ({ located, before: new Set(before), after: new Set(after) })),
    );
    for (const id of ids) {
      const { before, after } = copy.nodes[id]!;
      for (const previous of before) {
        const node = copy.nodes[previous]!;
        node.after.delete(id);
        for (const next of after) node.after.add(next);
      }
      for (const next of after) {
        const node = copy.nodes[next]!;
        node.before.delete(id);
        for (const previous of before) node.before.add(previous);
      }
      copy.nodes[id] = { located: null, before: new Set(), after: new Set() };
    }
    return copy;
  }

  /** The documents that match any path. */
  docs(context: SearchContext, universe: DocSet): DocSet {
    const found = new Map<number, DocSet>([[START, universe]]);
    const resolve = (id: number): DocSet => {
      const known = found.get(id);
      if (known !== undefined) return known;
      const { located, before } = this.nodes[id]!;
      const reaching = DocSet.empty(context.limit);
      for (const previous of before) reaching.union(resolve(previous));
      const docs = located === null ? reaching : context.docsOfSubset(located.subset, reaching);
      found.set(id, docs);
      return docs;
    };
    return resolve(END);
  }

  /** Groups of nodes in the order in which words may be left out: from the end of the query. */
  removalOrderFromEnd(): ReadonlySet<number>[] {
    const terms = this.nodes.flatMap(({ located }) => (located === null ? [] : [located]));
    const first = Math.min(...terms.map(({ firstTerm }) => firstTerm));
    const last = Math.max(0, ...terms.map(({ lastTerm }) => lastTerm));
    return first >= last ? [] : this.removalOrder((term) => 1 + last - term);
  }

  /** Groups of nodes in the order in which words may be left out: the most frequent first. */
  removalOrderByFrequency(context: SearchContext): ReadonlySet<number>[] {
    const docs = new Map<number, DocSet>();
    for (const { located } of this.nodes) {
      if (located === null) continue;
      const found = context.docsOfSubset(located.subset, null);
      for (let term = located.firstTerm; term <= located.lastTerm; term += 1) {
        const known = docs.get(term);
        if (known === undefined) docs.set(term, found.clone());
        else known.union(found);
      }
    }
    const frequencies = [...docs]
      .map(([term, found]) => ({ term, frequency: found.size || Number.POSITIVE_INFINITY }))
      .sort((left, right) => left.term - right.term)
      .sort((left, right) => (left.frequency === right.frequency ? 0 : right.frequency - left.frequency));
    const weights = new Map<number, number>();
    let weight = 1;
    for (const [i, { term, frequency }] of frequencies.entries()) {
      weights.set(term, weight);
      if (frequencies[i + 1] !== undefined && frequencies[i + 1]!.frequency !== frequency) weight += 1;
    }
    return this.removalOrder((term) => weights.get(term)!);
  }

  private removalOrder(rankOf: (term: number) => number): ReadonlySet<number>[] {
    const groups = new Map<number, Set<number>>();
    let hasMandatory = false;
    for (const [id, { located }] of this.nodes.entries()) {
      if (located === null) continue;
      if (located.subset.typedPhrase !== null || located.subset.isMandatory) {
        hasMandatory = true;
        continue;
      }
      let rank = 0;
      for (let term = located.firstTerm; term <= located.lastTerm; term += 1) rank = Math.max(rank, rankOf(term));
      const group = groups.get(rank);
      if (group === undefined) groups.set(rank, new Set([id]));
      else group.add(id);
    }
    const order = [...groups].sort(([left], [right]) => left - right).map(([, group]) => group);
    // Something of the query must be left.
    return hasMandatory ? order : order.slice(0, -1);
  }

  /** Number of words in the phrases that were typed. */
  get wordsInPhrases(): number {
    let words = 0;
    for (const { located } of this.nodes) {
      words += located?.subset.typedPhrase?.words.filter((word) => word !== null).length ?? 0;
    }
    return words;
  }
}

/** One step of a path: the term that it leads to and, where the step depends on it, the term that it starts from. */
export interface PathStep {
  readonly from: LocatedSubset | null;
  readonly to: LocatedSubset;
}

function termsOfPath(path: readonly PathStep[]): LocatedSubset[] {
  const terms: LocatedSubset[] = [];
  let previous: LocatedSubset | null = null;
  for (const { from, to } of path) {
    if (previous === null) {
      if (from !== null) terms.push(from);
    } else if (from !== null && from.firstTerm === previous.firstTerm && from.lastTerm === previous.lastTerm) {
      terms.push({ ...from, subset: from.subset.intersected(previous.subset) });
    } else {
      terms.push(previous);
      if (from !== null) terms.push(from);
    }
    previous = to;
  }
  if (previous !== null) terms.push(previous);
  return terms;
}

const firstTermOf = (id: number, { located }: QueryNode): number =>
  id === END ? Number.MAX_SAFE_INTEGER : (located?.firstTerm ?? -1);

/** Neighbouring words as one, with fewer typos for each border that goes; null where they cannot be joined. */
function joinedTerm(context: SearchContext, terms: readonly LocatedTerm[]): LocatedTerm | null {
  for (const [i, { term, start }] of terms.entries()) {
    if (term.phrase !== null || term.joined !== null) return null;
    if (i > 0 && terms[i - 1]!.end !== start - 1) return null;
  }
  const words = terms.map(({ term }) => term.original);
  const text = words.join('');
  const last = terms.at(-1)!;
  const typos = Math.max(0, context.typosAllowed(text) - (terms.length - 1));
  const term = wordTerm(context, text, typos, last.term.isPrefix, words);
  if (Buffer.byteLength(text) > 250) return null;
  for (const synonym of context.synonymsOf(words)) term.synonyms.add(context.phrase(synonym));
  return { term, start: terms[0]!.start, end: last.end };
}
