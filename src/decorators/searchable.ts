import { declare, declareField, type SearchableOptions } from './declaration.js';

/** A decorator that may stand on a class or on a property. */
export type SearchableDecorator = (target: object, property?: PropertyKey) => void;
/** A decorator for a class whose instances are `E`. */
export type SearchableClassDecorator<E> = (target: abstract new (...args: never[]) => E) => void;

/**
 * On a class: this entity has an index. On a property: its text is part of full-text search; the order of the
 * decorators is the order of importance. On a relation, an embedded or a JSON property, give the paths below it.
 * Records the fact and adds nothing to the class; mistakes are reported by `scrypath.start()`.
 * @example
 * \@Entity()
 * \@Searchable<Movie>({ index: 'movies', when: (movie) => movie.year > 1900 })
 * class Movie {
 *   \@PrimaryGeneratedColumn() id!: number;
 *   \@Searchable() \@Column() title!: string;
 *   \@Searchable('name') \@ManyToOne(() => Director) director!: Relation<Director>;
 * }
 */
export function Searchable(...paths: string[]): SearchableDecorator;
export function Searchable<E extends object>(options: SearchableOptions<E>): SearchableClassDecorator<E>;
export function Searchable(...given: (string | SearchableOptions<never>)[]): SearchableDecorator {
  return (target, property) => {
    const options = given.filter((value) => typeof value === 'object');
    const paths = given.filter((value) => typeof value === 'string');
    if (property !== undefined) {
      if (options.length > 0)
        misused(target, `@Searchable on ${String(property)} has options: only a class takes them.`);
      else declareField(target, property, { role: 'searchable', paths, facet: false }, 'Searchable');
    } else if (paths.length > 0) misused(target, '@Searchable on the class has paths: only a property takes them.');
    else
      declare(
        target,
        (facts) => (facts.entity = { ...facts.entity, ...(options[0] as SearchableOptions | undefined) }),
      );
  };
}

function misused(target: object, sentence: string): void {
  declare(typeof target === 'function' ? target : target.constructor, (facts) => facts.misuses.push(sentence));
}
