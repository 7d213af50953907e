import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from './backend/backend.js';
import type { BackfillCall } from './backfill/backfill.js';
import { fill } from './backfill/fill.js';
import { NEEDS_OUTBOX, notDivisible } from './backfill/part-errors.js';
import type { BackfillReport } from './backfill/report.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import type { Projection } from './projection/projection.js';
import { readConnection } from './worker/background-runner.js';
import type { Delivery } from './worker/delivery.js';
import { type Registration, registerBackfill, replayTouched, writeSeen } from './worker/touched-keys.js';

/** Options of `movies.backfill()`. */
export interface BackfillOptions
  extends Pick<BackfillCall, 'where' | 'batchSize' | 'maxFailures' | 'partitions' | 'signal' | 'onProgress'> {
  /** Another index than the entity's own, without prefix: one that stands beside it. It must be there. */
  readonly into?: string;
  /**
   * Lets every worker, of any process, that knows the entity fill ranges of keys beside this call: `partitions` of them,
   * default 8. With an outbox only, and not with `where`.
   */
  readonly distribute?: boolean;
  /** Go on where a backfill into the same index was stopped or killed. With an outbox only. */
  readonly resume?: boolean;
}

/** What a backfill came to. */
export interface FilledIndex extends BackfillReport {
  /** Keys that were sent beside it, and once more behind it; 0 without an outbox, and for an index beside the live one. */
  readonly replayed: number;
}

export interface FillSite {
  readonly backend: Backend;
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
  readonly dataSource: DataSource;
  /** Null without an outbox. */
  readonly delivery: Delivery | null;
  readonly timeoutMs: number;
}

const SEEN_EVERY_MS = 3_000;

/**
 * Fills an index. Into the live index it registers first: what workers send from then on is sent again behind the last
 * page, since an older page may have been written over it.
 */
export async function fillIndex(site: FillSite, index: string, options: BackfillOptions): Promise<FilledIndex> {
  const { backend, metadata, projection, dataSource, delivery } = site;
  const { into: _, resume = false, distribute = false, ...call } = options;
  if (distribute) checkDistributed(site, options);
  const source = delivery?.sender.source ?? null;
  const isLive = index === metadata.indexName;
  const registration = source && isLive ? await registerBackfill(source, metadata.entity) : null;
  const stopSeeing = registration && source ? keepSeen(() => source.aside('look'), registration) : null;
  const reading = await readConnection(dataSource);
  try {
    const { manager } = reading.queryRunner;
    const report = await fill(
      { backend, metadata, projection, manager },
      { ...call, index },
      { connection: source && (() => source.aside('look')), distribute, resume },
    );
    if (registration === null || source === null || delivery === null) return { ...report, replayed: 0 };
    // A request that got no answer may still bring an old page.
    const late = (report.lateUntil ?? 0) - Date.now();
    if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
    const { token, count } = await replayTouched(source, registration);
    const waiting = { goal: 'completed', timeoutMs: site.timeoutMs, failFast: false, drains: false } as const;
    if (token !== null) await delivery.wait([token], { ...waiting, signal: call.signal });
    return { ...report, replayed: count };
  } finally {
    await stopSeeing?.();
    await reading.end();
  }
}

function checkDistributed({ metadata: { entity }, delivery }: FillSite, { where }: BackfillOptions): void {
  const problems = [
    ...(delivery === null ? [NEEDS_OUTBOX] : []),
    ...(where === undefined ? [] : ['distribute takes no where: another process cannot be given it']),
  ];
  if (problems.length > 0) throw notDivisible(entity, 'backfill', problems);
}

/** @returns what ends it: another backfill may then go on with the registration, where it still stands */
function keepSeen(connection: () => Promise<QueryRunner>, { id }: Registration): () => Promise<void> {
  const see = async (atWork: boolean) => writeSeen(await connection(), id, atWork);
  const timer = setInterval(() => void see(true).catch(() => undefined), SEEN_EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await see(false).catch(() => undefined);
  };
}
