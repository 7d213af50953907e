import { casesOf, type SearchCase } from '../search-case.js';
import { and, equals, exists, gt, gte, isNull, lt, lte, not, oneOf, or } from './filters.js';

/** Every kind of condition, alone, combined and beside text. */
export const filterCases: readonly SearchCase[] = [
  ...casesOf('filter', {
    'a string equals': { filter: equals('director.name', 'Ridley Scott') },
    'a string equals without regard to case': { filter: equals('director.name', 'ridley SCOTT') },
    'a string equals with space around': { filter: equals('director.name', '  Ridley Scott ') },
    'a string is compared whole': { filter: equals('director.name', 'Ridley') },
    'a number equals': { filter: equals('minutes', 117) },
    'a decimal equals': { filter: equals('rating', 8.5) },
    'a boolean that is true': { filter: equals('colour', true), facets: ['colour'], page: { number: 1, size: 3 } },
    'a boolean that is false': { filter: equals('colour', false) },
    'an element of a list': { filter: equals('genres', 'Horror') },
    'a member of the objects in a list': { filter: equals('prizes.name', 'Saturn') },
    'a number in the objects of a list': { filter: equals('prizes.year', 1980) },
    'objects of a list are not told apart': {
      filter: and(equals('prizes.name', 'Oscar'), equals('prizes.year', 1979)),
    },
    'one of several strings': { filter: oneOf('director.country', 'JP', 'KR', 'HK') },
    'one of several numbers': { filter: oneOf('minutes', 88, 98, 1000) },
    'one of one': { filter: oneOf('genres', 'Musical') },
    'one of none': { filter: oneOf('genres') },
    'not one of several': { filter: not(oneOf('director.country', 'US', 'GB')) },
    'greater than': { filter: gt('minutes', 162) },
    'greater or equal': { filter: gte('minutes', 162) },
    'less than': { filter: lt('minutes', 86) },
    'less or equal': { filter: lte('minutes', 86) },
    'between two numbers': { filter: and(gte('rating', 8.6), lt('rating', 9)) },
    'an empty range': { filter: and(gt('rating', 9), lt('rating', 1)) },
    'dates as milliseconds': {
      filter: and(gte('released', Date.UTC(1979, 0, 1)), lt('released', Date.UTC(1980, 0, 1))),
    },
    'a date before 1970': { filter: lt('released', Date.UTC(1932, 0, 1)) },
    'the field exists': { filter: and(exists('minutes'), lt('minutes', 80)) },
    'the field does not exist': { filter: not(exists('minutes')) },
    'null exists': { filter: and(exists('released'), isNull('released')) },
    'a value is null': { filter: isNull('rating') },
    'a nested value is null': { filter: isNull('director.name') },
    'a value is not null': { filter: and(not(isNull('minutes')), lt('minutes', 90)) },
    'not, with null and gaps in it': { filter: not(gte('minutes', 80)) },
    'both of two': { filter: and(equals('genres', 'Drama'), equals('genres', 'War')) },
    'either of two': { filter: or(equals('genres', 'Musical'), equals('genres', 'Documentary')) },
    'or in and': {
      filter: and(or(equals('genres', 'Musical'), equals('genres', 'Romance')), equals('colour', true)),
    },
    'and in or': {
      filter: or(and(equals('genres', 'Horror'), lt('rating', 7)), and(equals('genres', 'War'), gt('rating', 8.5))),
    },
    'not of an and': { filter: and(not(and(equals('genres', 'Drama'), equals('colour', true))), gt('rating', 8.4)) },
    'not of an or': { filter: and(not(or(equals('genres', 'Drama'), equals('colour', true))), gt('rating', 8)) },
    'not of not': { filter: not(not(equals('genres', 'Musical'))) },
    'and of one': { filter: and(equals('genres', 'Musical')) },
    'or of one': { filter: or(equals('genres', 'Musical')) },
    'twelve levels deep': { filter: nested(12) },
    'three hundred alternatives': { filter: or(...Array.from({ length: 300 }, (_, n) => equals('minutes', n))) },
    'one of five hundred': { filter: oneOf('minutes', ...Array.from({ length: 500 }, (_, n) => n)) },
    'a value that nothing has': { filter: equals('genres', 'Opera') },
    'a string where numbers are': { filter: equals('minutes', '117') },
    'a number where strings are': { filter: equals('title', 300) },
    'a title with an apostrophe': { filter: equals('title', "Schindler's List") },
    'a title with an accent left out': { filter: equals('title', 'Amelie') },
    'a title with its accent': { filter: equals('title', 'AMÉLIE') },
    'strings compared by order': { filter: and(gte('title', 's'), lt('title', 't')) },
    'a field that is not filterable': { filter: equals('overview', 'x') },
    'a field that nobody has': { filter: equals('nowhere', 'x') },
    'a field that is not filterable, deep inside': {
      filter: or(equals('genres', 'War'), not(and(exists('overview'), equals('colour', true)))),
    },
    'the parent of filterable fields': { filter: exists('director') },
  }),
  ...casesOf('filter and text', {
    'a word and a string': { text: 'detective', filter: equals('genres', 'Crime') },
    'a word and a range': { text: 'king', filter: gte('rating', 8.5) },
    'a word and a not': { text: 'king', filter: not(equals('genres', 'Family')) },
    'a typo and a filter': { text: 'hitchkock', filter: equals('genres', 'Horror') },
    'a prefix and a filter': { text: 'st', filter: equals('genres', 'Crime') },
    'nothing left': { text: 'solaris', filter: equals('genres', 'Musical') },
    'dropped words keep the filter': { text: 'detective train snow', filter: equals('director.country', 'GB') },
  }),
];

function nested(levels: number): ReturnType<typeof and> {
  if (levels === 0) return equals('genres', 'Musical');
  return levels % 2 === 0 ? and(exists('title'), nested(levels - 1)) : or(equals('minutes', 7), nested(levels - 1));
}
