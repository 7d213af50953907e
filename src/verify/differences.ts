import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { readAhead } from '../records/read-ahead.js';
import { type RecordPage, recordPages } from '../records/record-pages.js';
import { type Expected, expectedOf, readInHalves } from './expected-documents.js';
import { KeySums } from './key-sums.js';
import { KeyTable } from './key-table.js';
import { type StoredPage, storedPage } from './stored-page.js';
import { Suspects } from './suspects.js';
import {
  DIFFERENCES,
  type Difference,
  type DifferenceKind,
  type VerifyProgress,
  type VerifySummary,
} from './verify-report.js';
import { timingOf, type VerifySite } from './verify-site.js';

/** Rows and documents in one page. Of 1,000 it took a sixth longer, of 3,000 as long. */
export const PAGE_SIZE = 2_000;
/** Keys that are looked at again together. */
const SUSPECTS = 10_000;

/** What a verification is asked. */
export interface DifferencesOptions {
  /** Full name of the index; default the entity's own. */
  readonly index?: string;
  /** Rows and documents in one page; default 2000. */
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
 * passed over, whatever is written meanwhile. Where the engine says that nothing was written to the index meanwhile, and
 * that it has as many documents as were found, that is all. Else the documents in the engine's own order, of which those
 * without a row are extra; one that counts its pages may pass over some of those while others are removed.
 * @throws ScrypathError `OPTION_INVALID` where `pageSize` does not hold
 */
export async function* differencesOf(
  site: VerifySite,
  options: DifferencesOptions = {},
): AsyncGenerator<readonly Difference[], VerifySummary, void> {
  const { pageSize } = options;
  // Pages of nothing would never come to an end.
  if (pageSize !== undefined && !(Number.isInteger(pageSize) && pageSize >= 1))
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      entity: site.metadata.entity,
      happened: `A comparison of ${site.metadata.entity} was given a pageSize that does not hold.`,
      remedy: 'Give a whole number from 1.',
      problems: ['pageSize must be a whole number from 1'],
    });
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
    const before = await this.#extent();
    yield* this.#compareRecords();
    const after = await this.#extent();
    const isWhole = before !== null && before.mark === after?.mark && after.documents === this.#documents;
    yield* isWhole ? this.#progressed('documents') : this.#lookForExtra();
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
    for await (const { page, stored } of readAhead(this.#withDocuments(readAhead(pages)))) {
      this.#options.signal?.throwIfAborted();
      const { records, unreadable } = page;
      const { projection } = this.#site;
      for (const { key, record } of records)
        this.#compare(key, expectedOf(projection, key, record) ?? undefined, stored);
      for (const { key, error } of unreadable) this.#compare(key, { kind: 'failed', error }, stored);
      this.#rows += records.length + unreadable.length;
      yield* this.#progressed('records');
    }
  }

  #compare(key: DocumentKey, expected: Expected | undefined, stored: StoredPage): void {
    if (stored.has(key)) {
      this.#sums.add(key);
      this.#documents += 1;
    }
    if (stored.differs(key, expected)) this.#suspects.add(key);
  }

  /** Pages of records with the documents of their keys; while the engine answers, the database reads on. */
  async *#withDocuments(pages: AsyncIterable<RecordPage>) {
    for await (const page of pages) {
      const keys = [...page.records, ...page.unreadable].map(({ key }) => key);
      const { signal } = this.#options;
      yield { page, stored: await storedPage(this.#site.backend.documents, this.#index, keys, { signal }) };
    }
  }

  async #extent(): Promise<{ readonly documents: number; readonly mark: string } | null> {
    const { documents } = this.#site.backend;
    return (await documents.extent?.(this.#index, { signal: this.#options.signal })) ?? null;
  }

  /** Documents without a row: none where the keys of the index are those that were found for the records. */
  async *#lookForExtra(): AsyncGenerator<readonly Difference[], void, void> {
    let documents = 0;
    for await (const keys of this.#keysOfIndex()) {
      for (const key of keys) this.#sums.subtract(key);
      documents += keys.length;
    }
    this.#documents = documents;
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
