import type * as Api from '@opentelemetry/api';
import { ScrypathError } from '../index.js';

/** The API's package. Loaded at the first use, so that this door can be imported without it. */
export function loadApi(): typeof Api {
  try {
    return require('@opentelemetry/api') as typeof Api;
  } catch (cause) {
    throw new ScrypathError({
      code: 'PEER_MISSING',
      happened: 'The package "@opentelemetry/api", which scrypath/opentelemetry works through, cannot be loaded.',
      remedy: 'Install it with `npm install @opentelemetry/api@^1.9.0`.',
      cause,
    });
  }
}
