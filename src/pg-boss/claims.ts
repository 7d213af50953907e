import type { Job } from 'pg-boss';
import type { DirtyKey } from '../outbox/outbox-row.js';
import type { Delivery } from '../queue/batches.js';
import { keysOf } from '../queue/job-keys.js';

/** A job that this consumer holds, named by the attempt: a later attempt is another's. */
export interface Claim extends Delivery {
  readonly id: string;
  readonly retryCount: number;
}

export interface Sorted {
  readonly claims: readonly Claim[];
  /** Jobs that somebody else put into this queue. */
  readonly foreign: readonly Pick<Claim, 'id' | 'retryCount'>[];
}

export function claimsOf(jobs: readonly Pick<Job<unknown>, 'id' | 'data' | 'retryCount'>[]): Sorted {
  const read = jobs.map(({ id, retryCount, data }) => ({ id, retryCount, keys: keysOf(data) }));
  return {
    claims: read.flatMap(({ id, retryCount, keys }) =>
      keys === null ? [] : [{ id, retryCount, keys: keys as readonly DirtyKey[], earlierAttempts: retryCount }],
    ),
    foreign: read.filter(({ keys }) => keys === null).map(({ id, retryCount }) => ({ id, retryCount })),
  };
}
