// Compiled by `npm run typecheck`; nothing here runs.
import { expectTypeOf } from 'expect-type';
import {
  describe,
  type FacetCounts,
  type FieldPath,
  type Filter,
  type JsonOf,
  type JsonValue,
  type Scrypath,
  Searchable,
  type SearchOptions,
  type SyncResult,
} from 'scrypath';
import type { Column, Relation } from 'typeorm';

declare const _column: typeof Column;

class Country {
  code!: string;
}
class Director {
  id!: number;
  name!: string;
  born!: Date | null;
  country!: Relation<Country> | null;
  movies!: Movie[];
}
enum Rating {
  Good = 'good',
  Bad = 'bad',
}
class Movie {
  id!: number;
  title!: string;
  year!: number;
  views!: bigint;
  rating!: Rating;
  released!: Date | null;
  genres!: string[];
  poster!: Buffer;
  seen!: boolean;
  meta!: { tags: string[]; size: { width: number } };
  director!: Relation<Director>;
  cast!: Promise<Director[]>;
  shout(): string {
    return this.title;
  }
}

declare const scrypath: Scrypath;
const movies = scrypath.for(Movie);

// ---- paths
expectTypeOf<'director.name'>().toExtend<FieldPath<Movie>>();
expectTypeOf<'director.country.code'>().toExtend<FieldPath<Movie>>();
expectTypeOf<'cast.name'>().toExtend<FieldPath<Movie>>();
expectTypeOf<'meta.size.width'>().toExtend<FieldPath<Movie>>();
expectTypeOf<'titel'>().not.toExtend<FieldPath<Movie>>();
expectTypeOf<'shout'>().not.toExtend<FieldPath<Movie>>();
expectTypeOf<'title.length'>().not.toExtend<FieldPath<Movie>>();

// ---- filters accept
const accepted: Filter<Movie>[] = [
  { year: 1999 },
  { year: { gte: 1970, lt: 1990 }, genres: { in: ['Sci-Fi', 'Drama'] }, $not: { 'director.name': null } },
  { genres: 'Drama' },
  { released: new Date() },
  { released: { gt: 0 }, 'director.born': { isNull: true } },
  { views: 10n },
  { views: { gt: '9007199254740993' } },
  { rating: Rating.Good },
  { seen: true },
  { 'meta.tags': 'x', 'meta.size.width': { lte: 3 } },
  { 'cast.name': { exists: true } },
  { $and: [{ $or: [{ year: 1 }, { title: 'x' }] }] },
];
void accepted;

// ---- and refuse
const refused: Filter<Movie>[] = [
  // @ts-expect-error "titel" is not a property
  { titel: 'x' },
  // @ts-expect-error a year is a number
  { year: '1999' },
  // @ts-expect-error a year is a number, in operators too
  { year: { gte: '1999' } },
  // @ts-expect-error genres hold strings
  { genres: { in: [1] } },
  // @ts-expect-error a date is no text
  { released: '2000-01-01' },
  // @ts-expect-error not one of the enum's values
  { rating: 'best' },
  // @ts-expect-error no such operator
  { year: { over: 3 } },
  // @ts-expect-error "nom" is not a property of Director
  { 'director.nom': 'x' },
  // @ts-expect-error alternatives stand in a list
  { $or: { year: 1 } },
  // @ts-expect-error a method is no field
  { shout: 'x' },
];
void refused;

