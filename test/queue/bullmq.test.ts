import { Redis } from 'ioredis';
import { bullmq } from '../../src/bullmq/index.js';
import { describeQueue } from '../../src/testing/queue-conformance/describe-queue.js';
import type { QueueUnderTest } from '../../src/testing/queue-conformance/queue-under-test.js';
import { reachable } from '../stacks/reachable.js';
import { childProgram } from './child-program.js';
import { TcpProxy } from './tcp-proxy.js';

const title = 'queue conformance [redis · bullmq]';
const server = reachable().redis;

async function make(url: URL): Promise<QueueUnderTest> {
  const proxy = await TcpProxy.before({ host: url.hostname, port: Number(url.port || 6379) });
  const silent = { warn: () => undefined, error: () => undefined };
  const opened = new Set<string>();
  return {
    dataSource: null,
    open: (queue, retry) => {
      opened.add(queue);
      return bullmq({ connection: proxy.address, queue, retry, lockSeconds: 2, logger: silent });
    },
    program: (queue, behaviour) => childProgram('bullmq', url.href, queue, behaviour),
    interrupt: () => proxy.cut(),
    dispose: async () => {
      await proxy.close();
      const redis = new Redis(url.href);
      for (const queue of opened) {
        const keys = await redis.keys(`bull:${queue}:*`);
        if (keys.length > 0) await redis.del(...keys);
      }
      await redis.quit();
    },
  };
}

if (server.there) describeQueue(title, { transactional: false, make: () => make(new URL(server.at.url)) });
else describe(title, () => it.skip(`skipped: ${server.reason}`, () => undefined));
