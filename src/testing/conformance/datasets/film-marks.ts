import { casesOf, type SearchCase } from '../search-case.js';
import { equals } from './filters.js';

const title = ['title'];
const marks = { pre: '<em>', post: '</em>' };

/** What is marked in the strings of a hit. */
export const markCases: readonly SearchCase[] = [
  ...casesOf('highlight', {
    'a word': { text: 'solaris', highlight: { fields: title, ...marks } },
    'two words': { text: 'blade runner', highlight: { fields: title, ...marks }, page: { number: 1, size: 2 } },
    'a prefix': { text: 'interst', highlight: { fields: title, ...marks } },
    'a typo': { text: 'vertego', highlight: { fields: title, ...marks } },
    'two typos': { text: 'intrestelar', highlight: { fields: title, ...marks } },
    'a phrase': { text: '"orient express"', highlight: { fields: title, ...marks } },
    'a phrase and a word': { text: '"silent planet" alien', highlight: { fields: ['*'], ...marks } },
    'an accent': { text: 'amelie', highlight: { fields: title, ...marks } },
    'an apostrophe': { text: "ocean's eleven", highlight: { fields: title, ...marks } },
    dots: { text: 'u.n.c.l.e.', highlight: { fields: title, ...marks } },
    'a joined word': { text: 'bladerunner', highlight: { fields: title, ...marks }, page: { number: 1, size: 2 } },
    'a split word': { text: 'snow piercer', highlight: { fields: title, ...marks } },
    'every field': { text: 'scott', highlight: { fields: ['*'], ...marks }, page: { number: 1, size: 2 } },
    'two fields': {
      text: 'kubrick war',
      highlight: { fields: ['director.name', 'overview'], ...marks },
      page: { number: 1, size: 2 },
    },
    'a nested field': { text: 'tarkovsky', highlight: { fields: ['director.name'], ...marks } },
    'the parent of a nested field': { text: 'tarkovsky', highlight: { fields: ['director'], ...marks } },
    'a field that is not searched is marked too': {
      text: 'nuclear war',
      highlight: { fields: ['genres'], ...marks },
      page: { number: 1, size: 1 },
    },
    'numbers become strings': { text: '2049', highlight: { fields: ['*'], ...marks } },
    'a field that the document lacks': {
      text: 'home movie',
      highlight: { fields: ['overview'], ...marks },
      page: { number: 1, size: 2 },
    },
    'a field that nobody has': { text: 'solaris', highlight: { fields: ['nowhere'], ...marks } },
    'without text': { highlight: { fields: ['*'], ...marks }, page: { number: 1, size: 2 } },
    'null and booleans': {
      text: 'untitled fragment',
      highlight: { fields: ['*'], ...marks },
      page: { number: 1, size: 1 },
    },
    "marks of one's own": { text: 'solaris', highlight: { fields: title, pre: '[[', post: ']]' } },
    'empty marks': { text: 'solaris', highlight: { fields: title, pre: '', post: '' } },
    'the same mark at both ends': { text: 'solaris', highlight: { fields: title, pre: '|', post: '|' } },
    'words that were dropped': {
      text: 'solaris xylophonist',
      highlight: { fields: ['title', 'overview'], ...marks },
    },
    'a negative word': { text: 'blade -2049', highlight: { fields: ['*'], ...marks } },
    'a common short word': {
      text: 'it',
      highlight: { fields: ['title', 'overview'], ...marks },
      page: { number: 1, size: 3 },
    },
    'every place of a word': { text: 'detective', highlight: { fields: ['overview'], ...marks } },
    'a hyphen': { text: 'spider-man', highlight: { fields: title, ...marks } },
    'with a filter and a sort': {
      text: 'night',
      filter: equals('genres', 'Crime'),
      sort: [{ field: 'title', direction: 'asc' }],
      highlight: { fields: ['title', 'overview'], ...marks },
    },
  }),
];