export async function results() {
  const plain = await movies.search('x');
  expectTypeOf(plain).not.toHaveProperty('records');
  expectTypeOf(plain).not.toHaveProperty('missingIds');
  const [hit] = plain.hits;
  expectTypeOf(hit!.title).toEqualTypeOf<string>();
  expectTypeOf(hit!.released).toEqualTypeOf<number | null>();
  expectTypeOf(hit!.views).toEqualTypeOf<string>();
  expectTypeOf(hit!.poster).toEqualTypeOf<string>();
  expectTypeOf(hit!._key).toEqualTypeOf<string>();
  expectTypeOf(hit!.director.name).toEqualTypeOf<string | undefined>();
  expectTypeOf(hit!).not.toHaveProperty('shout');
  expectTypeOf(hit!._formatted?.title).toEqualTypeOf<string | undefined>();
  expectTypeOf(hit!._formatted?.genres).toEqualTypeOf<readonly string[] | undefined>();

  const faceted = await movies.search('x', { facets: ['genres', 'director.name'] });
  expectTypeOf(faceted.facets).toEqualTypeOf<{ readonly genres: FacetCounts; readonly 'director.name': FacetCounts }>();
  // @ts-expect-error not asked for
  void faceted.facets.year;

  const hydrated = await movies.search('x', { hydrate: true });
  expectTypeOf(hydrated.records).toEqualTypeOf<readonly Movie[]>();
  expectTypeOf(hydrated.missingIds).toEqualTypeOf<readonly string[]>();
  const related = await movies.search('x', {
    hydrate: { relations: { director: { country: true } }, select: { title: true } },
  });
  expectTypeOf(related.records).toEqualTypeOf<readonly Movie[]>();

  const maybe = Math.random() > 2 ? true : undefined;
  const perhaps = await movies.search('x', { hydrate: maybe });
  expectTypeOf(perhaps.records).toEqualTypeOf<readonly Movie[] | undefined>();
  const never = await movies.search('x', { hydrate: false });
  expectTypeOf(never).not.toHaveProperty('records');
  const wanted = Math.random() > 2;
  const depends = await movies.search('x', { hydrate: wanted });
  expectTypeOf(depends.missingIds).toEqualTypeOf<readonly string[] | undefined>();
  void movies.syncKeys([Buffer.from('key'), new Uint8Array(2)]);

  // @ts-expect-error no such relation
  void movies.search('x', { hydrate: { relations: { producer: true } } });
  // @ts-expect-error "titel" is not a property of Movie
  void movies.search('x', { sort: { titel: 'asc' } });
  // @ts-expect-error no such direction
  void movies.search('x', { sort: { title: 'down' } });
  // @ts-expect-error no such facet
  void movies.search('x', { facets: ['genre'] });
  // @ts-expect-error no such option
  void movies.search('x', { limit: 3 });
  // @ts-expect-error a wrong filter inside a search
  void movies.search('x', { filter: { year: 'x' } });
}

export async function documents() {
  interface MovieDocument {
    title: string;
    decade: number;
  }
  const hooked = scrypath.for<Movie, MovieDocument>(Movie);
  const { hits } = await hooked.search('x', { filter: { decade: { gte: 1970 }, seen: true }, sort: { decade: 'asc' } });
  expectTypeOf(hits[0]!.decade).toEqualTypeOf<number>();
  expectTypeOf(hits[0]!).not.toHaveProperty('seen');
  // @ts-expect-error a decade is a number
  void hooked.search('x', { filter: { decade: 'x' } });
}

expectTypeOf(movies.syncRecord).parameter(0).toEqualTypeOf<Movie>();
expectTypeOf(movies.syncRecord).returns.resolves.toEqualTypeOf<SyncResult>();
// @ts-expect-error not a movie
void movies.syncRecord({ title: 'x' });
// @ts-expect-error no such mode
void movies.syncKeys([1], { mode: 'later' });

const options: SearchOptions<Movie> = { filter: { year: 1 }, facets: ['genres'], sort: [{ year: 'asc' }] };
void movies.search('x', options);

// ---- declarations
@Searchable<Typed>({ when: (typed) => typed.size > 1 })
class Typed {
  size!: number;
}
void Typed;
// @ts-expect-error the callback is of another class
@Searchable<Movie>({ when: (movie) => movie.year > 1 })
class Other {
  id!: number;
}
void Other;
describe(Movie, { fields: { title: { searchable: true }, 'director.name': { filterable: { facet: true } } } });
// @ts-expect-error "titel" is not a property of Movie
describe(Movie, { fields: { titel: { searchable: true } } });

// ---- the JSON form holds no `any`
expectTypeOf<JsonOf<Movie>['meta']>().toExtend<{ readonly tags?: readonly string[] } | JsonValue>();
expectTypeOf<JsonOf<Date>>().toEqualTypeOf<number>();
