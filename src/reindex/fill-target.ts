import { type FillMode, fill } from '../backfill/fill.js';
import type { BackfillReport } from '../backfill/report.js';
import { paused } from '../verify/paused.js';
import { readConnection } from '../worker/background-runner.js';
import type { RebuildReport } from './audit.js';
import type { RunOptions } from './reindex-options.js';
import type { ReindexSite } from './reindex-site.js';

/** What is filled, and how. */
export interface TargetFill {
  readonly target: string;
  readonly connection: FillMode['connection'];
  /** Awaited before each upload; where it rejects, nothing more is sent. */
  readonly beforeSend?: () => Promise<void>;
}

/** Fills a target from the database. Resolves when no request with a page of it can be on its way any more. */
export async function fillTarget(
  { backend, metadata, projection, dataSource }: ReindexSite,
  { target, connection, beforeSend }: TargetFill,
  { given: { batchSize, partitions, distribute = false }, maxFailures }: Pick<RebuildReport, 'given' | 'maxFailures'>,
  { signal, onProgress }: RunOptions,
): Promise<BackfillReport> {
  const reading = await readConnection(dataSource);
  try {
    const report = await fill(
      { backend, metadata, projection, manager: reading.queryRunner.manager },
      {
        index: target,
        maxFailures,
        ...(beforeSend && { beforeSend }),
        ...(batchSize !== undefined && { batchSize }),
        ...(partitions !== undefined && { partitions }),
        signal,
        onProgress: onProgress && ((progress) => onProgress({ step: 'fill', ...progress })),
      },
      { connection, distribute, resume: true },
    );
    // A request that got no answer may still bring an old page.
    await paused((report.lateUntil ?? 0) - Date.now(), signal);
    return report;
  } finally {
    await reading.end();
  }
}
