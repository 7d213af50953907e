import type { QueryRunner } from 'typeorm';
import { type BackfillCall, type BackfillSite, runBackfill } from './backfill.js';
import { StoredFillLog } from './fill-log.js';
import { FillParts } from './fill-parts.js';
import { MemoryFillLog } from './fill-state.js';
import type { BackfillReport } from './report.js';
import { runSharedBackfill } from './shared-fill.js';

/** How a backfill is kept, and who does it. */
export interface FillMode {
  /** For statements that are committed at once, beside an outbox; null without one: nothing is kept then. */
  readonly connection: (() => Promise<QueryRunner>) | null;
  /** Go on with the newest one that has not come to its end, where there is one, in the way in which it was begun. */
  readonly resume: boolean;
  /** Whether workers fill ranges of it too. */
  readonly distribute: boolean;
}

/** Fills an index from the database, alone or with others. */
export async function fill(
  site: Omit<BackfillSite, 'log'>,
  call: BackfillCall,
  { connection, resume, distribute }: FillMode,
): Promise<BackfillReport> {
  if (connection === null) return runBackfill({ ...site, log: new MemoryFillLog() }, call);
  const what = { entity: site.metadata.entity, index: call.index };
  const left = resume ? await StoredFillLog.resume(connection, what) : null;
  const log = left ?? (await StoredFillLog.begin(connection, what));
  const parts = (parent: string) => new FillParts(connection, parent, what);
  const saved = await left?.load();
  // One that is divided keeps no range itself.
  const isDivided = saved ? saved.state.ranges.length === 0 : distribute;
  const report = await (isDivided
    ? runSharedBackfill({ ...site, log }, call, parts)
    : runBackfill({ ...site, log }, call));
  const lateUntil = Math.max(report.lateUntil ?? 0, log.lateUntil);
  return { ...report, lateUntil: lateUntil === 0 ? null : lateUntil };
}
