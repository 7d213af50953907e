import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { readAhead } from '../records/read-ahead.js';
import { type RecordPage, recordPages } from '../records/record-pages.js';
import { type Expected, expectedOf, readInHalves } from './expected-documents.js';
import { KeySums } from './key-sums.js';
import { KeyTable } from './key-table.js';
import { Suspects } from './suspects.js';
import { differenceOf } from './verdict.js';
import {
  DIFFERENCES,
  type Difference,
  type DifferenceKind,
  type VerifyProgress,
  type VerifySummary,
} from './verify-report.js';
import { timingOf, type VerifySite } from './verify-site.js';

/** Rows and documents in one page. */
export const PAGE_SIZE = 5_000;
/** Keys that are looked at again together. */
const SUSPECTS = 10_000;

/** What a verification is asked. */
export interface DifferencesOptions {
  /** Full name of the index; default the entity's own. */
  readonly index?: string;
  /** Rows and documents in one page; default 5000. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
  /** Told after each page. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/**
 * Compares an index with the database, and gives the differences in pages, as they are found; returns what it came to.
 * Memory does not grow with the number of rows.
 *
 * First the records: pages of primary keys, their records, and their documents by key. So nothing missing or stale is
 * passed over, whatever is written meanwhile. Then the documents in the engine's own order, of which those without a row
 * are extra. An engine that counts its pages may pass over some documents of those while others are removed.
 */
export async function* differencesOf(
  site: VerifySite,
  options: DifferencesOptions = {},
): AsyncGenerator<readonly Difference[], VerifySummary, void> {
  const connection = await site.connect();
  try {
    return yield* new Comparison(site, options, connection.queryRunner).run();
  } finally {
    await connection.end();
  }
}

class Comparison {
  readonly #site: VerifySite;
  readonly #options: DifferencesOptions;
  readonly #index: string;
  readonly #pageSize: number;
  readonly #queryRunner: QueryRunner;
  readonly #table: KeyTable;
  readonly #suspects: Suspects;
  readonly #counts: Record<DifferenceKind, number>;
  readonly #sums = new KeySums();
  readonly #stop = new AbortController();
  #rows = 0;
  #documents = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(site: VerifySite, options: DifferencesOptions, queryRunner: QueryRunner) {
    const { index = site.metadata.indexName, pageSize = PAGE_SIZE, signal } = options;
    this.#site = site;
    this.#options = options;
    this.#index = index;
    this.#pageSize = pageSize;
    this.#queryRunner = queryRunner;
    this.#table = new KeyTable(queryRunner.manager, site.metadata);
    this.#suspects = new Suspects({ site, index, queryRunner, timing: timingOf(site), pageSize, signal });
    this.#counts = Object.fromEntries(DIFFERENCES.map((kind) => [kind, 0])) as Record<DifferenceKind, number>;
  }

  async *run(): AsyncGenerator<readonly Difference[], VerifySummary, void> {
    const started = performance.now();
    const summed = this.#sumKeys();
    // Awaited when the records are through; until then it is nobody's.
    summed.catch(() => undefined);
    try {
      yield* this.#compareRecords();
      await summed;
    } finally {
      // Where it fails, or nobody asks for more, the engine is left in peace.
      this.#stop.abort();
      await summed.catch(() => undefined);
    }
    yield* this.#lookForExtra();
    yield* this.#settled();
    const { missing, extra, stale, failed } = this.#counts;
    return Object.freeze({
      index: this.#index,
      rows: this.#rows,
      documents: this.#documents,
      counts: Object.freeze({ ...this.#counts }),
      seconds: (performance.now() - started) / 1000,
      clean: missing + extra + stale + failed === 0,
    });
  }

  async *#compareRecords(): AsyncGenerator<readonly Difference[], void, void> {
    const { manager } = this.#queryRunner;
    const around = <T>(read: () => Promise<T>) => this.#alone(read);
    const pages = recordPages(manager, this.#site.metadata, { after: null, limit: this.#pageSize, around });
    for await (const { expected, documents } of readAhead(this.#withDocuments(readAhead(pages)))) {
      this.#options.signal?.throwIfAborted();
      for (const [key, record] of expected) {
        const document = documents.get(key);
        if (document !== undefined) this.#sums.add(key);
        if (differenceOf(key, record() ?? undefined, document) !== null) this.#suspects.add(key);
      }
      this.#rows += expected.length;
      yield* this.#progressed('records');
    }
  }

  /** Pages of records with the documents of their keys; while the engine answers, the database reads on. */
  async *#withDocuments(pages: AsyncIterable<RecordPage>) {
    const { backend, projection } = this.#site;
    for await (const { records, unreadable } of pages) {
      const expected: (readonly [DocumentKey, () => Expected | null])[] = [
        ...records.map(({ key, record }) => [key, () => expectedOf(projection, record)] as const),
        ...unreadable.map(({ key, error }) => [key, () => ({ kind: 'failed', error }) as const] as const),
      ];
      const keys = expected.map(([key]) => key);
      const stored = await backend.documents.fetch(this.#index, keys, { signal: this.#options.signal });
      yield { expected, documents: new Map(stored.map((document) => [document.key, document])) };
    }
  }

  /** Beside the records: the engine has time, and so has the connection to it. */
  async #sumKeys(): Promise<void> {
    for await (const keys of this.#keysOfIndex()) {
      if (this.#stop.signal.aborted) return;
      for (const key of keys) this.#sums.subtract(key);
      this.#documents += keys.length;
    }
  }

  /** Documents without a row: none where the keys of the index are those that were found for the records. */
  async *#lookForExtra(): AsyncGenerator<readonly Difference[], void, void> {
    yield* this.#progressed('documents');
    if (this.#sums.isEven) return;
    for await (const keys of this.#keysOfIndex()) {
      const suspects = keys.filter((key) => this.#sums.isSuspect(key));
      if (suspects.length === 0) continue;
      const existing = await this.#alone(() => this.#existing(suspects));
      for (const key of suspects) if (!existing.has(key)) this.#suspects.add(key);
      yield* this.#progressed('documents');
    }
  }

  async *#keysOfIndex(): AsyncGenerator<readonly DocumentKey[], void, void> {
    const { signal } = this.#options;
    const { pageSize } = this.#options;
    const size = pageSize === undefined ? {} : { pageSize };
    for await (const keys of readAhead(this.#site.backend.documents.keys(this.#index, { ...size, signal }))) {
      signal?.throwIfAborted();
      yield keys;
    }
  }

  /** One after the other on the one connection; pages are read ahead on it. */
  #alone<T>(read: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(read);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #existing(keys: readonly DocumentKey[]): Promise<ReadonlySet<DocumentKey>> {
    const existing = new Set<DocumentKey>();
    await readInHalves(
      keys,
      async (some) => {
        for (const key of await this.#table.existing(some)) existing.add(key);
      },
      (_, error) => {
        throw error;
      },
    );
    return existing;
  }

  async *#progressed(reading: VerifyProgress['reading']): AsyncGenerator<readonly Difference[], void, void> {
    // Where database and engine are in the process, nothing of a page waits, and nobody else would get a turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#suspects.size >= SUSPECTS) yield* this.#settled();
    const differences = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    this.#options.onProgress?.({ reading, rows: this.#rows, documents: this.#documents, differences });
  }

  async *#settled(): AsyncGenerator<readonly Difference[], void, void> {
    const found = await this.#alone(() => this.#suspects.settle());
    for (const { kind } of found) this.#counts[kind] += 1;
    for (let start = 0; start < found.length; start += this.#pageSize) yield found.slice(start, start + this.#pageSize);
  }
}
