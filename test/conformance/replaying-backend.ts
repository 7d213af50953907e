import type { Backend, HitPage } from '../../src/backend/backend.js';
import type { TaskRef } from '../../src/backend/task.js';
import { ScrypathError } from '../../src/errors/scrypath-error.js';
import type { SearchQuery } from '../../src/query/search-query.js';
import type { Found } from '../../src/testing/conformance/answer.js';
import { DATASETS } from '../../src/testing/conformance/datasets.js';
import { titleOf } from '../../src/testing/conformance/recording.js';
import { RECORDINGS } from '../../src/testing/conformance/recordings.js';
import { completeQuery } from '../../src/testing/conformance/search-case.js';

/** An engine that knows nothing but the recorded answers, and may change each before it gives it. */
export function replayingBackend(change: (page: HitPage) => HitPage = (page) => page): Backend {
  let ids = 0;
  const task = async (index: string): Promise<TaskRef> => ({ id: ++ids, index });
  const search = async (index: string, query: SearchQuery): Promise<HitPage> => change(recordedPage(index, query));
  const unused = (): never => {
    throw new Error('not replayed');
  };
  return {
    name: 'replaying',
    upsert: async (index) => [await task(index)],
    remove: async (index) => [await task(index)],
    outcomes: async (tasks) => tasks.map((ref) => ({ ...ref, status: 'succeeded', error: null })),
    search,
    documents: { scan: unused, keys: unused, fetch: unused },
    indexes: { create: task, apply: task, swap: task, drop: task, get: unused, settings: unused, stats: unused },
  };
}

function recordedPage(index: string, query: SearchQuery): HitPage {
  const asked = JSON.stringify(query);
  // The run's own part of an index name has no hyphen: what follows it is the name of the dataset.
  const dataset = DATASETS.find(({ name }) => index.replace(/^conformance_[0-9a-f]+_/, '') === name)!;
  const searched = dataset.cases.find((searchCase) => JSON.stringify(completeQuery(searchCase.query)) === asked)!;
  const answer = RECORDINGS[dataset.name]!.answers[titleOf(searched)]!;
  if ('error' in answer) throw new ScrypathError({ code: answer.error, happened: 'As recorded.' });
  return pageOf(answer, new Map(dataset.documents.map(({ key, data }) => [key, data])));
}

function pageOf(answer: Found, written: ReadonlyMap<string, HitPage['hits'][number]['data']>): HitPage {
  const { hits, formatted, shown, facets = {}, facetStats = {}, ...totals } = answer;
  return {
    hits: hits.map((key) => ({
      key,
      data: shown?.[key] ?? written.get(key)!,
      formatted: formatted?.[key] ?? null,
    })),
    ...totals,
    facets,
    facetStats,
    raw: answer,
  };
}
