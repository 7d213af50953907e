import { MeilisearchBackend } from './meilisearch-backend.js';
import type { MeilisearchOptions } from './meilisearch-options.js';

/**
 * A backend on a Meilisearch server, through the official client (package `meilisearch`, an optional peer). Sends
 * nothing yet: an unreachable server or a wrong key shows at the first call.
 * @throws ScrypathError `OPTION_INVALID` with every problem of the options; `PEER_MISSING`
 * @example const backend = meilisearch({ host: 'http://localhost:7700', apiKey: process.env.MEILI_KEY });
 */
export const meilisearch = (options: MeilisearchOptions): MeilisearchBackend => new MeilisearchBackend(options);
