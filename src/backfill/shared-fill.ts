import { ScrypathError } from '../errors/scrypath-error.js';
import { countRecords } from '../records/record-pages.js';
import { type BackfillCall, type BackfillSite, runBackfill } from './backfill.js';
import type { StoredFillLog } from './fill-log.js';
import type { FillPart, FillParts, PartSeen } from './fill-parts.js';
import { type FillState, freshState } from './fill-state.js';
import { keyRanges } from './key-ranges.js';
import { isPartLost, partFailed, partLost } from './part-errors.js';
import type { BackfillFailure, BackfillReport, FailedPage } from './report.js';
import { withReport } from './report.js';

/** Ranges that a backfill is divided into where nobody says how many. */
const PARTS = 8;
const BEAT_EVERY_MS = 3_000;
const LOOK_EVERY_MS = 500;

type SharedSite = Omit<BackfillSite, 'log'> & { readonly log: StoredFillLog };

/**
 * Fills an index by ranges of keys, of which this process takes one after the other, and so does every worker that looks for
 * them. Resolves when all are done, whoever did them. As `runBackfill` where that was stopped before.
 * @param parts those of the log
 * @throws as `runBackfill`; of a range that another process could not fill a `ScrypathError` with the code of its failure
 */
export async function runSharedBackfill(
  site: SharedSite,
  call: BackfillCall,
  parts: (parent: string) => FillParts,
): Promise<BackfillReport> {
  const { partitions = PARTS, signal } = call;
  const saved = await site.log.load();
  // The ranges are in the parts; this one keeps what they come to.
  if (saved === null) await site.log.save(freshState([], null));
  const all = parts(site.log.id!);
  const { batchSize, maxFailures } = call;
  const options = { ...(batchSize !== undefined && { batchSize }), ...(maxFailures !== undefined && { maxFailures }) };
  if ((await all.read()).length > 0) await all.reopen(options);
  else await all.open(await keyRanges(site.manager, site.metadata, partitions), options);
  const run = new SharedFill(site, call, all, saved === null ? 'fresh' : 'resumed');
  try {
    const report = await run.toTheEnd();
    await site.log.end('done');
    await all.forget();
    return report;
  } catch (error) {
    const report = await run.report().catch(() => run.last);
    // Where the database is away too, the reason is worth more than that.
    await site.log.end('failed').catch(() => undefined);
    throw withReport(signal?.aborted ? signal.reason : error, report);
  }
}

class SharedFill {
  readonly #site: SharedSite;
  readonly #call: BackfillCall;
  readonly #parts: FillParts;
  readonly #mode: BackfillReport['mode'];
  readonly #started = performance.now();
  readonly #own: BackfillReport[] = [];
  #rowsBefore = 0;
  last: BackfillReport;

  constructor(site: SharedSite, call: BackfillCall, parts: FillParts, mode: BackfillReport['mode']) {
    this.#site = site;
    this.#call = call;
    this.#parts = parts;
    this.#mode = mode;
    this.last = this.#reportOf([]);
  }

  async toTheEnd(): Promise<BackfillReport> {
    const { signal, index, maxFailures = 0 } = this.#call;
    const { entity } = this.#site.metadata;
    const before = await this.#parts.read();
    this.#rowsBefore = rowsOf(before);
    const stopTelling = await this.#telling();
    try {
      for (;;) {
        signal?.throwIfAborted();
        const part = await this.#parts.take();
        if (part !== null) {
          await this.#fill(part);
          continue;
        }
        const seen = await this.#parts.read();
        // Given up by somebody who began anew: nothing is done, and nothing is to be done here.
        if (seen.length < before.length || seen.length === 0) throw partLost(entity, index);
        const failed = seen.find(({ state }) => state === 'failed');
        if (failed) throw partFailed(entity, index, failed.problem ?? 'unknown');
        const failures = seen.reduce((sum, one) => sum + one.failed, 0);
        if (failures > maxFailures) throw partFailed(entity, index, 'PROJECTION_FAILED');
        if (seen.every(({ state }) => state === 'done')) return await this.report();
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    } finally {
      await stopTelling();
    }
  }

  async #fill(part: FillPart): Promise<void> {
    try {
      this.#own.push(await fillPart(this.#site, part, this.#call));
    } catch (error) {
      // This process was silent for so long that another has the range now; or all of it was given up, which is seen next.
      if (!isPartLost(error)) throw error;
    }
  }

  async report(): Promise<BackfillReport> {
    this.last = this.#reportOf(await this.#parts.read());
    await this.#site.log.save({ ...freshState([], null), ...countsOf(this.last), lateUntil: this.last.lateUntil ?? 0 });
    return this.last;
  }

