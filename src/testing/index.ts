export type { BackendUnderTest } from './conformance/bench.js';
export { describeBackend } from './conformance/describe-backend.js';
export type { TestFramework } from './conformance/test-framework.js';
export { FAULT_POINTS, type FaultPoint, Faults, SimulatedCrash, withFaults } from './faults.js';
export { createTestScrypath, type TestScrypath, type TestScrypathOptions } from './test-scrypath.js';
