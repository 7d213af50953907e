jest.mock('libsql', () => {
  throw new Error("Cannot find module 'libsql'");
});

import { embedded } from '../../src/embedded/index.js';

it('says what to install where the package libsql is missing', () => {
  expect(() => embedded()).toThrow(
    expect.objectContaining({
      code: 'PEER_MISSING',
      message: expect.stringContaining('npm install libsql'),
      cause: expect.objectContaining({ message: "Cannot find module 'libsql'" }),
    }),
  );
});
