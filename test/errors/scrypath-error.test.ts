import { inspect } from 'node:util';
import { ScrypathError } from 'scrypath';

describe('a ScrypathError', () => {
  const cause = new Error('refused');
  const error = new ScrypathError({
    code: 'BACKEND_UNREACHABLE',
    happened: 'It is off.',
    remedy: 'Start it.',
    index: 'movies',
    cause,
  });

  it('says what happened and what to do, and keeps the cause', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'ScrypathError',
      code: 'BACKEND_UNREACHABLE',
      message: 'It is off. Start it.',
      index: 'movies',
      cause,
    });
    expect(error.problems).toEqual([]);
  });

  it('prints the facts that it has, and no empty ones', () => {
    const printed = inspect(error);
    expect(printed).toMatch(/^ScrypathError: It is off. Start it\./);
    expect(printed).toContain("code: 'BACKEND_UNREACHABLE'");
    expect(printed).not.toMatch(/undefined|problems:|entity:|task:/);
  });

  it('is recognized by its code, also when another copy of the package made it', () => {
    jest.isolateModules(() => {
      const { ScrypathError: Other } = require('../../src/errors/scrypath-error') as {
        ScrypathError: typeof ScrypathError;
      };
      const foreign = new Other({ code: 'CLOSED', happened: 'x' });
      expect(foreign).not.toBeInstanceOf(ScrypathError);
      expect(ScrypathError.is(foreign, 'CLOSED')).toBe(true);
      expect(ScrypathError.is(foreign, 'TASK_FAILED')).toBe(false);
    });
    for (const other of [null, undefined, 'CLOSED', new Error('CLOSED'), { code: 'CLOSED' }])
      expect(ScrypathError.is(other)).toBe(false);
  });
});
