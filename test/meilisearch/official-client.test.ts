import { ScrypathError } from '../../src/errors/scrypath-error.js';

jest.mock('meilisearch', () => {
  throw Object.assign(new Error("Cannot find module 'meilisearch'"), { code: 'MODULE_NOT_FOUND' });
});

describe('without the package "meilisearch"', () => {
  it('the door can be imported, and a backend is refused with what to install', async () => {
    const { meilisearch } = await import('scrypath/meilisearch');
    expect(() => meilisearch({ host: 'http://localhost:7700' })).toThrow(
      expect.objectContaining({ code: 'PEER_MISSING', remedy: expect.stringContaining('npm install meilisearch') }),
    );
    try {
      meilisearch({ host: 'http://localhost:7700' });
    } catch (error) {
      expect(ScrypathError.is(error) && error.cause).toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
  });
});
