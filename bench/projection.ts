import { equal } from 'node:assert/strict';
import { instanceToPlain, Transform } from 'class-transformer';
import { Filterable, Scrypath, Searchable, Sortable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Director } from '../examples/movies/entities/director.js';
import { Distributor } from '../examples/movies/entities/distributor.js';
import { Movie } from '../examples/movies/entities/movie.js';
import { type Film, readFilmList } from '../examples/movies/film-list.js';
import { loadMovies } from '../examples/movies/load-movies.js';
import { contest } from './contest.js';
import { openDatabase } from './databases.js';
import type { Figure } from './figure.js';

/** Fields as most tables have them: text, numbers, a day, a moment, a switch, a list. */
abstract class Fields {
  @PrimaryColumn() id!: number;
  @Searchable() @Sortable() @Column() title!: string;
  @Filterable() @Sortable() @Column('date') released!: string;
  @Filterable({ facet: true }) @Column({ type: String, nullable: true }) genre!: string | null;
  @Filterable({ facet: true }) @Column({ type: String, nullable: true }) certificate!: string | null;
  @Filterable() @Sortable() @Column({ type: 'double precision', nullable: true }) rating!: number | null;
  @Filterable() @Sortable() @Column({ type: 'int', nullable: true }) votes!: number | null;
  @Filterable() @Column() rated!: boolean;
  @Filterable() @Sortable() @Column() added!: Date;
  @Searchable() @Column('simple-array') words!: string[];
}

@Entity()
@Searchable()
class PlainFilm extends Fields {}

@Entity()
@Searchable()
class TransformedFilm extends Fields {
  @Transform(({ value }) => (value as string).toUpperCase())
  declare title: string;
  @Transform(({ value }) => (value as string).slice(0, 4))
  declare released: string;
}

const ROUNDS = 60;
const WARM_UP = 20;

/** Records to documents, in memory. `instanceToPlain` is how the same is done by hand with class-transformer alone. */
export async function projectionBench(): Promise<readonly Figure[]> {
  const entities = [PlainFilm, TransformedFilm, Movie, Director, Distributor];
  const opened = await openDatabase('SQLite', entities);
  if (opened.dataSource === null) throw new Error(opened.reason);
  const { dataSource, drop } = opened;
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  try {
    const { films } = readFilmList();
    const rows = films.map(rowOf);
    await loadMovies(dataSource, films);
    const relations = { director: true, distributor: true };
    const records = {
      plain: dataSource.getRepository(PlainFilm).create(rows),
      transformed: dataSource.getRepository(TransformedFilm).create(rows),
      related: await dataSource.getRepository(Movie).find({ relations }),
    };
    const plain = scrypath.for(PlainFilm);
    const transformed = scrypath.for(TransformedFilm);
    const related = scrypath.for(Movie);
    // So that it is the projection with its transforms that is measured.
    equal(transformed.document(records.transformed[0]!).data.title, films[0]!.title.toUpperCase());
    const took = await contest(
      {
        plain: () => each(records.plain, (record) => plain.document(record)),
        plainByHand: () => each(records.plain, (record) => instanceToPlain(record)),
        related: () => each(records.related, (record) => related.document(record)),
        transformed: () => each(records.transformed, (record) => transformed.document(record)),
        transformedByHand: () => each(records.transformed, (record) => instanceToPlain(record)),
      },
      { rounds: ROUNDS, warmUp: WARM_UP },
    );
    const microseconds = (ms: number) => (ms * 1000) / films.length;
    return [
      {
        name: 'projection of plain fields',
        value: microseconds(took.plain),
        unit: 'µs a record',
        target: { op: '<=', value: 3 },
      },
      { name: 'projection with two relations', value: microseconds(took.related), unit: 'µs a record' },
      { name: 'projection with @Transform on two fields', value: microseconds(took.transformed), unit: 'µs a record' },
      { name: 'instanceToPlain ÷ projection, plain fields', value: took.plainByHand / took.plain, unit: '' },
      {
        name: 'instanceToPlain ÷ projection, @Transform on two fields',
        value: took.transformedByHand / took.transformed,
        unit: '',
      },
    ];
  } finally {
    await scrypath.close();
    await drop();
  }
}

const rowOf = ({ place, title, released, genre, certificate, rating, votes }: Film) => ({
  id: place,
  title,
  released,
  genre,
  certificate,
  rating,
  votes,
  rated: certificate !== null,
  added: new Date(released),
  words: title.split(' '),
});

/** Holds on to every result, so that none of the work can be left out. */
let last: unknown;
function each<E>(records: readonly E[], work: (record: E) => unknown): unknown {
  for (const record of records) last = work(record);
  return last;
}
