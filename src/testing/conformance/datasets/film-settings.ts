import { KEY_ATTRIBUTE } from '../../../document/search-document.js';
import type { IndexSettings } from '../../../metadata/index-settings.js';
import type { Dataset } from '../dataset.js';
import { casesOf } from '../search-case.js';
import { FILM_DOCUMENTS } from './film-documents.js';
import { equals } from './filters.js';

const PLAIN: IndexSettings = {
  searchableAttributes: ['title', 'director.name', 'overview'],
  filterableAttributes: ['genres', 'colour', 'director.name', 'rating'],
  sortableAttributes: ['minutes', 'title', 'rating'],
};

const withSettings = (name: string, settings: IndexSettings, cases: Dataset['cases']): Dataset => ({
  name,
  documents: FILM_DOCUMENTS,
  settings: { ...PLAIN, ...settings },
  cases,
});

const marks = { pre: '<em>', post: '</em>' };

/** The same films under one other setting each. */
export const filmSettings: readonly Dataset[] = [
  withSettings(
    'films-defaults',
    { searchableAttributes: ['*'], filterableAttributes: [], sortableAttributes: [] },
    casesOf('an index that nobody set up', {
      'every field is searched': { text: 'drama' },
      'numbers are searched': { text: '167' },
      'a country code': { text: 'jp' },
      'members of objects in lists': { text: 'saturn' },
      'a typo in a long number, marked': { text: '74563200009', highlight: { fields: ['released'], ...marks } },
      'two typos in a long number, marked': { text: '74563201009', highlight: { fields: ['released'], ...marks } },
      'a letter too many in a long number, marked': {
        text: '745632000001',
        highlight: { fields: ['released'], ...marks },
      },
      'nothing can be filtered': { filter: equals('genres', 'Drama') },
      'nothing can be sorted': { sort: [{ field: 'title', direction: 'asc' }] },
      'nothing has facets': { facets: ['genres'] },
      'fields rank by their first appearance': { text: 'war' },
    }),
  ),
  withSettings(
    'films-parent-searchable',
    { searchableAttributes: ['director', 'title'], displayedAttributes: ['*'] },
    casesOf('a parent of searched fields', {
      'a child is searched': { text: 'kubrick' },
      'another child too': { text: 'jp' },
      'a field outside is not': { text: 'submarine' },
      'the parent ranks as one field above the title': { text: 'lang' },
      'children are marked': {
        text: 'kubrick',
        highlight: { fields: ['director'], ...marks },
        page: { number: 1, size: 1 },
      },
    }),
  ),
  withSettings(
    'films-no-typos',
    { typoTolerance: { enabled: false } },
    casesOf('typos switched off', {
      'a typo finds nothing': { text: 'vertego' },
      'a correct word': { text: 'vertigo' },
      'a prefix': { text: 'vert' },
      'a typo beside a correct word': { text: 'orient expres', matching: 'all' },
      'two words written as one': { text: 'bladerunner' },
      'one word written as two': { text: 'snow piercer' },
      'a split word between others is marked': {
        text: 'two schools of mu tants disagree',
        highlight: { fields: ['overview'], ...marks },
        page: { number: 1, size: 1 },
      },
    }),
  ),
  withSettings(
    'films-word-sizes',
    { typoTolerance: { minWordSizeForTypos: { oneTypo: 3, twoTypos: 7 } } },
    casesOf('other word sizes for typos', {
      'three letters get one': { text: 'ren' },
      'four letters get one': { text: 'dume' },
      'seven letters get two': { text: 'stlakre' },
      'six letters get one': { text: 'stlarek' },
      'two letters get none': { text: 'ux' },
    }),
  ),
  withSettings(
    'films-loose-typos',
    { typoTolerance: { minWordSizeForTypos: { oneTypo: 1, twoTypos: 4 } } },
    casesOf('two typos in short words', {
      'four letters': { text: 'moon' },
      'four letters that nothing has': { text: 'muun' },
      'five letters': { text: 'crime' },
      'five letters, not a prefix': { text: 'crime ' },
      'five letters and all words': { text: 'the crime', matching: 'all' },
      'a plural': { text: 'finds' },
      'a letter missing at the end': { text: 'horro' },
      'a digit inside': { text: 'se7en' },
      'seven letters': { text: 'vertigo' },
      'a number': { text: '1953' },
      'one letter gets one': { text: 'x' },
      'three letters get one': { text: 'zun' },
      'a wrong first letter and another typo': { text: 'molarus' },
      'a swap is one typo': { text: 'cirme' },
      'what is marked': {
        text: 'crime',
        highlight: { fields: ['title', 'overview'], ...marks },
        page: { number: 1, size: 6 },
      },
      'what is marked of a shorter word': {
        text: 'crimes',
        highlight: { fields: ['title', 'overview'], ...marks },
        page: { number: 1, size: 6 },
      },
    }),
  ),
  withSettings(
    'films-exact-words',
    { typoTolerance: { disableOnWords: ['gravity', 'dune', 'Alien'], disableOnNumbers: true } },
    casesOf('words and numbers without typos', {
      'a word named finds no neighbours': { text: 'alien' },
      'a word that is near a named one still finds it': { text: 'gravyty' },
      'a named word as a prefix': { text: 'gravit' },
      'a typo in a number finds nothing': { text: '20490' },
      'a number finds itself': { text: '2049' },
      'a prefix of a number': { text: '204' },
      'a digit inside a word': { text: 'se7en' },
      'other words keep their typos': { text: 'vertego' },
    }),
  ),
  withSettings(
    'films-exact-fields',
    { typoTolerance: { disableOnAttributes: ['title'] } },
    casesOf('a field without typos', {
      'a typo in the field': { text: 'vertego' },
      'a typo in another field': { text: 'hitchkock' },
      'a typo that both fields would match': { text: 'detectve' },
      'a correct word in the field': { text: 'vertigo' },
      'a prefix in the field': { text: 'vert' },
      'two words written as one': { text: 'bladerunner' },
    }),
  ),
  withSettings(
    'films-stop-words',
    { stopWords: ['the', 'a', 'of', 'in', 'and', 'on'] },
    casesOf('stop words', {
      'a stop word alone at the end is a prefix': { text: 'the' },
      'a stop word before a word': { text: 'the shining' },
      'a stop word between words': { text: 'night of the hunter' },
      'a stop word at the end': { text: 'life of' },
      'only stop words': { text: 'in the' },
      'a stop word inside a phrase': { text: '"night of the hunter"' },
      'another stop word inside a phrase': { text: '"night in a hunter"' },
      'a phrase of a stop word': { text: '"the"' },
      'a negative stop word': { text: 'night -the' },
      'words that must all match': { text: 'the men on a train', matching: 'all' },
      'a stop word is not marked': {
        text: 'the shining',
        highlight: { fields: ['title', 'overview'], ...marks },
        page: { number: 1, size: 1 },
      },
      'a phrase that begins with a stop word is marked': {
        text: '"the dead"',
        highlight: { fields: ['title', 'overview'], ...marks },
      },
      'a phrase with a stop word inside is marked': {
        text: '"night of the hunter"',
        highlight: { fields: ['title', 'overview'], ...marks },
      },
      'a phrase that ends with a stop word is marked': {
        text: '"life of"',
        highlight: { fields: ['title', 'overview'], ...marks },
      },
      'a stop word in capitals': { text: 'THE BIRDS' },
      'a prefix of which a stop word is the start': { text: 'on' },
    }),
  ),
  withSettings(
    'films-synonyms',
    {
      synonyms: {
        sf: ['science fiction', 'space'],
        movie: ['film', 'picture'],
        film: ['movie', 'picture'],
        'new york': ['big apple'],
        nyc: ['new york'],
        ship: ['vessel', 'boat'],
        policeman: ['cop'],
        cop: ['policeman', 'detective'],
        'outer space': ['solaris'],
        'Hungry Thing': ['alien'],
      },
    },
    casesOf('synonyms', {
      'one word for others': { text: 'sf' },
      'both ways': { text: 'movie' },
      'the other way': { text: 'film' },
      'one way only': { text: 'vessel' },
      'the way that is declared': { text: 'ship' },
      'a word for several words': { text: 'nyc' },
      'several words for several words': { text: 'big apple' },
      'several words for one word': { text: 'outer space' },
      'synonyms do not chain': { text: 'cop' },
      'a synonym beside another word': { text: 'cop thief' },
      'a synonym in capitals': { text: 'SF' },
      'capitals in the declaration': { text: 'hungry thing' },
      'a synonym takes no typo': { text: 'policemna' },
      'a prefix is no synonym': { text: 'polic' },
      'a synonym where all words count': { text: 'ship planet', matching: 'all' },
      'a synonym is marked': {
        text: 'ship',
        highlight: { fields: ['overview'], ...marks },
        page: { number: 1, size: 5 },
      },
      'a synonym inside a phrase is none': { text: '"towing vessel"' },
      'a synonym and the sort': { text: 'movie', sort: [{ field: 'minutes', direction: 'asc' }] },
    }),
  ),
  withSettings(
    'films-max-total',
    { pagination: { maxTotalHits: 15 } },
    casesOf('a limit of hits', {
      'the total beyond the limit': { page: { number: 1, size: 5 } },
      'the last page within the limit': { page: { number: 3, size: 5 } },
      'a page across the limit': { page: { number: 2, size: 10 } },
      'a page beyond the limit': { page: { number: 4, size: 5 } },
      'a page larger than the limit': { page: { number: 1, size: 50 } },
      'an estimate beyond the limit': { total: 'estimate', page: { number: 1, size: 5 } },
      'an estimated page beyond the limit': { total: 'estimate', page: { number: 4, size: 5 } },
      'facets count all': { facets: ['colour'], page: { number: 1, size: 1 } },
      'text below the limit': { text: 'submarine' },
      'text beyond the limit': { text: 'the', page: { number: 1, size: 5 } },
      'a filter below the limit': { filter: equals('genres', 'Musical') },
    }),
  ),
  withSettings(
    'films-distinct',
    { distinctAttribute: 'director.name' },
    casesOf('one hit for each value', {
      'without text': { page: { number: 1, size: 60 } },
      'with text': { text: 'detective' },
      'with a sort': { sort: [{ field: 'rating', direction: 'desc' }], page: { number: 1, size: 60 } },
      'with a filter': { filter: equals('genres', 'War') },
      'with facets': { facets: ['colour'], page: { number: 1, size: 1 } },
      'with facets and a filter': {
        facets: ['director.name'],
        filter: equals('genres', 'Thriller'),
        page: { number: 1, size: 50 },
      },
      'the second page': { page: { number: 2, size: 15 } },
    }),
  ),
  withSettings(
    'films-distinct-list',
    { distinctAttribute: 'genres' },
    casesOf('one hit for each value of a list', {
      'without text': { page: { number: 1, size: 60 } },
      'with text': { text: 'detective' },
      'with a sort': { sort: [{ field: 'minutes', direction: 'asc' }] },
    }),
  ),
  withSettings(
    'films-displayed',
    { displayedAttributes: [KEY_ATTRIBUTE, 'title', 'director.name', 'prizes'] },
    casesOf('fields that are shown', {
      'the others are left out': { page: { number: 1, size: 3 } },
      'a hidden field is searched': { text: 'submarine' },
      'a hidden field is filtered': { filter: equals('genres', 'Documentary') },
      'a hidden field is sorted': { sort: [{ field: 'minutes', direction: 'asc' }], page: { number: 1, size: 3 } },
      'a hidden field has facets': { facets: ['colour'], page: { number: 1, size: 1 } },
      'a hidden field is not marked': { text: 'submarine', highlight: { fields: ['*'], ...marks } },
      'a hidden field is not marked by name': { text: 'submarine', highlight: { fields: ['overview'], ...marks } },
      'a gap and a null': { text: 'home movie', page: { number: 1, size: 1 } },
    }),
  ),
];
