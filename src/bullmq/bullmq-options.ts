import type { ConnectionOptions } from 'bullmq';
import { ScrypathError } from '../errors/scrypath-error.js';
import { isWhole, type RetryOptions, type RetryPolicy, resolveRetry } from '../queue/retry-policy.js';
import type { Logger } from '../telemetry/logger.js';

export interface BullmqOptions {
  /**
   * Where Redis is, as BullMQ takes it: options such as `{ host, port }` or `{ url }`, or a client of yours, which stays
   * yours to close. A client that is to consume needs `maxRetriesPerRequest: null`, and then `enqueue` waits for as long
   * as Redis is away; with options it fails at the first reconnection that does.
   */
  readonly connection: ConnectionOptions;
  /** The name of the queue in BullMQ; default `scrypath`. Programs that share it share its jobs. */
  readonly queue?: string;
  /** Stands before every key in Redis; default `bull`, as in BullMQ. */
  readonly prefix?: string;
  readonly retry?: RetryOptions;
  /** Seconds without a sign of life after which a consumer's jobs are handed to another, whole; default 30. */
  readonly lockSeconds?: number;
  /** Told of outages; default `console`. */
  readonly logger?: Logger;
}

export interface ResolvedBullmqOptions {
  readonly connection: ConnectionOptions;
  readonly queue: string;
  readonly prefix: string;
  readonly retry: RetryPolicy;
  readonly lockSeconds: number;
  readonly logger: Logger;
}

/** Every problem in one `OPTION_INVALID`. Nothing of the connection is repeated in it. */
export function resolveBullmqOptions(given: BullmqOptions): ResolvedBullmqOptions {
  const {
    connection,
    queue = 'scrypath',
    prefix = 'bull',
    retry: givenRetry = {},
    lockSeconds = 30,
    logger = console,
    ...unknown
  } = given ?? {};
  const problems = Object.keys(unknown).map((name) => `${name} is not an option`);
  const retry = resolveRetry(givenRetry, problems);
  if (typeof connection !== 'object' || connection === null) problems.push('connection must say where Redis is');
  if (!/^[\w./-]{1,100}$/.test(queue)) problems.push('queue may hold 1 to 100 of A-Z a-z 0-9 _ . / -');
  if (typeof prefix !== 'string' || prefix === '') problems.push('prefix must be text');
  if (!isWhole(lockSeconds, 1, 3600)) problems.push('lockSeconds must be a whole number from 1 to 3600');
  if (typeof logger?.warn !== 'function') problems.push('logger must have the functions warn and error');
  if (problems.length > 0)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of bullmq() are not valid: ${problems.join('; ')}.`,
      problems,
    });
  return Object.freeze({ connection, queue, prefix, retry, lockSeconds, logger });
}

const isClient = (connection: ConnectionOptions): boolean =>
  'duplicate' in connection && typeof connection.duplicate === 'function';

/** For adding and counting: a caller waits for these, and would wait for as long as Redis is away. */
export const failingFast = (connection: ConnectionOptions): ConnectionOptions =>
  isClient(connection) ? connection : { maxRetriesPerRequest: 1, ...connection };
