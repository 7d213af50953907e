import type { DocumentKey } from '../document/search-document.js';
import { type VerifyOptions, verifyIndex } from '../verify/verify-index.js';
import { differencesOfKeys } from '../verify/verify-keys.js';
import { DIFFERENCES, type Difference, type DifferenceCounts, type VerifyReport } from '../verify/verify-report.js';
import { contentDiffers } from './rebuild-errors.js';
import type { ReindexSite } from './reindex-site.js';

/** Differences that are mended; where there are more, something else is wrong than a few writes. */
const MOST_MENDED = 10_000;
/** From the second time on, so many are mended one by one. */
const MENDED_ALONE = 100;
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
  /** Keys that differ still, and are borne with. */
  readonly failed: readonly DocumentKey[];
}

/**
 * Compares an index with the database by content, mends what differs through the same writes as any other, and compares
 * that again.
 * @throws ScrypathError `REBUILD_DIFFERS` with the keys in `keys`, where something differs still
 */
export async function compareAndMend(site: ReindexSite, comparison: Comparison): Promise<Compared> {
  const { index, signal, onProgress } = comparison;
  const { entity, indexName: live } = site.metadata;
  let left: readonly Difference[] = [];
  const report = await verifyIndex(site.verifySite(), {
    index,
    // Under a large backlog most may be pending: those are neither kept nor counted here.
    onDifferences: (some) => {
      if (left.length <= MOST_MENDED) left = [...left, ...certain(some)];
    },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  if (left.length > MOST_MENDED) throw contentDiffers(entity, { index, live }, report.counts, []);
  const repaired = new Set<DocumentKey>();
  for (let pass = 1; pass <= PASSES && !(await isBorne(left, comparison)); pass += 1) {
    const keys = left.map(({ key }) => key);
    for (const key of keys) repaired.add(key);
    // One that the index refuses may have kept others from it, where they went together.
    if (pass > 1 && keys.length <= MENDED_ALONE) for (const key of keys) await comparison.mend([key]);
    else await comparison.mend(keys);
    left = certain(await differencesOfKeys(site.verifySite(), index, keys, signal));
  }
  if (!(await isBorne(left, comparison)))
    throw contentDiffers(
      entity,
      { index, live },
      countsOf(left),
      left.map(({ key }) => key),
    );
  return {
    ...sizeOf(report),
    counts: countsOf(left),
    repaired: repaired.size,
    failed: left.map(({ key }) => key),
  };
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
