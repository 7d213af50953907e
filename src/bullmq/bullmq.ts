import type { BullmqOptions } from './bullmq-options.js';
import { BullmqQueue } from './bullmq-queue.js';

/**
 * A queue in Redis through BullMQ (package `bullmq`, an optional peer). Redis cannot join the transaction that wrote the
 * records: its jobs are made after the commit, from the rows of the outbox, which stay until their work is done. Connects
 * at the first use.
 * @throws ScrypathError `OPTION_INVALID` with every problem of the options; `PEER_MISSING`
 * @example const queue = bullmq({ connection: { host: '127.0.0.1', port: 6379 } });
 */
export const bullmq = (options: BullmqOptions): BullmqQueue => new BullmqQueue(options);
