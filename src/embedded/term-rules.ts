import { DocSet } from './doc-set.js';
import { type Condition, type Judge, keyOfStep, type Step } from './graph-rule.js';
import { type LocatedSubset, type TermSubset, termCount } from './query-term.js';
import { FAR, type SearchContext } from './search-context.js';

function termCondition(context: SearchContext, rule: string, to: LocatedSubset): Condition {
  return {
    key: keyOfStep(rule, to),
    from: null,
    to,
    docs: (universe) => context.docsOfSubset(to.subset, universe),
  };
}

/** How many words of the query a document has. */
export const byWords: Judge = (context, _from, to) => [{ cost: 0, condition: termCondition(context, 'words', to) }];

/** How many typos there are. Words that were joined count as typos. */
export const byTypos: Judge = (context, _from, to) => {
  const count = termCount(to);
  const joined = count === 1 ? 0 : count;
  const steps: Step[] = [];
  for (let typos = 0; typos <= to.subset.maxTypos; typos += 1) {
    const part = { ...to, subset: to.subset.withTypos(typos) };
    const condition = { ...termCondition(context, 'typo', part), key: keyOfStep('typo', part, typos) };
    steps.push({ cost: typos + joined, condition });
  }
  return steps;
};

/** How near the words stand to each other. */
export const byProximity: Judge = (context, from, to) => {
  const extra = termCount(to) - 1;
  const apart: Condition = termCondition(context, 'apart', to);
  // Terms between which a word of the query was left out have no distance.
  if (from === null || from.end + 1 !== to.start) return [{ cost: extra, condition: apart }];
  const steps: Step[] = [];
  for (let distance = 1; distance < FAR; distance += 1) {
    const condition: Condition = {
      key: keyOfStep('near', from, to, distance),
      from,
      to,
      docs: (universe) => nearDocs(context, from.subset, to.subset, distance, universe),
    };
    steps.push({ cost: distance - 1 + extra, condition });
  }
  steps.push({ cost: FAR - 1 + extra, condition: apart });
  return steps;
};

/** Documents where the right term comes `distance` after the left one, or the left one `distance - 1` after the right one. */
function nearDocs(
  context: SearchContext,
  left: TermSubset,
  right: TermSubset,
  distance: number,
  universe: DocSet,
): DocSet {
  const near = DocSet.empty(context.limit);
  const backward = distance - 1;
  const lastWords = lastWordsOf(left);
  const prefix = right.sharedPrefix;
  for (const { word, phrase } of lastWords) {
    if (prefix !== null) {
      const within = phrase === null ? universe : universe.clone().intersect(context.docsOfPhrase(phrase));
      const forward = context.docsOfPrefixPair(word, prefix.word, distance);
      near.union(within.clone().intersect(forward));
      // In reverse order the reference looks for the prefix as a word of its own.
      const reverse = phrase === null && backward >= 1 ? context.docsOfPair(prefix.word, word, backward) : null;
      if (reverse !== null) near.union(within.clone().intersect(reverse));
    }
    for (const first of firstWordsOf(right)) {
      const within = universe.clone();
      for (const side of [phrase, first.phrase]) if (side !== null) within.intersect(context.docsOfPhrase(side));
      if (within.isEmpty()) continue;
      const forward = context.docsOfPair(word, first.word, distance);
      if (forward !== null) near.union(within.clone().intersect(forward));
      if (backward < 1 || phrase !== null || first.phrase !== null) continue;
      const reverse = context.docsOfPair(first.word, word, backward);
      if (reverse !== null) near.union(within.intersect(reverse));
    }
  }
  return near;
}

const lastWordsOf = (subset: TermSubset) => edgeWordsOf(subset, -1);
const firstWordsOf = (subset: TermSubset) => edgeWordsOf(subset, 0);

function edgeWordsOf(subset: TermSubset, at: 0 | -1) {
  const words = subset
    .words()
    .map(({ word }) => ({ word, phrase: null as ReturnType<TermSubset['phrases']>[number] | null }));
  for (const phrase of subset.phrases()) {
    const word = phrase.words.at(at);
    if (word !== null && word !== undefined) words.push({ word, phrase });
  }
  return words;
}

/** In how important a field the words stand. */
export const byField: Judge = (context, _from, to) => {
  const { searchable } = context;
  const { all, docs } = context.fieldsOfSubset(to.subset);
  const steps: Step[] = [];
  const count = termCount(to);
  let lastRank = 0;
  for (const field of all) {
    const rank = searchable.rankOf(field);
    if (rank === undefined) continue;
    lastRank = Math.max(lastRank, rank);
    steps.push({
      cost: rank * count,
      condition: {
        key: keyOfStep('field', to, field),
        from: null,
        to,
        docs: (universe) => docs.get(field)?.clone().intersect(universe) ?? DocSet.empty(context.limit),
      },
    });
  }
  // A rank that no word has is there all the same, without documents: it bounds what the rule may cost.
  if (searchable.lastRank !== null && lastRank < searchable.lastRank) {
    steps.push({ cost: searchable.lastRank * count, condition: nothing(context, 'field', to) });
  }
  return steps;
};

function nothing(context: SearchContext, rule: string, to: LocatedSubset): Condition {
  return { key: keyOfStep(rule, to, 'nothing'), from: null, to, docs: () => DocSet.empty(context.limit) };
}

const MAX_POSITION_COST = 10;

/** How near a word stands to where it stands in the query. */
export const byPosition: Judge = (context, _from, to) => {
  const { all, docs } = context.positionsOfSubset(to.subset);
  const count = termCount(to);
  const positionsByCost = new Map<number, number[]>();
  for (const position of all) {
    const distance = Math.abs(position - to.start);
    let cost = 0;
    for (let i = 0; i < count; i += 1) cost += costOfDistance(distance + i);
    const positions = positionsByCost.get(cost);
    if (positions === undefined) positionsByCost.set(cost, [position]);
    else positions.push(position);
  }
  const steps: Step[] = [];
  for (const [cost, positions] of positionsByCost) {
    steps.push({
      cost,
      condition: {
        key: keyOfStep('position', to, positions.join(',')),
        from: null,
        to,
        docs: (universe) => {
          const found = DocSet.empty(context.limit);
          for (const position of positions) {
            const there = docs.get(position);
            if (there !== undefined) found.union(there);
          }
          return found.intersect(universe);
        },
      },
    });
  }
  const maxCost = count * MAX_POSITION_COST;
  if (!positionsByCost.has(maxCost)) steps.push({ cost: maxCost, condition: nothing(context, 'position', to) });
  return steps;
};

const COST_BOUNDS = [0, 1, 4, 7, 11, 16, 24, 64, 256, 1024];

function costOfDistance(distance: number): number {
  const cost = COST_BOUNDS.findIndex((bound) => distance <= bound);
  return cost === -1 ? MAX_POSITION_COST : cost;
}

/** How many words are there just as they were typed. */
export const byExactness: Judge = (context, _from, to) => {
  const typed: Condition = {
    key: keyOfStep('typed', to),
    from: null,
    to: { ...to, subset: to.subset.typedOnly() },
    docs: (universe) => {
      const words = to.subset.typedWords;
      if (words === null) return DocSet.empty(context.limit);
      const phrase = to.subset.typedPhrase;
      const docs =
        phrase === null ? context.docsOfWord({ word: words[0]!, typed: true }) : context.docsOfPhrase(phrase).clone();
      return docs.intersect(universe);
    },
  };
  return [
    { cost: 0, condition: typed },
    { cost: termCount(to), condition: termCondition(context, 'any', to) },
  ];
};
