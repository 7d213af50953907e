import type { PgBossOptions } from './pg-boss-options.js';
import { PgBossQueue } from './pg-boss-queue.js';

/**
 * A queue in PostgreSQL through pg-boss (package `pg-boss`, an optional peer). Its jobs are committed and rolled back with
 * the transaction that wrote the records. Sends nothing yet: a server that is away shows at `start()`, or at the first call.
 * @throws ScrypathError `OPTION_INVALID` with every problem of the options; `PEER_MISSING`
 * @example const queue = pgBoss({ connectionString: 'postgres://localhost/app' });
 */
export const pgBoss = (options: PgBossOptions): PgBossQueue => new PgBossQueue(options);
