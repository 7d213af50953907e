export { pgBoss } from './pg-boss.js';
export type { PgBossOptions } from './pg-boss-options.js';
export { PgBossQueue } from './pg-boss-queue.js';
