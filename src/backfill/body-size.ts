import type { SearchDocument } from '../document/search-document.js';

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

/** Every so many documents one is measured: writing each as JSON once more would cost as much as sending it. */
const MEASURED_EVERY = 32;

/** An estimate of what documents take in a request. The backend counts exactly, and splits what is too large for one. */
export class DocumentSize {
  #measured = 0;
  #bytes = 0;

  of(documents: readonly SearchDocument[]): number {
    for (let at = 0; at < documents.length; at += MEASURED_EVERY) {
      this.#measured += 1;
      this.#bytes += JSON.stringify(documents[at]!.data).length;
    }
    return this.#measured === 0 ? 0 : Math.round((this.#bytes / this.#measured) * documents.length);
  }
}
