import { kindOf } from '../metadata/given.js';
import { fieldDecorator } from './field-decorator.js';

/**
 * Results can be sorted by the property. On a relation, an embedded or a JSON property, give the paths below it.
 * @example \@Sortable() \@Column() year!: number;
 */
export function Sortable(...paths: string[]): PropertyDecorator {
  const stranger = paths.find((path: unknown) => typeof path !== 'string');
  const problems = stranger === undefined ? [] : [`it was given ${kindOf(stranger)}; it takes paths`];
  return fieldDecorator(
    'sortable',
    paths.filter((path: unknown) => typeof path === 'string'),
    { problems },
  );
}
