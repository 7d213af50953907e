import type * as Package from 'bullmq';
import { ScrypathError } from '../errors/scrypath-error.js';

/** The engine's package. Loaded here, at the first queue, so that its door can be imported without it. */
export function loadBullmq(): Pick<typeof Package, 'Queue' | 'Worker' | 'WaitingError'> {
  try {
    return require('bullmq') as typeof Package;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The package "bullmq", which scrypath/bullmq works through, cannot be loaded.',
      remedy: 'Install it, and a Redis client for it, with `npm install bullmq@^6.7.0 ioredis`.',
      cause,
    });
  }
}
