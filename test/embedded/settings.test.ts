import { DEFAULT_SETTINGS, readSettings } from '../../src/embedded/settings';

it('settings that an older version stored have the defaults of what it did not know', () => {
  const stored = { ...DEFAULT_SETTINGS, stopWords: ['the'], faceting: { maxValuesPerFacet: 5 } } as Record<
    string,
    unknown
  >;
  for (const later of ['embedders', 'dictionary', 'searchCutoffMs', 'prefixSearch', 'facetSearch'])
    delete stored[later];
  expect(readSettings(JSON.stringify(stored))).toEqual({
    ...DEFAULT_SETTINGS,
    stopWords: ['the'],
    faceting: { maxValuesPerFacet: 5, sortFacetValuesBy: { '*': 'alpha' } },
  });
});
