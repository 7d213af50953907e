import type { HitPage, RawHit } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchQuery } from '../query/search-query.js';
import { bucketSort } from './bucket-sort.js';
import { displayedFields } from './displayed-fields.js';
import { distinctDocs } from './distinct.js';
import type { DocSet } from './doc-set.js';
import { countFacets, isFacet } from './facet-counts.js';
import { isDeclared } from './field-paths.js';
import { comparedFields, filtered, filteredFields } from './filtering.js';
import { Highlighter } from './highlighter.js';
import { QueryGraph } from './query-graph.js';
import { parseQuery } from './query-parser.js';
import type { LocatedTerm } from './query-term.js';
import { rankingRules, removalOrder } from './ranking-rules.js';
import { SearchContext } from './search-context.js';
import { comparableNames, filterableNames } from './settings.js';
import type { StoredIndex } from './stored-index.js';

/** Milliseconds after which documents that match are no longer put in order, as in the reference engine. */
const RANKING_MS = 1500;

interface TextQuery {
  readonly graph: QueryGraph;
  readonly terms: readonly LocatedTerm[];
}

/** Answers one search. */
export function searchIndex(name: string, index: StoredIndex, query: SearchQuery): HitPage {
  requireDeclared(name, index, query);
  const deadline = performance.now() + RANKING_MS;
  const { settings } = index;
  const universe = query.filter === null ? index.everything() : filtered(index, query.filter);
  const context = new SearchContext(index.text, settings, index.limit);
  const text = readText(context, query.text, universe);
  if (text !== null) restrictToMatches(context, query, text.graph, universe);

  const { maxTotalHits } = settings.pagination;
  const skip = Math.min((query.page.number - 1) * query.page.size, maxTotalHits);
  const most = Math.max(0, Math.min(query.page.size, maxTotalHits - skip));
  const thorough = query.highlight !== null;
  const rules = rankingRules(
    text === null ? null : context,
    index.facets,
    settings.rankingRules,
    query.sort,
    query.matching,
    thorough,
  );
  const { distinctAttribute } = settings;
  const distinct = distinctAttribute === null ? undefined : index.facets.of(distinctAttribute);
  const ranked = bucketSort(rules, text?.graph ?? null, universe, {
    most: skip + most,
    distinct,
    thorough,
    deadline,
  });
  const found =
    query.total === 'exact' && distinct !== undefined
      ? distinctDocs(distinct, ranked.candidates).remaining
      : ranked.candidates;

  const highlighter = highlighterFor(index, query, text?.terms ?? []);
  const shown = shownFields(index);
  const hits = index.documentsOf(ranked.ids.slice(skip)).map(({ key, data }): RawHit => {
    const displayed = shown === null ? data : displayedFields(data, shown);
    return { key, data: displayed, formatted: highlighter?.formatted(displayed, shown) ?? null };
  });
  const { facets, facetStats } = countFacets(index, query.facets, found, settings);
  return { hits, ...totalsOf(query, found), facets, facetStats, raw: null };
}

/** The displayed fields that some document has; null where every field is displayed. */
function shownFields({ settings, knownFields }: StoredIndex): ReadonlySet<string> | null {
  const { displayedAttributes } = settings;
  if (displayedAttributes.includes('*')) return null;
  return new Set(displayedAttributes.filter((field) => knownFields.includes(field)));
}

/** Null where no field that is to be marked is known and shown. */
function highlighterFor(
  index: StoredIndex,
  { highlight }: SearchQuery,
  terms: readonly LocatedTerm[],
): Highlighter | null {
  if (highlight === null) return null;
  const shown = shownFields(index);
  const fields = highlight.fields.filter(
    (field) => field === '*' || (index.knownFields.includes(field) && (shown === null || shown.has(field))),
  );
  return fields.length === 0 ? null : new Highlighter(terms, { ...highlight, fields });
}

function totalsOf({ total, page }: SearchQuery, found: DocSet) {
  const size = found.size;
  if (total === 'estimate') return { estimatedTotalHits: size };
  return { totalHits: size, totalPages: page.size === 0 ? 0 : Math.ceil(size / page.size) };
}

/** Takes the text of a query apart and takes what it excludes out of `universe`. Null where no word is left to look for. */
function readText(context: SearchContext, text: string, universe: DocSet): TextQuery | null {
  if (text.trim() === '') return null;
  const { terms, excludedWords, excludedPhrases } = parseQuery(context, text);
  for (const word of excludedWords) universe.subtract(context.docsOfWord({ word, typed: true }));
  for (const { term } of excludedPhrases) {
    if (term.phrase !== null) universe.subtract(context.docsOfPhrase(term.phrase));
  }
  return terms.length === 0 ? null : QueryGraph.build(context, terms);
}

/** Keeps the documents that match the query with every word left out that may be. */
function restrictToMatches(context: SearchContext, query: SearchQuery, graph: QueryGraph, universe: DocSet): void {
  const removed = removalOrder(context, query.matching, graph).flatMap((group) => [...group]);
  universe.intersect(graph.without(removed).docs(context, universe));
}

function requireDeclared(name: string, index: StoredIndex, query: SearchQuery): void {
  const { sortableAttributes, rankingRules: rules } = index.settings;
  const filterable = filterableNames(index.settings);
  const filterFields = query.filter === null ? [] : [...filteredFields(query.filter)];
  const undeclared =
    filterFields.find((field) => !isDeclared(field, filterable)) ??
    query.facets.find((field) => !isFacet(field, filterable));
  if (undeclared !== undefined) throw notDeclared(name, undeclared, 'filterable', filterable);
  const comparable = comparableNames(index.settings);
  const uncompared =
    query.filter === null
      ? undefined
      : [...comparedFields(query.filter)].find((field) => !isDeclared(field, comparable));
  if (uncompared !== undefined) {
    throw new ScrypathError({
      code: 'BACKEND_REJECTED',
      happened: `The field "${uncompared}" of the index "${name}" cannot be compared: its filterable rule says no comparison.`,
      remedy: 'Allow it in the settings, or ask for equal values.',
      index: name,
    });
  }
  if (query.sort.length === 0) return;
  if (!rules.includes('sort')) {
    throw new ScrypathError({
      code: 'BACKEND_REJECTED',
      happened: `The index "${name}" cannot be sorted: its ranking rules do not have "sort".`,
      remedy: 'Add "sort" to the ranking rules, or ask for no sort.',
      index: name,
    });
  }
  const unsorted = query.sort.find(({ field }) => !isDeclared(field, sortableAttributes));
  if (unsorted !== undefined) throw notDeclared(name, unsorted.field, 'sortable', sortableAttributes);
}

const notDeclared = (name: string, field: string, use: string, declared: readonly string[]): ScrypathError =>
  new ScrypathError({
    code: 'FIELD_NOT_DECLARED',
    happened: `The field "${field}" of the index "${name}" is not declared ${use}.`,
    remedy:
      declared.length === 0
        ? `No field of this index is ${use}: declare it first.`
        : `Declare it, or use one of: ${declared.join(', ')}.`,
    index: name,
  });
