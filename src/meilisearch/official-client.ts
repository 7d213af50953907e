import type { Meilisearch } from 'meilisearch';
import { ScrypathError } from '../errors/scrypath-error.js';

type OfficialPackage = { readonly Meilisearch: typeof Meilisearch };

/** The official client's package. Loaded here, at the first backend, so that its door can be imported without it. */
export function loadOfficialClient(): OfficialPackage {
  try {
    return require('meilisearch') as OfficialPackage;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The package "meilisearch", which scrypath/meilisearch works through, cannot be loaded.',
      remedy: 'Install it with `npm install meilisearch@^0.62.0`; it needs Node 20.19 or later.',
      cause,
    });
  }
}
