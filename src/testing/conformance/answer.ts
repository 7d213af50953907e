import type { Backend, HitPage } from '../../backend/backend.js';
import type { JsonObject } from '../../document/json.js';
import { type ErrorCode, ScrypathError } from '../../errors/scrypath-error.js';
import type { Dataset } from './dataset.js';
import { asJson, assertEqualJson } from './json-equality.js';
import { completeQuery, type SearchCase } from './search-case.js';

/** What a search answered, as far as a conformance case compares it; an empty part is left out. */
export type Answer = Found | Refused;

export interface Found {
  /** The keys, best first. */
  readonly hits: readonly string[];
  readonly totalHits?: number;
  readonly totalPages?: number;
  readonly estimatedTotalHits?: number;
  /** Of the facets asked for, those that have a value. */
  readonly facets?: HitPage['facets'];
  readonly facetStats?: HitPage['facetStats'];
  /** The marked documents by key, for a query that asks for marks. */
  readonly formatted?: Readonly<Record<string, JsonObject | null>>;
  /** The documents by key, where the settings hide a part of them; elsewhere they must be what was written. */
  readonly shown?: Readonly<Record<string, JsonObject>>;
}

export interface Refused {
  readonly error: ErrorCode;
}

/** Puts one case to an index that holds the dataset. */
export async function answerOf(
  backend: Backend,
  index: string,
  dataset: Dataset,
  { query }: SearchCase,
): Promise<Answer> {
  const complete = completeQuery(query);
  try {
    const page = await backend.search(index, complete);
    const hidesFields = dataset.settings.displayedAttributes !== undefined;
    if (!hidesFields) assertDocumentsAsWritten(page, dataset);
    const { totalHits, totalPages, estimatedTotalHits } = page;
    return asJson({
      hits: page.hits.map((hit) => hit.key),
      totalHits,
      totalPages,
      estimatedTotalHits,
      ...(complete.facets.length === 0 ? {} : facetsOf(page, complete.facets)),
      ...(complete.highlight === null ? {} : { formatted: byKey(page, (hit) => hit.formatted) }),
      ...(hidesFields ? { shown: byKey(page, (hit) => hit.data) } : {}),
    }) as Found;
  } catch (failure) {
    if (!ScrypathError.is(failure)) throw failure;
    return { error: failure.code };
  }
}

/** Of the facets asked for: the reference engine adds their children, and leaves out what no document has. */
function facetsOf(page: HitPage, asked: readonly string[]): Pick<Found, 'facets' | 'facetStats'> {
  const among = <V>(facets: Readonly<Record<string, V>>): Record<string, V> =>
    Object.fromEntries(Object.entries(facets).filter(([field]) => asked.includes(field)));
  const counted = Object.entries(among(page.facets)).filter(([, counts]) => Object.keys(counts).length > 0);
  return { facets: Object.fromEntries(counted), facetStats: among(page.facetStats) };
}

const byKey = <V>(page: HitPage, partOf: (hit: HitPage['hits'][number]) => V): Record<string, V> =>
  Object.fromEntries(page.hits.map((hit) => [hit.key, partOf(hit)]));

function assertDocumentsAsWritten(page: HitPage, dataset: Dataset): void {
  const written = new Map(dataset.documents.map((document) => [document.key, document.data]));
  for (const hit of page.hits) {
    assertEqualJson(hit.data, written.get(hit.key), `document ${hit.key} is not what was written`);
  }
}

/** Fails where an answer is not the recorded one. */
export function assertSameAnswer(actual: Answer, recorded: Answer, { anyOrder }: SearchCase): void {
  if (anyOrder === undefined) assertEqualJson(actual, recorded);
  else assertEqualJson(withSortedHits(actual), withSortedHits(recorded));
}

const withSortedHits = (answer: Answer): Answer =>
  'hits' in answer ? { ...answer, hits: [...answer.hits].sort() } : answer;
