export type { BackendUnderTest } from './conformance/bench.js';
export { describeBackend } from './conformance/describe-backend.js';
export type { TestFramework } from './conformance/test-framework.js';
export {
  FAULT_POINTS,
  type FailTaskOptions,
  type FaultPoint,
  Faults,
  SimulatedCrash,
  withFaults,
} from './faults.js';
export { describeQueue, type QueueSuite } from './queue-conformance/describe-queue.js';
export type { ChildBehaviour, QueueUnderTest } from './queue-conformance/queue-under-test.js';
export { serveConsumer } from './queue-conformance/serve-consumer.js';
export type { Written } from './stand-in-tasks.js';
export { createTestScrypath, type TestScrypath, type TestScrypathOptions } from './test-scrypath.js';
