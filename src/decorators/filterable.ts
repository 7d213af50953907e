import { FILTERABLE_OPTIONS } from '../metadata/declaration-check.js';
import { isPlainObject, kindOf } from '../metadata/given.js';
import { memberProblems } from '../metadata/shape.js';
import { fieldDecorator } from './field-decorator.js';

export interface FilterableOptions {
  /** Whether values of the field can be counted by `facets`; default false. */
  readonly facet?: boolean;
  /**
   * Whether filters may ask for values above or below one (`gt`, `gte`, `lt`, `lte`); default true. An index keeps less for
   * a field without.
   */
  readonly comparison?: boolean;
}

/**
 * The property can stand in a filter; with `facet: true` its values can be counted too. On a relation, an embedded or a
 * JSON property, give the paths below it.
 * @example
 * \@Filterable({ facet: true }) \@Column('simple-array') genres!: string[];
 * \@Filterable('name', 'country.code') \@ManyToOne(() => Director) director!: Relation<Director>;
 */
export function Filterable(...paths: string[]): PropertyDecorator;
export function Filterable(...pathsAndOptions: [...paths: string[], options: FilterableOptions]): PropertyDecorator;
export function Filterable(...given: (string | FilterableOptions)[]): PropertyDecorator {
  const paths = given.filter((value) => typeof value === 'string');
  const options = given.filter((value) => typeof value !== 'string');
  const facet = options.some((value) => isPlainObject(value) && value.facet === true);
  const comparison = !options.some((value) => isPlainObject(value) && value.comparison === false);
  const problems = options.flatMap((value: unknown) =>
    isPlainObject(value)
      ? memberProblems(value, FILTERABLE_OPTIONS)
      : [`it was given ${kindOf(value)}; it takes paths and { facet, comparison }`],
  );
  return fieldDecorator('filterable', paths, { facet, comparison, problems });
}
