import type { Dataset } from '../dataset.js';
import { FILM_DOCUMENTS } from './film-documents.js';
import { filterCases } from './film-filters.js';
import { markCases } from './film-marks.js';
import { pageCases } from './film-pages.js';
import { syntaxCases } from './film-query-syntax.js';
import { typoCases } from './film-typos.js';
import { wordCases } from './film-words.js';

/** The general dataset: every part of a query, alone and together, on documents like those of an application. */
export const films: Dataset = {
  name: 'films',
  documents: FILM_DOCUMENTS,
  settings: {
    searchableAttributes: ['title', 'director.name', 'overview'],
    filterableAttributes: [
      'title',
      'released',
      'director.name',
      'director.country',
      'genres',
      'minutes',
      'rating',
      'colour',
      'prizes.name',
      'prizes.year',
    ],
    sortableAttributes: ['title', 'released', 'director.name', 'genres', 'minutes', 'rating', 'colour', 'prizes.year'],
  },
  cases: [...wordCases, ...typoCases, ...syntaxCases, ...filterCases, ...pageCases, ...markCases],
};
