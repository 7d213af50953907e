import { casesOf, type SearchCase } from '../search-case.js';

/** How far a word may be from the one that is meant. */
export const typoCases: readonly SearchCase[] = [
  ...casesOf('typos', {
    'two letters swapped': { text: 'jurasisc' },
    'a letter too many': { text: 'parrasite' },
    'a letter missing': { text: 'gravty' },
    'a wrong letter': { text: 'vertego' },
    'a wrong first letter of a short word is not forgiven': { text: 'zolaris' },
    'a wrong first letter of a long word': { text: 'lnterstellar' },
    'a missing first letter': { text: 'nterstellar' },
    'two typos in a long word': { text: 'intrestelar' },
    'three typos in a long word': { text: 'intresteler' },
    'two typos in a word of eight letters': { text: 'stlaekrs' },
    'four letters get no typo': { text: 'dume' },
    'five letters get one': { text: 'alyen' },
    'eight letters get one': { text: 'rashamon' },
    'nine letters get two': { text: 'metrapolas' },
    'a typo in each of two words': { text: 'blede runer' },
    'a typo and a correct word': { text: 'orient expres' },
    'a typo in a prefix': { text: 'hitchk' },
    'a typo in a longer prefix': { text: 'strangalo' },
    'exact matches rank above typos': { text: 'alive' },
    'a typo in a name': { text: 'tarkovski' },
    'a typo in two fields': { text: 'kubrik spase' },
    'a typo in a number': { text: '20490' },
    'swapped letters at the end': { text: 'memenot' },
    'swapped letters at the start': { text: 'aprasite' },
  }),
];
