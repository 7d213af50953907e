// Compiled by `npm run typecheck`; nothing here runs.
import { describe, Searchable } from 'scrypath';
import { type EntityManager, EntitySchema, In, type Relation } from 'typeorm';

class Studio {
  code!: string;
  name!: string;
}
class Director {
  id!: number;
  name!: string;
}
class Movie {
  id!: number;
  title!: string;
  year!: number;
  studioCode!: string;
  director!: Relation<Director>;
  cast!: Promise<Director[]>;
}

// ---- what the projection reads
Searchable<Movie>({ dependsOn: ['title', 'director', 'director.name', 'cast.name'], version: 2 })(Movie);
Searchable({ when: (movie: Movie) => movie.year > 1900, dependsOn: ['year'] })(Movie);
// Without the type of the entity, paths are checked by start() alone.
Searchable({ dependsOn: ['title', 'anything.else'] })(Movie);
// @ts-expect-error "titel" is no property of Movie
Searchable<Movie>({ dependsOn: ['titel'] })(Movie);
// @ts-expect-error "nme" is no property of Director
Searchable<Movie>({ dependsOn: ['director.nme'] })(Movie);
// @ts-expect-error the entity is that of `when`
Searchable({ when: (movie: Movie) => movie.year > 1900, dependsOn: ['yeer'] })(Movie);
// @ts-expect-error a list
Searchable<Movie>({ dependsOn: 'title' })(Movie);

// ---- records of other entities
Searchable<Movie>({
  fanOut: [
    {
      from: () => Studio,
      columns: ['name'],
      keys: (changed, manager: EntityManager) =>
        manager.find(Movie, { select: { id: true }, where: { studioCode: In(changed.map(({ code }) => code)) } }),
    },
    { from: 'Studio', keys: async () => [1, { id: 2 }] },
    { from: () => 'Studio', keys: async () => [] },
    { from: () => new EntitySchema<Studio>({ name: 'Studio', columns: {} }), keys: pages },
  ],
})(Movie);
async function* pages(): AsyncGenerator<number[]> {
  yield [1];
}
// The keys say nothing about the class.
Searchable({ fanOut: [{ from: 'Studio', keys: async () => [{ other: 1 }] }] })(Movie);
// @ts-expect-error `keys` is missing
Searchable<Movie>({ fanOut: [{ from: () => Studio }] })(Movie);
// @ts-expect-error no key of a Movie
Searchable<Movie>({ fanOut: [{ from: () => Studio, keys: async () => [{ code: 'x' }] }] })(Movie);
// @ts-expect-error keys come later or in pages
Searchable<Movie>({ fanOut: [{ from: () => Studio, keys: () => [1] }] })(Movie);
// @ts-expect-error a number
Searchable<Movie>({ version: '2' })(Movie);

// ---- the same beside an entity, whose type is known
describe(Movie, { fields: {}, dependsOn: ['director.name'], version: 3, fanOut: [{ from: 'Studio', keys: pages }] });
// @ts-expect-error "titel" is no property of Movie
describe(Movie, { fields: {}, dependsOn: ['titel'] });
describe(new EntitySchema<Movie>({ name: 'Movie', columns: {} }), { fields: {}, dependsOn: ['year'] });
