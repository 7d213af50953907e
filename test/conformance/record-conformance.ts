import assert from 'node:assert/strict';
import { meilisearch } from '../../src/meilisearch/meilisearch.js';
import { type Answer, answerOf } from '../../src/testing/conformance/answer.js';
import { Bench } from '../../src/testing/conformance/bench.js';
import type { Dataset } from '../../src/testing/conformance/dataset.js';
import { fingerprintOf, type Recording, titleOf } from '../../src/testing/conformance/recording.js';

const REFERENCE = /^1\.50\.\d+$/;

export interface ReferenceServer {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * Puts every case of the datasets to a real Meilisearch, twice over fresh indexes, and gives what it answered.
 * It takes a server, not a backend: no other engine can be recorded.
 * @throws AssertionError where the server is not the reference version, or where it answers a case in two ways
 */
export async function recordConformance(
  datasets: readonly Dataset[],
  server: ReferenceServer,
): Promise<Map<string, Recording>> {
  const recordedFrom = await versionOf(server);
  assert.match(recordedFrom, REFERENCE, `answers are recorded from 1.50, this server says ${recordedFrom}`);
  const recordings = new Map<string, Recording>();
  const unsteady: string[] = [];
  for (const dataset of datasets) {
    const answers = await answersOf(dataset, server);
    const again = await answersOf(dataset, server);
    for (const [title, answer] of Object.entries(answers)) {
      if (JSON.stringify(answer) !== JSON.stringify(again[title])) unsteady.push(`${dataset.name}, ${title}`);
    }
    recordings.set(dataset.name, { recordedFrom, of: fingerprintOf(dataset), answers });
  }
  assert.deepEqual(unsteady, [], 'the server answers these cases in more than one way');
  return recordings;
}

async function versionOf({ url, apiKey }: ReferenceServer): Promise<string> {
  const response = await fetch(`${url}/version`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { pkgVersion } = (await response.json()) as { readonly pkgVersion?: unknown };
  return String(pkgVersion);
}

async function answersOf(dataset: Dataset, { url, apiKey }: ReferenceServer): Promise<Record<string, Answer>> {
  const bench = await Bench.open(async () => {
    const backend = meilisearch({ host: url, apiKey });
    return { backend, dispose: () => backend.close() };
  });
  try {
    const index = await bench.index(dataset.name, dataset.documents, dataset.settings);
    const answers: Record<string, Answer> = {};
    for (const searchCase of dataset.cases) {
      const title = titleOf(searchCase);
      assert.ok(!(title in answers), `two cases of ${dataset.name} are called "${title}"`);
      answers[title] = await answerOf(bench.backend, index, dataset, searchCase);
    }
    return answers;
  } finally {
    await bench.close();
  }
}
