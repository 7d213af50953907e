import { fieldDecorator } from './field-decorator.js';

/**
 * Results can be sorted by the property. On a relation, an embedded or a JSON property, give the paths below it.
 * @example \@Sortable() \@Column() year!: number;
 */
export function Sortable(...paths: string[]): PropertyDecorator {
  return fieldDecorator('sortable', paths);
}
