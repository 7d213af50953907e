import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATASETS } from '../../src/testing/conformance/datasets.js';
import { recordingText } from '../../src/testing/conformance/recording.js';
import { reachable } from '../stacks/reachable.js';
import { recordConformance } from './record-conformance.js';

// Writes the recorded answers anew; no part of a test run:
//   npx jest --testMatch '<rootDir>/test/conformance/record.ts'
const FOLDER = join(__dirname, '../../src/testing/conformance/recorded');

it('records the answers of Meilisearch 1.50', async () => {
  const server = reachable().engines.meilisearch;
  if (!server.there || server.at === null) throw new Error(server.there ? 'It has no address.' : server.reason);
  const recordings = await recordConformance(DATASETS, server.at);
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, recording] of recordings) writeFileSync(join(FOLDER, `${name}.json`), recordingText(recording));
  const answers = [...recordings.values()].reduce((sum, recording) => sum + Object.keys(recording.answers).length, 0);
  expect(answers).toBeGreaterThanOrEqual(300);
}, 600_000);
