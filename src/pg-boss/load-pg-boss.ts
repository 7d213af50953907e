import type * as Package from 'pg-boss';
import { ScrypathError } from '../errors/scrypath-error.js';

/** The engine's package. Loaded here, at the first queue, so that its door can be imported without it. */
export function loadPgBoss(): Pick<typeof Package, 'PgBoss'> {
  try {
    return require('pg-boss') as typeof Package;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The package "pg-boss", which scrypath/pg-boss works through, cannot be loaded.',
      remedy: 'Install it with `npm install pg-boss@^12.35.0`.',
      cause,
    });
  }
}
