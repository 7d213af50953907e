import type { EntitySchema } from 'typeorm';
import {
  type Declaration,
  type EntityClass,
  type FieldRoles,
  factsOf,
  freezeDeclaration,
  type SearchableOptions,
} from '../metadata/declaration.js';
import type { FieldPath } from '../metadata/field-path.js';
import { isPlainObject, kindOf } from '../metadata/given.js';

/** The facts of an index, for an entity that carries no decorators. */
export interface EntityFacts<E extends object> extends SearchableOptions<E> {
  /** Declared fields by path, the searchable ones in the order of their importance. */
  readonly fields: { readonly [P in FieldPath<E>]?: FieldRoles };
  /** The projection hook: makes the document from a record, instead of the declared fields. */
  readonly document?: (record: E) => object;
  /** Fields of the hook's document that are no properties of the entity. */
  readonly documentFields?: Readonly<Record<string, FieldRoles>>;
}

/** A declaration that stands beside its entity; give it to `new Scrypath({ entities: [...] })`. */
export interface Description<E extends object = object> {
  readonly target: EntityClass<E> | EntitySchema<E>;
  readonly declaration: Declaration;
}

/**
 * Declares the facts of an index for an `EntitySchema`, or for a class that cannot be decorated. They stand alone:
 * decorators on the class are not looked at.
 * @example
 * const movies = describe(MovieSchema, {
 *   index: 'movies',
 *   fields: { title: { searchable: true }, year: { filterable: true, sortable: true }, 'director.name': { searchable: true } },
 * });
 * const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [movies] });
 */
export function describe<E extends object>(
  target: EntityClass<E> | EntitySchema<E>,
  facts: EntityFacts<E>,
): Description<E> {
  const misuses: string[] = [];
  const problems: string[] = [];
  if (!isPlainObject(facts)) misuses.push(`describe() was given ${kindOf(facts)}; it takes an object of facts.`);
  const {
    fields,
    document,
    documentFields = {},
    ...entity
  }: Record<string, unknown> = isPlainObject(facts) ? facts : { fields: {} };
  if (document !== undefined && typeof document !== 'function')
    problems.push(`document is ${kindOf(document)}; it takes a function of a record`);
  const declared = [
    ...factsOf(fields, false, 'fields', problems),
    ...factsOf(documentFields, true, 'documentFields', problems),
  ];
  misuses.push(...problems.map((problem) => `describe(): ${problem}.`));
  return Object.freeze({
    target,
    declaration: freezeDeclaration({
      entity: entity as SearchableOptions,
      fields: declared,
      hook: typeof document === 'function' ? (document as (record: object) => unknown) : null,
      misuses,
    }),
  });
}
