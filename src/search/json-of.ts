type Fn = (...args: never[]) => unknown;

/**
 * The JSON form of a value: dates as epoch milliseconds, bigints as text, bytes as base64, methods left out. What a
 * relation or an embedded leads to holds only the declared paths, so its members are optional.
 */
export type JsonOf<T> = T extends Date
  ? number
  : T extends bigint
    ? string
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends Uint8Array
        ? string
        : T extends PromiseLike<infer U>
          ? JsonOf<U>
          : T extends readonly (infer U)[]
            ? readonly JsonMember<U>[]
            : T extends object
              ? { readonly [P in keyof T as T[P] extends Fn ? never : P]: JsonMember<T[P]> }
              : never;

type JsonMember<T> = T extends Date | bigint | string | number | boolean | null | undefined | Uint8Array
  ? JsonOf<T>
  : T extends PromiseLike<infer U>
    ? JsonMember<U>
    : T extends readonly (infer U)[]
      ? readonly JsonMember<U>[]
      : Partial<JsonOf<T>>;
