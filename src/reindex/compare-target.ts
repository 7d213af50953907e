import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type VerifyOptions, verifyIndex } from '../verify/verify-index.js';
import { differencesOfKeys } from '../verify/verify-keys.js';
import { DIFFERENCES, type Difference, type DifferenceCounts, type VerifyReport } from '../verify/verify-report.js';
import type { ReindexSite } from './reindex-site.js';

/** Differences that are mended; where there are more, something else is wrong than a few writes. */
const MOST_MENDED = 10_000;
/** How often what differs is mended and compared again. */
const PASSES = 3;

export interface Comparison {
  /** The index to compare with the database. */
  readonly index: string;
  /** Brings what the database says of the keys to the index, and waits for it. */
  readonly mend: (keys: readonly DocumentKey[]) => Promise<void>;
  /** Those of the keys that are known to have no document, for a reason that was written down. */
  readonly excused: (keys: readonly DocumentKey[]) => Promise<ReadonlySet<DocumentKey>>;
  readonly maxFailures: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: VerifyOptions['onProgress'];
}

/** What a comparison came to; the counts are those of the differences that are left. */
export interface Compared {
  readonly rows: number;
  readonly documents: number;
  readonly counts: DifferenceCounts;
  /** Keys that were sent again because they differed. */
  readonly repaired: number;
}

/**
 * Compares an index with the database by content, mends what differs through the same writes as any other, and compares
 * that again.
 * @throws ScrypathError `REBUILD_DIFFERS` with the keys in `keys`, where something differs still
 */
export async function compareAndMend(site: ReindexSite, comparison: Comparison): Promise<Compared> {
  const { index, signal, onProgress } = comparison;
  const report = await verifyIndex(site.verifySite(), {
    index,
    maxListed: MOST_MENDED,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  if (report.differences === null) throw differs(site, index, report.counts, []);
  let left = certain(report.differences);
  const repaired = new Set<DocumentKey>();
  for (let pass = 1; pass <= PASSES && !(await isBorne(left, comparison)); pass += 1) {
    const keys = left.map(({ key }) => key);
    for (const key of keys) repaired.add(key);
    await comparison.mend(keys);
    left = certain(await differencesOfKeys(site.verifySite(), index, keys, signal));
  }
  if (!(await isBorne(left, comparison))) throw differs(site, index, countsOf(left), left);
  return { ...sizeOf(report), counts: countsOf(left), repaired: repaired.size };
}

const sizeOf = ({ rows, documents }: VerifyReport) => ({ rows, documents });

/** What is pending is under way, and will be sent to both indexes. */
const certain = (differences: readonly Difference[]): readonly Difference[] =>
  differences.filter(({ kind }) => kind !== 'pending');

/** Whether nothing differs, or only what has no document for a known reason, and no more of it than is borne with. */
async function isBorne(differences: readonly Difference[], { excused, maxFailures }: Comparison): Promise<boolean> {
  if (differences.length === 0) return true;
  if (differences.length > maxFailures) return false;
  const rest = differences.filter(({ kind }) => kind !== 'failed').map(({ key }) => key);
  if (rest.length === 0) return true;
  const known = await excused(rest);
  return rest.every((key) => known.has(key));
}

function countsOf(differences: readonly Difference[]): DifferenceCounts {
  const counts = Object.fromEntries(DIFFERENCES.map((kind) => [kind, 0])) as Record<Difference['kind'], number>;
  for (const { kind } of differences) counts[kind] += 1;
  return Object.freeze(counts);
}

/** Keys that an error names. */
const NAMED = 1_000;

function differs(
  { metadata }: ReindexSite,
  index: string,
  counts: DifferenceCounts,
  differences: readonly Difference[],
): ScrypathError {
  const said = Object.entries(counts).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : []));
  const error = new ScrypathError({
    code: 'REBUILD_DIFFERS',
    entity: metadata.entity,
    index,
    happened: `The index "${index}" does not say what the database says of ${metadata.entity}: ${said.join(', ')}.`,
    remedy:
      'The live index is as it was. verify({ index }) lists the keys; mend their records, or abandon the rebuild.',
  });
  return Object.assign(error, { keys: Object.freeze(differences.slice(0, NAMED).map(({ key }) => key)) });
}
