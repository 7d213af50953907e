import type { PgBoss } from 'pg-boss';
import { ScrypathError } from '../errors/scrypath-error.js';
import { isWhole, type RetryOptions, type RetryPolicy, resolveRetry } from '../queue/retry-policy.js';
import type { Logger } from '../telemetry/logger.js';

export type PgBossOptions = (OwnBoss | YourBoss) & {
  /** The name of the queue in pg-boss; default `scrypath`. Programs that share it share its jobs. */
  readonly queue?: string;
  /** The schema of pg-boss's tables; default `pgboss`. */
  readonly schema?: string;
  readonly retry?: RetryOptions;
  /**
   * Seconds without a sign of life after which a consumer's jobs are handed to another, whole, 10 or more; default 30.
   * pg-boss looks for such jobs at intervals of its own, which come on top.
   */
  readonly heartbeatSeconds?: number;
  /** Milliseconds between two looks for jobs while there are none; default 1000. New jobs are usually announced before. */
  readonly pollMs?: number;
  /** Told of outages; default `console`. */
  readonly logger?: Logger;
};

interface OwnBoss {
  /** The database that the entities are in. An instance of pg-boss is made, started and stopped for you. */
  readonly connectionString: string;
  readonly boss?: never;
}

interface YourBoss {
  /** An instance of yours, on the database that the entities are in. You start it, you stop it, you hear its errors. */
  readonly boss: PgBoss;
  readonly connectionString?: never;
}

export interface ResolvedPgBossOptions {
  readonly boss: PgBoss | null;
  readonly connectionString: string | null;
  readonly queue: string;
  readonly schema: string;
  readonly retry: RetryPolicy;
  readonly heartbeatSeconds: number;
  readonly pollMs: number;
  readonly logger: Logger;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Every problem in one `OPTION_INVALID`. The connection string is not repeated in it. */
export function resolvePgBossOptions(given: PgBossOptions): ResolvedPgBossOptions {
  const {
    boss = null,
    connectionString = null,
    queue = 'scrypath',
    schema = 'pgboss',
    retry: givenRetry = {},
    heartbeatSeconds = 30,
    pollMs = 1000,
    logger = console,
    ...unknown
  } = given ?? {};
  const problems = Object.keys(unknown).map((name) => `${name} is not an option`);
  const retry = resolveRetry(givenRetry, problems);
  if ((boss === null) === (connectionString === null)) problems.push('give either a boss or a connectionString');
  if (connectionString !== null && !/^postgres(?:ql)?:\/\//.test(connectionString))
    problems.push('connectionString does not begin with postgres://');
  if (boss !== null && typeof boss.insert !== 'function') problems.push('boss is no instance of PgBoss');
  if (!/^[\w./-]{1,100}$/.test(queue)) problems.push('queue may hold 1 to 100 of A-Z a-z 0-9 _ . / -');
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(schema)) problems.push('schema may hold 1 to 50 of a-z 0-9 _');
  if (!isWhole(heartbeatSeconds, 10, 3600)) problems.push('heartbeatSeconds must be a whole number from 10 to 3600');
  if (!isWhole(pollMs, 10, LONGEST_TIMER_MS)) problems.push('pollMs must be whole milliseconds, 10 or more');
  if (typeof logger?.warn !== 'function') problems.push('logger must have the functions warn and error');
  if (problems.length > 0)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of pgBoss() are not valid: ${problems.join('; ')}.`,
      problems,
    });
  return Object.freeze({ boss, connectionString, queue, schema, retry, heartbeatSeconds, pollMs, logger });
}
