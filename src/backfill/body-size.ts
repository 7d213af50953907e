/** When an upload is full: whichever is reached first, by whole pages. */
export interface BodyLimit {
  readonly documents: number;
  readonly bytes: number;
}

/** Big bodies win, as an engine does at once what is in one; of smaller ones it begins earlier. Bytes bound what is in memory. */
const LARGEST: BodyLimit = Object.freeze({ documents: 20_000, bytes: 10_000_000 });
const PARTS = 8;
/** A table up to this is a matter of seconds; of smaller parts it loses less where it is killed. */
const SMALL_TABLE = 40_000;
const PARTS_OF_SMALL = 64;
const SMALLEST = 250;

export function bodyLimit(rows: number, given: BodyLimit | undefined): BodyLimit {
  if (given) return given;
  const part = Math.ceil(rows / (rows < SMALL_TABLE ? PARTS_OF_SMALL : PARTS));
  return { ...LARGEST, documents: Math.min(LARGEST.documents, Math.max(SMALLEST, part)) };
}
