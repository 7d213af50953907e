import { span } from '../telemetry/span.js';
import { type DifferencesOptions, differencesOf } from './differences.js';
import type { Difference, DifferenceCounts, VerifyReport } from './verify-report.js';
import type { VerifySite } from './verify-site.js';

/** Differences that a report lists where the caller names no number. */
export const MAX_LISTED = 10_000;

/** Options of one verification. */
export interface VerifyOptions extends DifferencesOptions {
  /**
   * Most differences that the report lists; default 10,000. Where there are more, it lists none and says so with null; the
   * counts are those of all.
   */
  readonly maxListed?: number;
  /** Given every difference, in pages, and awaited; the report lists none then. */
  readonly onDifferences?: (differences: readonly Difference[]) => void | Promise<void>;
}

/**
 * Compares an index with the database by content, and changes nothing. See `differencesOf` for the order, and for what an
 * engine may hide from it.
 * @throws ScrypathError `INDEX_NOT_FOUND`, `BACKEND_…`; the reason of the signal; whatever the database throws
 */
export function verifyIndex(site: VerifySite, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { entity, indexName } = site.metadata;
  const facts: VerifySpan = { entity, index: options.index ?? indexName };
  return span('scrypath:verify', facts, async (context) => {
    const report = await compare(site, options);
    const { rows, documents, counts, clean } = report;
    Object.assign(context, { rows, documents, ...counts, clean });
    return report;
  });
}

/** Facts of a `scrypath:verify` span; from `rows` on they are there at its end, as the report has them. */
export interface VerifySpan extends Partial<DifferenceCounts> {
  readonly entity: string;
  readonly index: string;
  rows?: number;
  documents?: number;
  clean?: boolean;
}

async function compare(site: VerifySite, options: VerifyOptions): Promise<VerifyReport> {
  const { maxListed = MAX_LISTED, onDifferences, ...asked } = options;
  let listed: Difference[] | null = onDifferences ? null : [];
  const pages = differencesOf(site, asked);
  try {
    for (;;) {
      const page = await pages.next();
      if (page.done) return Object.freeze({ ...page.value, differences: listed && Object.freeze(listed) });
      await onDifferences?.(page.value);
      listed?.push(...page.value);
      if (listed !== null && listed.length > maxListed) listed = null;
    }
  } finally {
    // Where onDifferences throws, the connection is given back all the same.
    await pages.return(undefined as never);
  }
}
