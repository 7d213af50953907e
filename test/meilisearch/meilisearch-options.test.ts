import { inspect } from 'node:util';
import { type MeilisearchOptions, meilisearch } from 'scrypath/meilisearch';
import { ScrypathError } from '../../src/errors/scrypath-error.js';

function problemsOf(options: object): readonly string[] {
  try {
    meilisearch(options as MeilisearchOptions);
  } catch (error) {
    if (ScrypathError.is(error, 'OPTION_INVALID')) return error.problems;
    throw error;
  }
  return [];
}

describe('the options of meilisearch()', () => {
  it('are all checked at once, before anything is sent', () => {
    const problems = problemsOf({
      host: 'localhost:7700',
      apiKey: 'two words',
      timeoutMs: 0,
      pollMs: { first: -1, longest: Number.NaN, often: 1 },
      compression: 'yes',
      maxPayloadBytes: 96_000_000,
      requestInit: { signal: new AbortController().signal },
      retries: 3,
    });
    expect(problems).toEqual([
      'retries is not an option',
      expect.stringContaining('host'),
      expect.stringContaining('apiKey'),
      'pollMs.often is not an option',
      expect.stringContaining('timeoutMs'),
      expect.stringContaining('pollMs.first'),
      expect.stringContaining('pollMs.longest'),
      expect.stringContaining('compression'),
      expect.stringContaining('maxPayloadBytes'),
      expect.stringContaining('requestInit.signal'),
    ]);
  });

  it.each([
    ['no options', undefined],
    ['no host', {}],
    ['another scheme', { host: 'ftp://localhost' }],
    ['credentials in the host', { host: 'http://me:hunter2hunter2@localhost:7700' }],
    ['a query in the host', { host: 'http://localhost:7700?x=1' }],
    ['a key that no header can carry', { host: 'http://localhost', apiKey: 'two\nlines' }],
    ['a header that is none', { host: 'http://localhost', requestInit: { headers: { authorization: 'two\nlines' } } }],
    ['a first pause above the longest', { host: 'http://localhost', pollMs: { first: 500 } }],
  ])('%s: refused', (_name, options) => {
    expect(problemsOf(options as object)).toHaveLength(1);
  });

  it('never stand in the error with their secrets', () => {
    const refusals = [
      { host: 'http://me:hunter2hunter2@localhost:7700' },
      { host: 'http://localhost', apiKey: 'hunter2\nhunter2' },
      { host: 'http://localhost', requestInit: { headers: { authorization: 'hunter2\nhunter2' } } },
    ];
    for (const options of refusals) {
      expect(() => meilisearch(options)).toThrow(ScrypathError);
      try {
        meilisearch(options);
      } catch (error) {
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
      }
    }
  });

  it('do not show the key when the backend is printed', () => {
    const backend = meilisearch({ host: 'http://localhost:7700', apiKey: 'a-key-of-mine' });
    expect(inspect(backend, { depth: 10, showHidden: true })).not.toContain('a-key-of-mine');
  });
});
