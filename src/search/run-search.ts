import type { EntityManager } from 'typeorm';
import type { Backend, HitPage, RawHit } from '../backend/backend.js';
import type { JsonObject } from '../document/json.js';
import { type Hydrate, hydrate } from '../hydration/hydrate.js';
import { mergeDeep } from '../metadata/record-key.js';
import { ORDER_ATTRIBUTE, type SearchMetadata } from '../metadata/search-metadata.js';
import { toJson } from '../projection/json-value.js';
import { buildQuery } from '../query/query-builder.js';
import type { SearchQuery } from '../query/search-query.js';
import { span } from '../telemetry/span.js';
import type { FacetCounts, Hit, ResultPage } from './search-result.js';

const DEFAULT_MAX_TOTAL_HITS = 1000;

/** Where a search runs: the index of one entity, and the manager that reads its rows. */
export interface SearchSite {
  readonly backend: Backend;
  readonly metadata: SearchMetadata;
  readonly indexName: string;
  readonly manager: EntityManager;
}

export interface RunOptions {
  readonly hydrate?: Hydrate<object> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly query: Readonly<Record<string, unknown>>;
}

/** Facts of a `scrypath:search` span. */
export interface SearchSpan {
  readonly entity: string;
  readonly index: string;
  /** Hits of the page; there at the end. */
  hits?: number;
}

/** Builds the query, asks the backend, names things as the entity does, and reads rows where that was asked for. */
export async function runSearch(site: SearchSite, text: string, options: RunOptions): Promise<object> {
  const { backend, metadata, indexName, manager } = site;
  const query = buildQuery(metadata, text, options.query);
  const facts: SearchSpan = { entity: metadata.entity, index: indexName };
  return span('scrypath:search', facts, async (context) => {
    const found = await backend.search(indexName, query, { signal: options.signal });
    context.hits = found.hits.length;
    const result = {
      query,
      hits: Object.freeze(found.hits.map((hit) => hitOf(metadata, hit))),
      page: pageOf(metadata, query, found),
      facets: byPath(metadata, query.facets, (name): FacetCounts => found.facets[name] ?? {}),
      facetStats: byPath(metadata, query.facets, (name) => found.facetStats[name]),
      raw: found.raw,
    };
    if (options.hydrate === undefined) return Object.freeze(result);
    const keys = found.hits.map((hit) => hit.key);
    return Object.freeze({ ...result, ...(await hydrate(metadata, keys, manager, options.hydrate)) });
  });
}

function hitOf({ key, source }: SearchMetadata, { key: documentKey, data, formatted }: RawHit): Hit<object> {
  const { [ORDER_ATTRIBUTE]: _places, ...document } = data;
  // A projection hook says itself what a hit holds; declared fields always come with the record's primary key.
  const idMap = source === 'fields' ? (toJson(key.tryIdMap(documentKey) ?? {}) as JsonObject) : {};
  const nested = Object.values(idMap).some((value) => typeof value === 'object');
  const merged = nested ? mergeDeep(idMap, document) : { ...idMap, ...document };
  const hit: Record<string, unknown> = Object.assign(merged, { _key: documentKey });
  if (formatted !== null) {
    const { [ORDER_ATTRIBUTE]: _formattedPlaces, ...marked } = formatted;
    hit._formatted = marked;
  }
  return hit as Hit<object>;
}

function pageOf(metadata: SearchMetadata, { page }: SearchQuery, found: HitPage): ResultPage {
  if (found.totalHits === undefined) return { ...page, estimatedTotalHits: found.estimatedTotalHits ?? 0 };
  const reachable = metadata.settings.pagination?.maxTotalHits ?? DEFAULT_MAX_TOTAL_HITS;
  const totalPages = Math.ceil(Math.min(found.totalHits, reachable) / page.size);
  return { ...page, totalHits: found.totalHits, totalPages };
}

function byPath<T>(metadata: SearchMetadata, names: readonly string[], of: (name: string) => T | undefined) {
  const entries = names.map((name) => [metadata.fields.find((field) => field.name === name)?.path ?? name, of(name)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, T>;
}
