import { meilisearch } from '../../src/meilisearch/meilisearch.js';
import { describeBackend } from '../../src/testing/conformance/describe-backend.js';
import { reachable } from '../stacks/reachable.js';

const server = reachable().engines.meilisearch;

if (!server.there || server.at === null) {
  describe('conformance [meilisearch]', () => {
    it.skip(`skipped: ${server.there ? 'it has no address' : server.reason}`, () => {});
  });
} else {
  const { url, apiKey } = server.at;
  describeBackend('conformance [meilisearch]', async () => {
    const backend = meilisearch({ host: url, apiKey });
    return { backend, dispose: () => backend.close() };
  });
}
