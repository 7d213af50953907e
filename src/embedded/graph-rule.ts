import { DocSet } from './doc-set.js';
import { END, type PathStep, QueryGraph, START } from './query-graph.js';
import { keyOfLocated, type LocatedSubset, termCount } from './query-term.js';
import type { Bucket, RankingRule } from './ranking-rule.js';
import type { SearchContext } from './search-context.js';

/** What must hold for a step from one term of the query to the next. Steps with one key are one condition. */
export interface Condition extends PathStep {
  readonly key: string;
  /** The documents of which it holds, within `universe`. */
  docs(universe: DocSet): DocSet;
}

export interface Step {
  readonly cost: number;
  readonly condition: Condition;
}

/** How a rule judges the step from one term (null at the start) to the next. */
export type Judge = (context: SearchContext, from: LocatedSubset | null, to: LocatedSubset) => Iterable<Step>;

interface Edge {
  readonly source: number;
  readonly target: number;
  readonly cost: number;
  /** Null for a step that skips the term, or that ends the query. */
  readonly condition: number | null;
  /** Terms that must be skipped with it. */
  readonly skips: ReadonlySet<number>;
}

interface ConditionState {
  readonly condition: Condition;
  docs: DocSet | null;
}

const NO_NODES: ReadonlySet<number> = new Set();

/**
 * A rule that is a walk through the query graph. Each step costs something, a path costs the sum, and the documents of which
 * every step of a path holds are in the bucket of its cost. Which paths led to documents is what the next rule starts from.
 */
export class GraphRule implements RankingRule {
  private graph: QueryGraph | null = null;
  private universe: DocSet | null = null;
  private edges: Edge[][] = [];
  private conditions: ConditionState[] = [];
  private costs: (readonly number[])[] = [];
  private nextCost = 0;

  /**
   * @param thorough whether steps are looked at that cannot lead to further documents: the reference does, and the words that
   * come to light are marked by highlights
   * @param removal whether and how words may be left out; only the first rule does that
   */
  constructor(
    private readonly context: SearchContext,
    private readonly judge: Judge,
    private readonly thorough: boolean,
    private readonly removal: ((graph: QueryGraph) => ReadonlySet<number>[]) | null = null,
  ) {}

  start(universe: DocSet, graph: QueryGraph | null): void {
    this.graph = graph;
    this.universe = universe.clone();
    this.conditions = [];
    this.nextCost = 0;
    if (graph === null) return;
    this.edges = this.edgesOf(graph);
    this.costs = this.costsToEnd(graph);
  }

  private edgesOf(graph: QueryGraph): Edge[][] {
    const removable = this.removableNodes(graph);
    const ids = new Map<string, number>();
    return graph.nodes.map((node, source) => {
      const edges: Edge[] = [];
      for (const target of [...node.after].sort((left, right) => left - right)) {
        const to = graph.nodes[target]!.located;
        if (to === null) {
          edges.push({ source, target, cost: 0, condition: null, skips: NO_NODES });
          continue;
        }
        const skips = removable.get(target);
        if (skips !== undefined) edges.push({ source, target, cost: termCount(to), condition: null, skips });
        for (const { cost, condition } of this.judge(this.context, node.located, to)) {
          let id = ids.get(condition.key);
          if (id === undefined) {
            id = this.conditions.push({ condition, docs: null }) - 1;
            ids.set(condition.key, id);
          }
          edges.push({ source, target, cost, condition: id, skips: NO_NODES });
        }
      }
      return edges;
    });
  }

  /** For each node that may be skipped, the nodes that must be skipped before it. */
  private removableNodes(graph: QueryGraph): ReadonlyMap<number, ReadonlySet<number>> {
    const removable = new Map<number, ReadonlySet<number>>();
    const earlier = new Set<number>();
    for (const group of this.removal?.(graph) ?? []) {
      const skips = new Set(earlier);
      for (const node of group) removable.set(node, skips);
      for (const node of group) earlier.add(node);
    }
    return removable;
  }

