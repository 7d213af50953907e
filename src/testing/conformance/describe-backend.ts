import assert from 'node:assert/strict';
import { answerOf, assertSameAnswer } from './answer.js';
import { BEHAVIOURS } from './behaviours.js';
import { type BackendUnderTest, Bench } from './bench.js';
import type { Dataset } from './dataset.js';
import { DATASETS } from './datasets.js';
import { titleOf } from './recording.js';
import { RECORDINGS } from './recordings.js';
import { globalFramework, type TestFramework } from './test-framework.js';

/**
 * Runs the conformance suite against a backend: every search must answer what was recorded from Meilisearch, and writes,
 * tasks, settings and swaps must behave as the seam says. It makes indexes named `conformance_…` and drops them again;
 * a run against a server takes seconds.
 * @param make opens the backend; called once for the run, and once more for the case that closes one
 * @param framework the functions of the test framework; default the globals of Jest
 * @throws ScrypathError `OPTION_INVALID` where neither is there
 * @example
 * describeBackend('my engine', async () => {
 *   const backend = new MyBackend(await startMyEngine());
 *   return { backend, dispose: () => backend.close() };
 * });
 */
export function describeBackend(
  name: string,
  make: () => Promise<BackendUnderTest>,
  framework: TestFramework = globalFramework(),
): void {
  const { describe, it, beforeAll, afterAll } = framework;
  let bench: Bench;

  describe(name, () => {
    beforeAll(async () => {
      bench = await Bench.open(make);
    });
    afterAll(async () => {
      // Not there where it could not be opened.
      await bench?.close();
    });

    for (const dataset of DATASETS) {
      describe(`searching ${dataset.name}`, () => {
        let index: string;
        beforeAll(async () => {
          index = await bench.index(dataset.name, dataset.documents, dataset.settings);
        });
        describeSearches(dataset, framework, () => ({ bench, index }));
      });
    }

    for (const [group, behaviours] of grouped(BEHAVIOURS)) {
      describe(group, () => {
        for (const behaviour of behaviours) it(behaviour.name, () => behaviour.run(bench));
      });
    }
  });
}

function describeSearches(
  dataset: Dataset,
  { describe, it }: TestFramework,
  opened: () => { readonly bench: Bench; readonly index: string },
): void {
  for (const [group, cases] of grouped(dataset.cases)) {
    describe(group, () => {
      for (const searchCase of cases) {
        it(searchCase.name, async () => {
          const recorded = RECORDINGS[dataset.name]?.answers[titleOf(searchCase)];
          assert.ok(recorded !== undefined, 'no answer to this case is recorded');
          const { bench, index } = opened();
          assertSameAnswer(await answerOf(bench.backend, index, dataset, searchCase), recorded, searchCase);
        });
      }
    });
  }
}

function grouped<C extends { readonly group: string }>(cases: readonly C[]): Map<string, C[]> {
  const groups = new Map<string, C[]>();
  for (const one of cases) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}