  #reportOf(seen: readonly PartSeen[]): BackfillReport {
    const sum = (of: (one: FillState) => number) => seen.reduce((total, one) => total + of(one), 0);
    const seconds = { read: 0, project: 0, send: 0, index: 0 };
    for (const report of this.#own)
      for (const stage of Object.keys(seconds) as (keyof typeof seconds)[]) seconds[stage] += report.seconds[stage];
    const lateUntil = Math.max(0, ...seen.map((one) => one.lateUntil), ...this.#own.map((one) => one.lateUntil ?? 0));
    return Object.freeze({
      index: this.#call.index,
      mode: this.#mode,
      lastKey: null,
      batches: sum(({ batches }) => batches),
      documents: sum(({ documents }) => documents),
      skipped: sum(({ skipped }) => skipped),
      rows: rowsOf(seen) - this.#rowsBefore,
      failed: Object.freeze(seen.flatMap((one) => (one.failedPages ?? []).map(pageOf))),
      seconds: Object.freeze(seconds),
      lateUntil: lateUntil === 0 ? null : lateUntil,
    });
  }

  /** Tells of what all have done: now, about once a second, and when it ends. @returns what ends it */
  async #telling(): Promise<() => Promise<void>> {
    const { onProgress } = this.#call;
    if (onProgress === undefined) return () => Promise.resolve();
    const { manager, metadata } = this.#site;
    const total = await countRecords(manager, metadata, { after: null });
    const tell = async (): Promise<void> => {
      const seen = await this.#parts.read();
      const rows = rowsOf(seen);
      const rate = (rows - this.#rowsBefore) / ((performance.now() - this.#started) / 1000);
      const tasks = seen.flatMap(({ ranges }) => ranges.flatMap(({ sent }) => sent.filter(({ settled }) => !settled)));
      onProgress({
        ...{ rows, total, rate, tasksInFlight: tasks.length },
        read: rows + tasks.reduce((sum, sent) => sum + sent.rows, 0),
        documents: seen.reduce((sum, { documents }) => sum + documents, 0),
        ...(rate > 0 ? { etaMs: (Math.max(0, total - rows) / rate) * 1000 } : {}),
      });
    };
    // A figure for the eye: that it is not to be had stops nothing.
    const tellQuietly = () => tell().catch(() => undefined);
    await tellQuietly();
    const timer = setInterval(() => void tellQuietly(), 1_000);
    return async () => {
      clearInterval(timer);
      await tellQuietly();
    };
  }
}

/**
 * Fills one range, and writes down how that ended.
 * @throws what stopped it
 */
export async function fillPart(
  site: Omit<BackfillSite, 'log'>,
  part: FillPart,
  {
    signal,
    beforeSend,
    onPage,
    ...given
  }: Pick<BackfillCall, 'signal' | 'beforeSend' | 'onPage' | 'patience' | 'body'>,
): Promise<BackfillReport> {
  await part.load();
  let isRefused = false;
  const beating = setInterval(() => void part.beat().catch(() => undefined), BEAT_EVERY_MS);
  beating.unref();
  try {
    const report = await runBackfill(
      { ...site, log: part },
      {
        ...{ index: part.index, signal, onPage },
        ...part.options,
        ...(given.patience && { patience: given.patience }),
        ...(given.body && { body: given.body }),
        // Who was silent for long must not send behind the back of whoever fills it now.
        beforeSend: async () => {
          await beforeSend?.().catch((error: unknown) => {
            isRefused = true;
            throw error;
          });
          await part.beat();
        },
      },
    );
    await part.done(report.failed);
    return report;
  } catch (error) {
    // What keeps this caller from sending is no reason for another.
    const isStopped = signal?.aborted === true || isRefused;
    clearInterval(beating);
    await part.leave(isStopped ? null : problemOf(error)).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(beating);
  }
}

const problemOf = (error: unknown): string => (ScrypathError.is(error) ? error.code : 'TASK_FAILED');

const rowsOf = (seen: readonly FillState[]): number =>
  seen.reduce((sum, { documents, skipped, failed }) => sum + documents + skipped + failed, 0);

const countsOf = ({ batches, documents, skipped, failed }: BackfillReport) => ({
  ...{ batches, documents, skipped },
  failed: failed.reduce((sum, { failures }) => sum + failures.length, 0),
});

/** What happened in another process: its error is not known here, only its code. */
const pageOf = ({ lastKey, failures }: NonNullable<PartSeen['failedPages']>[number]): FailedPage => ({
  lastKey,
  failures: failures.map(
    (failure): BackfillFailure => ({ ...failure, error: new Error(`${failure.step}: ${failure.code ?? 'unknown'}`) }),
  ),
});
