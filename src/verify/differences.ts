import type { QueryRunner } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { readAhead } from '../records/read-ahead.js';
import { expectedDocuments, readInHalves } from './expected-documents.js';
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
  #rows = 0;
  #documents = 0;

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
    yield* this.#compareRecords();
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
    const { backend } = this.#site;
    let page = await this.#table.page(null, this.#pageSize);
    while (page.keys.length > 0) {
      this.#options.signal?.throwIfAborted();
      const { keys, last } = page;
      const [stored, [expected, next]] = await both(
        backend.documents.fetch(this.#index, keys, { signal: this.#options.signal }),
        this.#expectedAndNext(keys, last),
      );
      const documents = new Map(stored.map((document) => [document.key, document]));
      for (const key of keys)
        if (differenceOf(key, expected.get(key), documents.get(key)) !== null) this.#suspects.add(key);
      this.#rows += keys.length;
      yield* this.#progressed('records');
      if (next === null) return;
      page = next;
    }
  }

  /** One statement after the other, on one connection, while the engine answers. */
  async #expectedAndNext(keys: readonly DocumentKey[], last: readonly unknown[] | null) {
    const expected = await expectedDocuments(this.#queryRunner.manager, this.#site, keys);
    return [expected, last === null ? null : await this.#table.page(last, this.#pageSize)] as const;
  }

  async *#lookForExtra(): AsyncGenerator<readonly Difference[], void, void> {
    const { signal } = this.#options;
    const pages = this.#site.backend.documents.scan(this.#index, { pageSize: this.#pageSize, signal });
    for await (const page of readAhead(pages)) {
      signal?.throwIfAborted();
      const keys = page.map(({ key }) => key);
      const existing = await this.#existing(keys);
      for (const key of keys) if (!existing.has(key)) this.#suspects.add(key);
      this.#documents += keys.length;
      yield* this.#progressed('documents');
    }
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
    const found = await this.#suspects.settle();
    for (const { kind } of found) this.#counts[kind] += 1;
    for (let start = 0; start < found.length; start += this.#pageSize) yield found.slice(start, start + this.#pageSize);
  }
}

/** Both answers; where one fails, the other is awaited first: a connection that is given back must be at rest. */
async function both<L, R>(left: Promise<L>, right: Promise<R>): Promise<[L, R]> {
  await Promise.allSettled([left, right]);
  return Promise.all([left, right]);
}
