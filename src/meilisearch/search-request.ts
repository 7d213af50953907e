import type { SearchParams } from 'meilisearch';
import type { HitPage, RawHit } from '../backend/backend.js';
import type { JsonObject } from '../document/json.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import type { SearchQuery } from '../query/search-query.js';
import { toMeilisearchFilter } from './filter-syntax.js';

/** The body of `POST /indexes/:uid/search`. */
export function toSearchRequest(query: SearchQuery): SearchParams {
  const { text, filter, sort, page, total, facets, highlight, matching } = query;
  return {
    q: text.toWellFormed(),
    ...(filter === null ? {} : { filter: toMeilisearchFilter(filter) }),
    ...(sort.length === 0 ? {} : { sort: sort.map(({ field, direction }) => `${field}:${direction}`) }),
    ...(facets.length === 0 ? {} : { facets: [...facets] }),
    ...(highlight === null
      ? {}
      : {
          attributesToHighlight: [...highlight.fields],
          highlightPreTag: highlight.pre,
          highlightPostTag: highlight.post,
        }),
    ...(total === 'exact'
      ? { page: page.number, hitsPerPage: page.size }
      : { offset: (page.number - 1) * page.size, limit: page.size }),
    matchingStrategy: matching,
  };
}

/** The members that the engine adds to a hit; `_geo`, `_geojson` and `_vectors` are the document's own. */
const ADDED_TO_HITS = new Set([
  KEY_ATTRIBUTE,
  '_formatted',
  '_matchesPosition',
  '_rankingScore',
  '_rankingScoreDetails',
  '_geoDistance',
  '_federation',
]);

/** An answer to {@link toSearchRequest}, or null where it is none. */
export function toHitPage(answer: unknown): HitPage | null {
  if (!isObject(answer) || !Array.isArray(answer.hits)) return null;
  const hits: RawHit[] = [];
  for (const hit of answer.hits) {
    const key = isObject(hit) ? keyOf(hit) : null;
    if (key === null) return null;
    hits.push({
      key,
      data: withoutAdded(hit),
      formatted: isObject(hit._formatted) ? withoutAdded(hit._formatted) : null,
    });
  }
  return {
    hits,
    ...totalsOf(answer),
    facets: (answer.facetDistribution ?? {}) as HitPage['facets'],
    facetStats: (answer.facetStats ?? {}) as HitPage['facetStats'],
    raw: answer,
  };
}

function totalsOf(answer: Record<string, unknown>): Pick<HitPage, 'totalHits' | 'totalPages' | 'estimatedTotalHits'> {
  const { totalHits, totalPages, estimatedTotalHits } = answer;
  return {
    ...(typeof totalHits === 'number' ? { totalHits } : {}),
    ...(typeof totalPages === 'number' ? { totalPages } : {}),
    ...(typeof estimatedTotalHits === 'number' ? { estimatedTotalHits } : {}),
  };
}

/** The document alone, without its key. */
export function withoutAdded(hit: Record<string, unknown>): JsonObject {
  const data: Record<string, unknown> = {};
  for (const name in hit) if (!ADDED_TO_HITS.has(name)) data[name] = hit[name];
  return data as JsonObject;
}

/** The key of a stored document, or null where it is not shown. Other programs may have written it as a number. */
export function keyOf(document: Record<string, unknown>): string | null {
  const key = document[KEY_ATTRIBUTE];
  return typeof key === 'string' || typeof key === 'number' ? String(key) : null;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
