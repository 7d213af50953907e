import { randomBytes } from 'node:crypto';
import { startMeilisearch } from '../test/stacks/meilisearch-server.js';
import type { Outcome } from './figure.js';

export interface Server {
  readonly url: string;
  readonly apiKey: string;
  /** Whether it is reached over loopback. */
  readonly local: boolean;
  /** For index names that no other run uses. */
  readonly prefix: string;
}

/**
 * Measures on the server of `SCRYPATH_MEILISEARCH_URL`, else on one started for it. Where there is neither, the figures
 * named are skipped.
 */
export async function onMeilisearch(
  figures: readonly string[],
  measure: (server: Server) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  const prefix = `bench_${randomBytes(4).toString('hex')}`;
  const { SCRYPATH_MEILISEARCH_URL: url, SCRYPATH_MEILISEARCH_KEY: apiKey = '' } = process.env;
  if (url) return measure({ url, apiKey, local: LOOPBACK.test(new URL(url).hostname), prefix });
  const server = await startMeilisearch();
  if (server === null) return figures.map((name) => ({ name, skipped: NO_SERVER }));
  try {
    return await measure({ url: server.url, apiKey: server.apiKey, local: true, prefix });
  } finally {
    await server.stop();
  }
}

const LOOPBACK = /^(localhost|127\..+|\[::1\])$/;
const NO_SERVER = 'SCRYPATH_MEILISEARCH_URL is not set and no program meilisearch is on the PATH';
