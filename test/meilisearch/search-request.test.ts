import { toHitPage, toSearchRequest } from '../../src/meilisearch/search-request.js';
import { aQuery, equals } from './queries.js';

describe('a search request', () => {
  it('holds what the query asks for, and no part that the engine could read as more', () => {
    expect(toSearchRequest(aQuery())).toEqual({ q: '', page: 1, hitsPerPage: 20, matchingStrategy: 'last' });
  });

  it('holds every part of a full query', () => {
    const query = aQuery({
      text: 'half a \ud800 pair',
      filter: equals('genre', 'Drama'),
      sort: [
        { field: 'year', direction: 'desc' },
        { field: 'title', direction: 'asc' },
      ],
      page: { number: 3, size: 10 },
      facets: ['genre'],
      highlight: { fields: ['title'], pre: '<em>', post: '</em>' },
      matching: 'all',
    });
    expect(toSearchRequest(query)).toEqual({
      q: 'half a \ufffd pair',
      filter: '"genre" = "Drama"',
      sort: ['year:desc', 'title:asc'],
      page: 3,
      hitsPerPage: 10,
      facets: ['genre'],
      attributesToHighlight: ['title'],
      highlightPreTag: '<em>',
      highlightPostTag: '</em>',
      matchingStrategy: 'all',
    });
  });

  it('asks for an estimate by offset and limit', () => {
    expect(toSearchRequest(aQuery({ total: 'estimate', page: { number: 3, size: 10 } }))).toMatchObject({
      offset: 20,
      limit: 10,
    });
  });
});

describe('a page of hits', () => {
  it('has the document without what the engine added, and keeps the fields of its own', () => {
    const added = {
      _formatted: { _key: '7', title: '<em>A</em>' },
      _matchesPosition: {},
      _rankingScore: 1,
      _rankingScoreDetails: {},
      _geoDistance: 5,
      _federation: {},
    };
    const own = { title: 'A', _geo: { lat: 1, lng: 2 }, _geojson: {}, _vectors: {}, _mine: 1 };
    const answer = { hits: [{ _key: '7', ...own, ...added }], totalHits: 1, totalPages: 1 };
    expect(toHitPage(answer)).toEqual({
      hits: [{ key: '7', data: own, formatted: { title: '<em>A</em>' } }],
      totalHits: 1,
      totalPages: 1,
      facets: {},
      facetStats: {},
      raw: answer,
    });
  });

  it('never calls an estimate a total', () => {
    const page = toHitPage({ hits: [], estimatedTotalHits: 12 });
    expect(page).toMatchObject({ estimatedTotalHits: 12 });
    expect(page).not.toHaveProperty('totalHits');
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['an answer without hits', {}],
    ['hits that are no list', { hits: {} }],
    ['a hit that is no document', { hits: [null] }],
    ['a hit that does not show its key', { hits: [{ id: 1 }] }],
  ])('is not read out of %s', (_name, answer) => {
    expect(toHitPage(answer)).toBeNull();
  });
});
