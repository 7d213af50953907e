import { casesOf, type SearchCase } from '../search-case.js';
import { and, equals, gt, gte, not } from './filters.js';

const title = ['title'];
const marks = { pre: '<em>', post: '</em>' };

/** Order, pages and counts. */
export const pageCases: readonly SearchCase[] = [
  ...casesOf('sort', {
    'numbers upwards': { sort: [{ field: 'minutes', direction: 'asc' }] },
    'numbers downwards': { sort: [{ field: 'minutes', direction: 'desc' }] },
    'strings upwards': { sort: [{ field: 'title', direction: 'asc' }] },
    'strings downwards': { sort: [{ field: 'title', direction: 'desc' }] },
    'dates upwards': { sort: [{ field: 'released', direction: 'asc' }] },
    'dates downwards, gaps last': { sort: [{ field: 'released', direction: 'desc' }], page: { number: 4, size: 20 } },
    'gaps last upwards too': { sort: [{ field: 'released', direction: 'asc' }], page: { number: 4, size: 20 } },
    booleans: { sort: [{ field: 'colour', direction: 'asc' }] },
    'a nested field': { sort: [{ field: 'director.name', direction: 'asc' }] },
    'a list of strings upwards': { sort: [{ field: 'genres', direction: 'asc' }] },
    'a list of strings downwards': { sort: [{ field: 'genres', direction: 'desc' }] },
    'a member of objects in a list upwards': { sort: [{ field: 'prizes.year', direction: 'asc' }] },
    'a member of objects in a list downwards': { sort: [{ field: 'prizes.year', direction: 'desc' }] },
    'two fields': {
      sort: [
        { field: 'rating', direction: 'desc' },
        { field: 'title', direction: 'asc' },
      ],
    },
    'three fields': {
      sort: [
        { field: 'colour', direction: 'desc' },
        { field: 'rating', direction: 'desc' },
        { field: 'minutes', direction: 'asc' },
      ],
    },
    'ties keep the order of writing': { sort: [{ field: 'rating', direction: 'desc' }] },
    'with a filter': { filter: equals('genres', 'War'), sort: [{ field: 'minutes', direction: 'asc' }] },
    'with text, after words, typo, proximity and field': {
      text: 'detective',
      sort: [{ field: 'rating', direction: 'asc' }],
    },
    'with two words': { text: 'king of', sort: [{ field: 'minutes', direction: 'desc' }] },
    'with a typo': { text: 'hitchcok', sort: [{ field: 'minutes', direction: 'asc' }] },
    'with text and two fields': {
      text: 'space',
      sort: [
        { field: 'colour', direction: 'asc' },
        { field: 'title', direction: 'desc' },
      ],
    },
    'a field that is not sortable': { sort: [{ field: 'overview', direction: 'asc' }] },
    'a field that nobody has': { sort: [{ field: 'nowhere', direction: 'asc' }] },
    'a sortable field, then one that is not': {
      sort: [
        { field: 'title', direction: 'asc' },
        { field: 'director.country', direction: 'asc' },
      ],
    },
  }),
  ...casesOf('paging', {
    'a page in the middle': { page: { number: 3, size: 7 } },
    'the last page, not full': { page: { number: 12, size: 7 } },
    'a page past the end': { page: { number: 13, size: 7 } },
    'a page far past the end': { page: { number: 1000, size: 20 } },
    'one hit a page': { page: { number: 80, size: 1 } },
    'all on one page': { page: { number: 1, size: 200 } },
    'a size of none counts only': { page: { number: 1, size: 0 } },
    'a size of none with an estimate': { page: { number: 1, size: 0 }, total: 'estimate' },
    'with a sort': { sort: [{ field: 'minutes', direction: 'asc' }], page: { number: 2, size: 10 } },
    'with text': { text: 'the man', page: { number: 2, size: 5 } },
    'with a filter': { filter: equals('genres', 'Drama'), page: { number: 3, size: 10 } },
    'an estimate in the middle': { page: { number: 2, size: 10 }, total: 'estimate' },
    'an estimate past the end': { page: { number: 50, size: 10 }, total: 'estimate' },
    'an estimate with text on one page': { text: 'detective', total: 'estimate' },
    'an estimate with a filter': { filter: equals('genres', 'War'), total: 'estimate' },
    'nothing found': { text: 'xylophonist', page: { number: 2, size: 10 } },
    'nothing found, estimated': { text: 'xylophonist', total: 'estimate' },
  }),
  ...casesOf('facets', {
    'strings in lists': { facets: ['genres'], page: { number: 1, size: 1 } },
    'a nested string, nulls and gaps not counted': { facets: ['director.country'], page: { number: 1, size: 1 } },
    booleans: { facets: ['colour'], page: { number: 1, size: 1 } },
    'numbers, with their range': { facets: ['rating'], page: { number: 1, size: 1 } },
    'a member of objects in a list': { facets: ['prizes.name', 'prizes.year'], page: { number: 1, size: 1 } },
    'several at once': { facets: ['genres', 'colour', 'minutes'], page: { number: 1, size: 1 } },
    'with a filter': { facets: ['genres', 'rating'], filter: equals('director.country', 'JP') },
    'with a filter on the same field': { facets: ['genres'], filter: equals('genres', 'War') },
    'with text': { facets: ['genres', 'colour'], text: 'detective' },
    'with text and filter': { facets: ['genres', 'rating'], text: 'king', filter: gt('rating', 8) },
    'of no hits': { facets: ['genres', 'rating'], text: 'xylophonist' },
    'on a page past the end': { facets: ['colour'], page: { number: 99, size: 20 } },
    'with an estimate': { facets: ['colour'], total: 'estimate', page: { number: 1, size: 1 } },
    dates: { facets: ['released'], filter: equals('director.name', 'Akira Kurosawa') },
    'more values than are counted': { facets: ['title'], page: { number: 1, size: 1 } },
    'a field that is not filterable': { facets: ['overview'] },
    'a field that nobody has': { facets: ['nowhere'] },
    'the same field twice': { facets: ['colour', 'colour'], page: { number: 1, size: 1 } },
    'the parent of filterable fields': { facets: ['director'] },
  }),
  ...casesOf('everything at once', {
    'text, filter, sort, facets, page and marks': {
      text: 'the man',
      filter: and(gte('rating', 7), not(equals('genres', 'Horror'))),
      sort: [{ field: 'released', direction: 'desc' }],
      facets: ['genres', 'rating'],
      page: { number: 2, size: 4 },
      highlight: { fields: title, ...marks },
    },
    'a typo, a filter, facets and an estimate': {
      text: 'kubrik',
      filter: equals('colour', true),
      facets: ['genres'],
      total: 'estimate',
    },
  }),
];
