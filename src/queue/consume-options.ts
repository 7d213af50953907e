import { ScrypathError } from '../errors/scrypath-error.js';
import { isWhole } from './retry-policy.js';
import type { ConsumeOptions } from './work-queue.js';

export const DEFAULT_STOP_MS = 30_000;

const MOST_KEYS = 100_000;

/** @throws ScrypathError `OPTION_INVALID` */
export function resolveConsume({ maxKeys = 1000, ...unknown }: ConsumeOptions): Required<ConsumeOptions> {
  const problems = Object.keys(unknown).map((name) => `${name} is not an option`);
  if (!isWhole(maxKeys, 1, MOST_KEYS)) problems.push(`maxKeys must be a whole number from 1 to ${MOST_KEYS}`);
  if (problems.length > 0)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of consume() are not valid: ${problems.join('; ')}.`,
      problems,
    });
  return { maxKeys };
}

export const queueClosed = (queue: string) =>
  new ScrypathError({ code: 'CLOSED', happened: `The queue "${queue}" is closed.`, remedy: 'Make a new one.' });
