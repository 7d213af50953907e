import { embedded } from '../../src/embedded/index.js';
import { describeBackend } from '../../src/testing/conformance/describe-backend.js';

describeBackend('conformance [embedded]', async () => {
  const backend = embedded();
  return { backend, dispose: () => backend.close() };
});
