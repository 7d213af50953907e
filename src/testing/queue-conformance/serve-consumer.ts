import type { WorkQueue } from '../../queue/work-queue.js';
import type { ChildBehaviour } from './queue-under-test.js';

/**
 * The body of the program that `describeQueue` starts as a process of its own: consumes the queue, and prints the keys of
 * each batch as a line of JSON. It ends with SIGTERM, and never where it is to hold.
 * @example
 * const [, , name, behaviour] = process.argv;
 * serveConsumer(openMyQueue(name!), behaviour as 'hold' | 'finish');
 */
export function serveConsumer(queue: WorkQueue, behaviour: ChildBehaviour): void {
  queue.consume(async (keys) => {
    process.stdout.write(`${JSON.stringify(keys.map(({ entity, recordKey }) => `${entity} ${recordKey}`))}\n`);
    if (behaviour === 'hold') await new Promise<never>(() => undefined);
  });
  process.once('SIGTERM', () => {
    void queue.close().then(() => process.exit(0));
  });
}
