type Primitive = string | number | boolean | bigint | symbol | null | undefined;
type Leaf = Primitive | Date | Uint8Array | ((...args: never[]) => unknown);

/** What a property holds, for one who looks at its elements: without null, promise and array around it. */
export type ElementOf<T> =
  NonNullable<T> extends PromiseLike<infer U>
    ? ElementOf<U>
    : NonNullable<T> extends readonly (infer U)[]
      ? ElementOf<U>
      : NonNullable<T>;

type Depth = [never, 0, 1, 2];
type OwnPath<E> = { [P in keyof E & string]: E[P] extends (...args: never[]) => unknown ? never : P }[keyof E & string];

/**
 * Dotted paths into an entity: its properties, and those of what they lead to, through relations, embeddeds, arrays and
 * promises, three names deep. Methods are left out.
 */
export type FieldPath<E, D extends 0 | 1 | 2 = 2> = {
  [P in OwnPath<E>]:
    | P
    | (D extends 0
        ? never
        : ElementOf<E[P]> extends Leaf
          ? never
          : `${P}.${FieldPath<ElementOf<E[P]>, Depth[D] & (0 | 1 | 2)>}`);
}[OwnPath<E>];

/** What a path leads to, element by element. */
export type PathValue<E, P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head extends keyof E
    ? PathValue<ElementOf<E[Head]>, Rest>
    : never
  : P extends keyof E
    ? ElementOf<E[P]>
    : never;
