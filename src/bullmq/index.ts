export { bullmq } from './bullmq.js';
export { BullmqConsumer } from './bullmq-consumer.js';
export type { BullmqOptions } from './bullmq-options.js';
export { BullmqQueue } from './bullmq-queue.js';
