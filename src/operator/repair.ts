import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { newToken } from '../outbox/mark-id.js';
import type { SyncSite } from '../sync/sync-verbs.js';
import { differencesOf } from '../verify/differences.js';
import type { VerifyProgress, VerifySummary } from '../verify/verify-report.js';
import type { VerifySite } from '../verify/verify-site.js';
import { mendKeys } from './mend-keys.js';
import type { OperatorSite } from './operator-site.js';
import { noteProvenContract } from './proven-contract.js';

export const REPAIRABLE = Object.freeze(['missing', 'extra', 'stale'] as const);
export type Repairable = (typeof REPAIRABLE)[number];

export interface RepairOptions {
  /** Most keys to mend; default 10,000. */
  readonly maxKeys?: number;
  /** Longest time to spend on looking and marking, in seconds; default: as long as it takes. */
  readonly maxSeconds?: number;
  /** Only these kinds; default all three. */
  readonly kinds?: readonly Repairable[];
  /** Rows and documents in one page; default 5000. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/** What a repair found and mended. Frozen. */
export interface RepairReport {
  readonly entity: string;
  readonly index: string;
  /** Keys that were mended, by what was wrong with them. */
  readonly mended: Readonly<Record<Repairable, number>>;
  /** Keys of records that cannot become a document: nothing was done for them. */
  readonly unprojectable: readonly DocumentKey[];
  /** Documents whose key no record can have: only a reindex leaves them behind. */
  readonly foreign: readonly DocumentKey[];
  /** What `waitForCompletion` takes; null where nothing was marked, or there is no outbox and it is done. */
  readonly token: string | null;
  /** `whole`: all of the index was compared. Else the budget was spent: what lies behind it was not looked at. */
  readonly ended: 'whole' | 'max_keys' | 'max_seconds';
  /**
   * Whether it was noted that the index was made by these declarations: where nobody knew, and nothing was found that
   * differs. `drift()` observes the contract from then on.
   */
  readonly contractNoted: boolean;
  readonly seconds: number;
}

/** What a repair works with. */
export interface RepairSite {
  readonly operator: OperatorSite;
  readonly sync: SyncSite;
  readonly verify: VerifySite;
  readonly timeoutMs: number;
}

/** Compares the index with the database by content, and mends what differs as it is found, until the budget is spent. */
export async function repair(site: RepairSite, options: RepairOptions = {}): Promise<RepairReport> {
  let report: Omit<RepairReport, 'contractNoted'> | undefined;
  const contractNoted = await noteProvenContract(site.operator, async () => {
    const { isProven, ...rest } = await mend(site, options);
    report = rest;
    return isProven;
  });
  return Object.freeze({ ...report!, contractNoted });
}

/** @returns with `isProven`: all of it was compared, nothing differs, and nothing is under way */
async function mend(site: RepairSite, options: RepairOptions) {
  const { entity, indexName: index } = site.sync.metadata;
  const { maxKeys, maxSeconds, kinds, pageSize, signal, onProgress } = checked(entity, options);
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const token = newToken();
  const mended: Record<Repairable, number> = { missing: 0, extra: 0, stale: 0 };
  const unprojectable: DocumentKey[] = [];
  const foreign: DocumentKey[] = [];
  let left = maxKeys;
  let ended: RepairReport['ended'] = 'whole';
  const asked = {
    ...(pageSize !== undefined && { pageSize }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const pages = summed(differencesOf(site.verify, asked));
  for await (const page of pages) {
    unprojectable.push(...page.filter(({ kind }) => kind === 'failed').map(({ key }) => key));
    for (const kind of kinds) {
      const found = page.filter((one) => one.kind === kind).map(({ key }) => key);
      const keys = found.slice(0, left);
      if (keys.length === 0 && found.length === 0) continue;
      const done = await mendKeys(site.sync, keys, { token, timeoutMs: site.timeoutMs, signal });
      mended[kind] += done.count;
      foreign.push(...done.foreign);
      left -= keys.length;
      if (keys.length < found.length) ended = 'max_keys';
    }
    if (elapsed() >= maxSeconds && ended === 'whole') ended = 'max_seconds';
    if (ended !== 'whole') break;
  }
  const isMarked = site.sync.outbox !== null && mended.missing + mended.extra + mended.stale > 0;
  return {
    entity,
    index,
    mended: Object.freeze(mended),
    unprojectable: Object.freeze(unprojectable),
    foreign: Object.freeze(foreign),
    token: isMarked ? token : null,
    ended,
    seconds: elapsed(),
    isProven: ended === 'whole' && pages.summary?.clean === true && pages.summary.counts.pending === 0,
  };
}

/** The pages, and what they come to once the last one was given; null before, and where nobody asked for the last one. */
function summed<P>(pages: AsyncGenerator<P, VerifySummary, void>) {
  const all = {
    summary: null as VerifySummary | null,
    async *[Symbol.asyncIterator](): AsyncGenerator<P, void, void> {
      all.summary = yield* pages;
    },
  };
  return all;
}

function checked(
  entity: string,
  { maxKeys = 10_000, maxSeconds = Number.POSITIVE_INFINITY, kinds = REPAIRABLE, ...rest }: RepairOptions,
) {
  const problems = [
    ...(Number.isInteger(maxKeys) && maxKeys >= 1 ? [] : ['maxKeys must be a whole number from 1']),
    ...(maxSeconds > 0 ? [] : ['maxSeconds must be above 0']),
    ...(Array.isArray(kinds) && kinds.every((kind) => REPAIRABLE.includes(kind))
      ? []
      : [`kinds must be a list of ${REPAIRABLE.join(', ')}`]),
  ];
  if (problems.length === 0) return { maxKeys, maxSeconds, kinds, ...rest };
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `The options of a repair of ${entity} do not hold: ${problems.join('; ')}.`,
    problems,
  });
}
