import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A film of the list, cleaned; null is what the list does not know. */
export interface Film {
  /** Its place in the list, from 1. */
  readonly place: number;
  readonly title: string;
  /** The day of its release, as `1972-03-15`. */
  readonly released: string;
  readonly genre: string | null;
  readonly certificate: string | null;
  readonly rating: number | null;
  readonly votes: number | null;
  readonly gross: bigint | null;
  readonly director: string | null;
  readonly distributor: string | null;
}

export interface FilmList {
  readonly films: readonly Film[];
  /** Number of entries left out because they name no film. */
  readonly untitled: number;
}

/** What the tour reads of an entry of the file. */
interface Entry {
  readonly Title: string | number | null;
  readonly 'Release Date': string;
  readonly 'Major Genre': string | null;
  readonly 'MPAA Rating': string | null;
  readonly 'IMDB Rating': number | null;
  readonly 'IMDB Votes': number | null;
  readonly 'Worldwide Gross': number | null;
  readonly Director: string | null;
  readonly Distributor: string | null;
}

/** Reads the films of the package `vega-datasets`: real ones, with the mistakes of a real list. */
export function readFilmList(): FilmList {
  const file = join(dirname(require.resolve('vega-datasets')), '../data/movies.json');
  const entries = JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  const films = entries.flatMap((entry, at) => (entry.Title === null ? [] : [filmOf(entry, entry.Title, at + 1)]));
  return { films, untitled: entries.length - films.length };
}

/** Corrects what can be told to be wrong, and invents nothing. */
function filmOf(entry: Entry, title: string | number, place: number): Film {
  return {
    place,
    title: repaired(String(title)), // 1776, 1941, 2012 … stand as numbers
    released: dayOf(entry['Release Date']),
    genre: entry['Major Genre'],
    certificate: entry['MPAA Rating'],
    rating: entry['IMDB Rating'],
    votes: entry['IMDB Votes'],
    // 0 stands for what is not known: 12 Angry Men has it.
    gross: entry['Worldwide Gross'] ? BigInt(entry['Worldwide Gross']) : null,
    director: entry.Director,
    distributor: entry.Distributor === 'Distributor Unknown' ? null : entry.Distributor,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The list ends here. Its years once had two digits, so that Gone with the Wind was released in 2039. */
const LAST_YEAR = 2011;

/** `Mar 15 1972` as `1972-03-15`. */
function dayOf(date: string): string {
  const [month, day, written] = date.split(' ') as [string, string, string];
  const year = Number(written) > LAST_YEAR ? Number(written) - 100 : Number(written);
  return `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${day}`;
}

// Some titles were once read with the wrong character set: Léon is LÈon in the file.
const MISREAD = [...'ÈËÍÎ‡·‰ÛÙ˘ΩÖ'];
const MEANT = [...'éèêëàáäóôù½…'];

const repaired = (title: string) =>
  [...title].map((character) => MEANT[MISREAD.indexOf(character)] ?? character).join('');
