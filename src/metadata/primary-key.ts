/** The primary key of an `E`: the bare value where it is one column, else an object of its fields. */
export type PrimaryKey<E> = string | number | bigint | Date | Uint8Array | Partial<E>;