  /** For each node, what the ways from it to the end can cost, ascending. */
  private costsToEnd(graph: QueryGraph): (readonly number[])[] {
    const costs: (readonly number[] | undefined)[] = [];
    costs[END] = [0];
    const resolve = (node: number): readonly number[] => {
      const known = costs[node];
      if (known !== undefined) return known;
      const found = new Set<number>();
      for (const { target, cost } of this.edges[node]!) for (const rest of resolve(target)) found.add(cost + rest);
      const sorted = [...found].sort((left, right) => left - right);
      costs[node] = sorted;
      return sorted;
    };
    return graph.nodes.map((_, node) => resolve(node));
  }

  next(universe: DocSet): Bucket | null {
    const { graph } = this;
    if (graph === null) return null;
    const cost = this.costs[START]!.find((candidate) => candidate >= this.nextCost);
    if (cost === undefined) return null;
    this.nextCost = cost + 1;
    const walk = new Walk(this.edges, this.costs, universe.clone(), this.thorough, (condition) =>
      this.docsOf(condition),
    );
    walk.visit(START, cost);
    if (walk.deadConditions.size > 0) {
      this.edges = this.edges.map((edges) =>
        edges.filter(({ condition }) => condition === null || !walk.deadConditions.has(condition)),
      );
      this.costs = this.costsToEnd(graph);
    }
    const paths = walk.goodPaths.map((path) => path.map((id) => this.conditions[id]!.condition));
    return { docs: walk.found, graph: QueryGraph.fromPaths(paths) };
  }

  private docsOf(id: number): DocSet {
    const state = this.conditions[id]!;
    state.docs ??= state.condition.docs(this.universe!);
    return state.docs;
  }
}

/** Finds every path of one cost that leads to documents. */
class Walk {
  readonly found: DocSet;
  readonly goodPaths: number[][] = [];
  /** Conditions of which no document holds. */
  readonly deadConditions = new Set<number>();
  private readonly path: number[] = [];
  /** The documents of the start of the path, up to each step; those of found paths are taken out. */
  private readonly docs: DocSet[];
  private skipped: ReadonlySet<number> = NO_NODES;

  constructor(
    private readonly edges: readonly (readonly Edge[])[],
    private readonly costs: readonly (readonly number[])[],
    universe: DocSet,
    private readonly thorough: boolean,
    private readonly docsOf: (condition: number) => DocSet,
  ) {
    this.docs = [universe];
    this.found = universe.clone().subtract(universe);
  }

  visit(node: number, budget: number): void {
    for (const edge of this.edges[node]!) {
      if ((this.thorough ? this.docs[0]! : this.here).isEmpty()) return;
      const rest = budget - edge.cost;
      if (rest < 0 || !this.costs[edge.target]!.includes(rest)) continue;
      if (edge.condition === null) this.pass(edge, rest);
      else this.take(edge, edge.condition, rest);
    }
  }

  private get here(): DocSet {
    return this.docs[this.docs.length - 1]!;
  }

  private pass(edge: Edge, rest: number): void {
    if (edge.target === END) this.arrive();
    else {
      const before = this.skipped;
      this.skipped = union(before, edge.skips);
      this.visit(edge.target, rest);
      this.skipped = before;
    }
  }

  private take(edge: Edge, condition: number, rest: number): void {
    if (this.deadConditions.has(condition) || this.skipped.has(edge.target)) return;
    const docs = this.docsOf(condition);
    if (docs.isEmpty()) {
      this.deadConditions.add(condition);
      return;
    }
    const reached = this.here.clone().intersect(docs);
    if (reached.isEmpty()) return;
    this.path.push(condition);
    this.docs.push(reached);
    this.visit(edge.target, rest);
    this.docs.pop();
    this.path.pop();
  }

  private arrive(): void {
    const docs = this.here.clone();
    if (docs.isEmpty()) return;
    this.goodPaths.push([...this.path]);
    this.found.union(docs);
    for (const reached of this.docs) reached.subtract(docs);
  }
}

const union = (left: ReadonlySet<number>, right: ReadonlySet<number>): ReadonlySet<number> =>
  right.size === 0 ? left : new Set([...left, ...right]);

export const keyOfStep = (rule: string, ...parts: readonly (LocatedSubset | number | string)[]): string =>
  `${rule}|${parts.map((part) => (typeof part === 'object' ? keyOfLocated(part) : part)).join('|')}`;
