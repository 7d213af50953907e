import { ScrypathError } from '../errors/scrypath-error.js';
import { isWhole } from './retry-policy.js';

const MOST = 1000;

/** @throws ScrypathError `OPTION_INVALID` */
export function pageSize(limit = 100): number {
  if (isWhole(limit, 1, MOST)) return limit;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `A page of failed jobs cannot have that limit.`,
    remedy: `Give a whole number from 1 to ${MOST}.`,
  });
}
