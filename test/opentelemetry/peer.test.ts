jest.mock('@opentelemetry/api', () => {
  throw new Error("Cannot find module '@opentelemetry/api'");
});

import type { Scrypath } from 'scrypath';
import { instrument } from 'scrypath/opentelemetry';

it('says what to install where the package @opentelemetry/api is missing', () => {
  expect(() => instrument({} as Scrypath)).toThrow(
    expect.objectContaining({
      code: 'PEER_MISSING',
      message: expect.stringContaining('npm install @opentelemetry/api'),
    }),
  );
});
