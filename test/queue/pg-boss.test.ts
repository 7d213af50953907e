import { pgBoss } from '../../src/pg-boss/index.js';
import { describeQueue } from '../../src/testing/queue-conformance/describe-queue.js';
import type { QueueUnderTest } from '../../src/testing/queue-conformance/queue-under-test.js';
import { reachable } from '../stacks/reachable.js';
import { openDatabase } from '../stacks/stack.js';
import { childProgram } from './child-program.js';
import { TcpProxy } from './tcp-proxy.js';

const title = 'queue conformance [postgres · pgboss]';
const server = reachable().databases.postgres;

async function make(): Promise<QueueUnderTest> {
  const { dataSource, drop } = await openDatabase('postgres', []);
  const url = new URL((dataSource.options as unknown as { url: string }).url);
  const proxy = await TcpProxy.before({ host: url.hostname, port: Number(url.port || 5432) });
  const through = new URL(url);
  through.host = `${proxy.address.host}:${proxy.address.port}`;
  const silent = { warn: () => undefined, error: () => undefined };
  return {
    dataSource,
    open: (queue, retry) =>
      pgBoss({ connectionString: through.href, queue, retry, heartbeatSeconds: 10, logger: silent }),
    program: (queue, behaviour) => childProgram('pgboss', url.href, queue, behaviour),
    interrupt: () => proxy.cut(),
    dispose: async () => {
      await proxy.close();
      await drop();
    },
  };
}

if (server.there) describeQueue(title, { transactional: true, make });
else describe(title, () => it.skip(`skipped: ${server.reason}`, () => undefined));
