import { bullmq } from '../../src/bullmq/index.js';
import { pgBoss } from '../../src/pg-boss/index.js';
import type { ChildBehaviour } from '../../src/testing/queue-conformance/queue-under-test.js';
import { serveConsumer } from '../../src/testing/queue-conformance/serve-consumer.js';

// Started by describeQueue as a process of its own: engine, its address, name of the queue, behaviour.
const [, , engine, address, queue, behaviour] = process.argv as [
  string,
  string,
  string,
  string,
  string,
  ChildBehaviour,
];
serveConsumer(
  engine === 'pgboss'
    ? pgBoss({ connectionString: address, queue, heartbeatSeconds: 10 })
    : bullmq({ connection: { url: address }, queue, lockSeconds: 2 }),
  behaviour,
);
