import { fieldOfRule } from '../metadata/index-settings.js';
import type { SearchQuery, SortField } from '../query/search-query.js';
import { ExactFieldRule } from './exact-field-rule.js';
import type { FacetColumns } from './facet-columns.js';
import { GraphRule, type Judge } from './graph-rule.js';
import type { QueryGraph } from './query-graph.js';
import type { RankingRule } from './ranking-rule.js';
import type { SearchContext } from './search-context.js';
import { SortRule } from './sort-rule.js';
import { byExactness, byField, byPosition, byProximity, byTypos, byWords } from './term-rules.js';

/** Groups of nodes of a query graph in the order in which the matching strategy leaves words out. */
export function removalOrder(
  context: SearchContext,
  matching: SearchQuery['matching'],
  graph: QueryGraph,
): ReadonlySet<number>[] {
  if (matching === 'all') return [];
  return matching === 'last' ? graph.removalOrderFromEnd() : graph.removalOrderByFrequency(context);
}

/** The rules of an index for one search; those that judge words are left out where the query has none. */
export function rankingRules(
  context: SearchContext | null,
  columns: FacetColumns,
  names: readonly string[],
  sort: readonly SortField[],
  matching: SearchQuery['matching'],
  thorough: boolean,
): RankingRule[] {
  const rules: RankingRule[] = [];
  const used = new Set<string>();
  const sortedFields = new Set<string>();
  const addSort = (field: string, descending: boolean) => {
    if (sortedFields.has(field)) return;
    sortedFields.add(field);
    rules.push(new SortRule(columns.of(field), descending));
  };
  const addWords = (given: SearchContext) => {
    if (used.has('words') || matching === 'all') return;
    used.add('words');
    rules.push(new GraphRule(given, byWords, thorough, (graph) => removalOrder(given, matching, graph)));
  };
  const addJudged = (given: SearchContext, name: string, ...judges: readonly Judge[]) => {
    if (used.has(name)) return;
    used.add(name);
    for (const judge of judges) rules.push(new GraphRule(given, judge, thorough));
  };

  for (const name of names) {
    const byValue = fieldOfRule(name);
    if (byValue !== null) addSort(byValue.field, byValue.descending);
    else if (name === 'sort') for (const { field, direction } of sort) addSort(field, direction === 'desc');
    else if (context !== null) {
      // A rule that judges words comes after the one that leaves words out, wherever that one is listed.
      addWords(context);
      if (name === 'typo') addJudged(context, name, byTypos);
      else if (name === 'proximity') addJudged(context, name, byProximity);
      else if (name === 'attribute') {
        if (used.has('attributeRank') || used.has('wordPosition')) continue;
        addJudged(context, name, byField, byPosition);
      } else if (name === 'attributeRank' && !used.has('attribute')) addJudged(context, name, byField);
      else if (name === 'wordPosition' && !used.has('attribute')) addJudged(context, name, byPosition);
      else if (name === 'exactness' && !used.has(name)) {
        rules.push(new ExactFieldRule(context));
        addJudged(context, name, byExactness);
      }
    }
  }
  return rules;
}
