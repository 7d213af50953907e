import { declare, type SearchableOptions } from '../metadata/declaration.js';
import { isPlainObject, kindOf } from '../metadata/given.js';
import { fieldDecorator } from './field-decorator.js';

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
 *   \@Filterable() \@Column() year!: number;
 *   \@Searchable('name') \@ManyToOne(() => Director) director!: Relation<Director>;
 * }
 */
export function Searchable(...paths: string[]): SearchableDecorator;
export function Searchable<E extends object>(options?: SearchableOptions<E>): SearchableClassDecorator<E>;
export function Searchable(...given: (string | object | undefined)[]): SearchableDecorator {
  const paths = given.filter((value) => typeof value === 'string');
  const options = given.find((value) => isPlainObject(value));
  const stranger = given.find((value) => value !== undefined && typeof value !== 'string' && !isPlainObject(value));
  return (target, property) => {
    if (stranger !== undefined) {
      const at = property === undefined ? 'the class' : String(property);
      const sentence = `@Searchable on ${at} was given ${kindOf(stranger)}; it takes options on a class, paths on a property.`;
      declare(target, (facts) => facts.misuses.push(sentence));
    }
    if (property !== undefined && options === undefined) fieldDecorator('searchable', paths)(target, property);
    else if (property === undefined && paths.length === 0) {
      declare(target, (facts) => {
        facts.entity = { ...facts.entity, ...(options as SearchableOptions | undefined) };
      });
    } else {
      const sentence =
        property === undefined
          ? '@Searchable on the class names paths: it takes options; paths stand on properties.'
          : `@Searchable on ${String(property)} has options: a property takes paths; options stand on the class.`;
      declare(target, (facts) => facts.misuses.push(sentence));
    }
  };
}
