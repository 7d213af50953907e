/** When an upload is full: whichever is reached first, by whole pages. */
export interface BodyLimit {
  readonly documents: number;
  readonly bytes: number;
}

/** Bytes bound what is in memory. */
const MOST_BYTES = 10_000_000;
/**
 * Big bodies win, since an engine does at once what is in one, and each time that it begins again costs it as much as 20,000
 * documents; of smaller ones it begins earlier. Of 171,000 rows, thirds took 2.7 s, eighths 3.0 s, halves 3.0 s.
 */
const PARTS = 3;
const MOST = 60_000;
/** Beyond this the engine always finds several that wait, and does these at once: smaller ones lose less where they are lost. */
const LARGE_TABLE = 300_000;
const MOST_OF_LARGE = 30_000;
/** A table up to this is a matter of seconds; of smaller parts it loses less where it is killed. */
const SMALL_TABLE = 40_000;
const PARTS_OF_SMALL = 64;
const SMALLEST = 250;
/** Documents that wait as objects take several times as much as their bytes. */
const MOST_OBJECTS = 20_000;

/** @param asBytes whether documents wait as the bytes that are sent */
export function bodyLimit(rows: number, given: BodyLimit | undefined, asBytes: boolean): BodyLimit {
  if (given) return given;
  const documents = documentsFor(rows);
  return { documents: asBytes ? documents : Math.min(documents, MOST_OBJECTS), bytes: MOST_BYTES };
}

function documentsFor(rows: number): number {
  if (rows < SMALL_TABLE) return Math.max(SMALLEST, Math.ceil(rows / PARTS_OF_SMALL));
  return rows > LARGE_TABLE ? MOST_OF_LARGE : Math.min(MOST, Math.ceil(rows / PARTS));
}
