import type { ElementOf, FieldPath, PathValue } from '../metadata/field-path.js';

/** What a field of type `T` can be compared with: dates also as epoch milliseconds, exact numbers in any form. */
export type Comparable<T> = T extends Date
  ? Date | number
  : T extends bigint
    ? bigint | number | string
    : T extends string | number | boolean
      ? T
      : T extends Uint8Array
        ? never
        : T extends object
          ? string | number | boolean | Date
          : T;

/** Conditions on one field; several of them must all hold. */
export interface FieldOperators<T> {
  /** The field has one of the values; null stands for no value. */
  readonly in?: readonly (Comparable<T> | null)[];
  readonly gt?: Comparable<T>;
  readonly gte?: Comparable<T>;
  readonly lt?: Comparable<T>;
  readonly lte?: Comparable<T>;
  /** The document has the field, null included. */
  readonly exists?: boolean;
  /** The document has the field, and its value is null. */
  readonly isNull?: boolean;
}

/** Equality with a value, `null` for no value at all, or operators. */
export type FieldCondition<T> = Comparable<T> | null | FieldOperators<T>;

/**
 * A condition on the documents of `E`. Members must all hold; keys are dotted paths of filterable fields. On a field
 * with several values any one of them counts: so `null` on a path through a list finds the records with an element that
 * has no value there, whatever the other elements have.
 * @example { year: { gte: 1970, lt: 1990 }, genres: { in: ['Drama'] }, $not: { 'director.name': null } }
 */
export type Filter<E> = { readonly [P in FieldPath<E>]?: FieldCondition<ElementOf<PathValue<E, P>>> } & {
  readonly $and?: readonly Filter<E>[];
  readonly $or?: readonly Filter<E>[];
  readonly $not?: Filter<E>;
};

type SortFields<E> = { readonly [P in FieldPath<E>]?: 'asc' | 'desc' };
/** Fields to sort by, first the one that decides first. */
export type Sort<E> = SortFields<E> | readonly SortFields<E>[];
