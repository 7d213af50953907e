jest.mock('pg-boss', () => {
  throw new Error("Cannot find module 'pg-boss'");
});
jest.mock('bullmq', () => {
  throw new Error("Cannot find module 'bullmq'");
});

import { bullmq } from '../../src/bullmq/index.js';
import { pgBoss } from '../../src/pg-boss/index.js';

it.each([
  ['pg-boss', () => pgBoss({ connectionString: 'postgres://db/app' })],
  ['bullmq', () => bullmq({ connection: { host: 'db' } })],
])('says what to install where the package %s is missing', (name, make) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: 'PEER_MISSING',
      message: expect.stringContaining(`npm install ${name}`),
      cause: expect.objectContaining({ message: `Cannot find module '${name}'` }),
    }),
  );
});
