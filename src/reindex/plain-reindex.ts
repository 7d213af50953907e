import { mayHaveBeenTaken } from '../backend/may-have-been-taken.js';
import { isTerminal, type TaskRef } from '../backend/task.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { readRecords } from '../records/record-reader.js';
import { waitForSuccess } from '../sync/deliver.js';
import { span } from '../telemetry/span.js';
import { paused } from '../verify/paused.js';
import { type VerifyOptions, verifyIndex } from '../verify/verify-index.js';
import type { VerifyReport } from '../verify/verify-report.js';
import { readConnection } from '../worker/background-runner.js';
import type { RebuildState } from '../worker/rebuilds.js';
import {
  auditOf,
  filled,
  freshReport,
  type RebuildAudit,
  type RebuildReport,
  type RebuildStep,
  withStep,
} from './audit.js';
import { type Compared, compareAndMend } from './compare-target.js';
import { fillTarget } from './fill-target.js';
import { Rebuild, type RebuildOperations } from './rebuild.js';
import type { StepSpan } from './rebuild-span.js';
import type { ReindexOptions, RunOptions } from './reindex-options.js';
import type { ReindexSite } from './reindex-site.js';
import { dropIndex, ensureIndex, settleSettings, takesDocuments, targetName } from './target-index.js';

/** Rebuilds of this process, by the site's backend and the name of the live index. */
const running = new WeakMap<object, Map<string, PlainReindex>>();

/**
 * A rebuild without an outbox. Nobody sends writes to both indexes, so those that come meanwhile are in the target only
 * because it is compared with the database and mended until nothing differs: before the swap, and once more behind it. It
 * lives in this process alone, and so does what is known of it.
 */
export class PlainReindex implements RebuildOperations {
  readonly #site: ReindexSite;
  readonly #given: ReindexOptions;
  readonly #place: {
    readonly id: string;
    readonly entity: string;
    readonly live: string;
    readonly target: string;
    readonly startedAt: number;
    readonly problem: null;
    state: RebuildState;
  };
  #report: RebuildReport;

  private constructor(site: ReindexSite, given: ReindexOptions) {
    const { entity, indexName } = site.metadata;
    this.#site = site;
    this.#given = given;
    this.#place = {
      ...{ id: crypto.randomUUID(), entity, live: indexName, target: targetName(indexName) },
      ...{ startedAt: Date.now(), problem: null, state: 'creating' },
    };
    this.#report = freshReport(given);
  }

  static async run(site: ReindexSite, options: ReindexOptions): Promise<Rebuild> {
    const known = knownOf(site);
    const { indexName } = site.metadata;
    const before = known.get(indexName);
    if (before !== undefined && !(options.resume && before.#isResumable)) throw before.#stillThere();
    const reindex = before ?? new PlainReindex(site, options);
    known.set(indexName, reindex);
    const rebuild = new Rebuild(reindex, reindex.#audit);
    await reindex.#atWork(() => reindex.#build(options));
    await rebuild.refresh();
    return rebuild;
  }

  static find(site: ReindexSite, id: string | undefined): Rebuild | null {
    const found = knownOf(site).get(site.metadata.indexName);
    return found === undefined || (id ?? found.#place.id) !== found.#place.id ? null : new Rebuild(found, found.#audit);
  }

  get #audit(): RebuildAudit {
    return auditOf(this.#place, this.#report, 'verify_and_repair');
  }

  read(): Promise<RebuildAudit> {
    return Promise.resolve(this.#audit);
  }

  verify(options: VerifyOptions): Promise<VerifyReport> {
    return verifyIndex(this.#site.verifySite(), options);
  }

  async resume(options: RunOptions): Promise<RebuildAudit> {
    if (!this.#isResumable) throw this.#stillThere();
    return this.#atWork(() => this.#build(options));
  }

  cutover(options: RunOptions): Promise<RebuildAudit> {
    return this.#in(['ready'], () => this.#cutOver(options, true));
  }

  rollback(options: RunOptions): Promise<RebuildAudit> {
    return this.#in(['kept'], async () => {
      await this.#mend(this.#place.target, options);
      options.onProgress?.({ step: 'swap' });
      await this.#swap(options);
      await this.#mend(this.#place.live, options);
      await this.#drop('rolled_back', options);
    });
  }

  finish(): Promise<RebuildAudit> {
    return this.#in(['kept', 'dropping'], () =>
      this.#drop(this.#place.state === 'dropping' ? this.#report.ends : 'finished'),
    );
  }

  abandon(): Promise<RebuildAudit> {
    return this.#in(['creating', 'building', 'ready'], () => this.#drop('abandoned'));
  }

  #busy = false;

  get #isResumable(): boolean {
    return !this.#busy && ['creating', 'building', 'ready'].includes(this.#place.state);
  }

  async #atWork(work: () => Promise<void>): Promise<RebuildAudit> {
    if (this.#busy) throw this.#stillThere();
    this.#busy = true;
    try {
      await work();
      return this.#audit;
    } finally {
      this.#busy = false;
    }
  }

  async #in(states: readonly RebuildState[], work: () => Promise<void>): Promise<RebuildAudit> {
    const { id, entity, live, state } = this.#place;
    if (states.includes(state)) return this.#atWork(work);
    throw new ScrypathError({
      code: 'REBUILD_STATE',
      entity,
      index: live,
      happened: `The rebuild ${id} of ${entity} is ${state}, and must be ${states.join(' or ')} for this.`,
    });
  }

  async #build(options: RunOptions): Promise<void> {
    if (this.#place.state === 'creating') await this.#timed('create', () => this.#create(options));
    if (this.#place.state === 'building') {
      if (this.#report.next === 'fill') await this.#timed('fill', () => this.#fill(options));
      await this.#timed('verify', () => this.#mend(this.#place.target, options));
      this.#place.state = 'ready';
    }
    if (this.#given.cutover !== false) await this.#cutOver(options, false);
  }

  async #create({ signal, onProgress }: RunOptions): Promise<void> {
    onProgress?.({ step: 'create' });
    const { backend } = this.#site;
    const { live, target } = this.#place;
    const notes: string[] = [];
    if ((await backend.indexes.get(live, { signal })) === null)
      notes.push('There was no live index: an empty one was made, and it is not kept.');
    const liveInfo = await ensureIndex(this.#site, live, signal);
    if (!takesDocuments(liveInfo)) notes.push('The live index has another primary key, and it is not kept.');
    await ensureIndex(this.#site, target, signal);
    const { settings = {}, dropForeign = false } = this.#given;
    const applied = await settleSettings(this.#site, this.#place, { given: settings, dropForeign }, signal);
    this.#report = { ...this.#report, settings: applied, notes, wasWhole: notes.length === 0, next: 'fill' };
    this.#place.state = 'building';
  }

  async #fill(options: RunOptions): Promise<void> {
    const fill = { target: this.#place.target, connection: null };
    const report = await fillTarget(this.#site, fill, this.#report, options);
    this.#report = { ...this.#report, ...filled(report), next: 'verify' };
  }

  async #mend(index: string, { signal, onProgress }: RunOptions): Promise<void> {
    const { repaired, failed, ...verified }: Compared = await compareAndMend(this.#site, {
      index,
      maxFailures: this.#report.maxFailures,
      excused: () => Promise.resolve(new Set(this.#report.failed)),
      mend: (keys) => this.#write(index, keys, signal),
      signal,
      onProgress: onProgress && ((progress) => onProgress({ step: 'verify', ...progress })),
    });
    this.#report = { ...this.#report, verified, failed, repaired: this.#report.repaired + repaired };
  }

  /** Brings what the database says of the keys to an index. */
  async #write(index: string, keys: readonly DocumentKey[], signal: AbortSignal | undefined): Promise<void> {
    const { backend, metadata, projection, dataSource, timeoutMs } = this.#site;
    const reading = await readConnection(dataSource);
    try {
      const records = await readRecords(reading.queryRunner.manager, metadata, keys);
      const documents: SearchDocument[] = [];
      const failed = new Set<DocumentKey>();
      for (const [key, record] of records) {
        try {
          if (projection.eligible(record)) documents.push(projection.stored(record));
        } catch {
          // The comparison that follows tells it.
          failed.add(key);
        }
      }
      const kept = new Set(documents.map(({ key }) => key));
      const removals = keys.filter((key) => !kept.has(key) && !failed.has(key));
      const tasks = [
        ...(documents.length > 0 ? await backend.upsert(index, documents, { signal }) : []),
        ...(removals.length > 0 ? await backend.remove(index, removals, { signal }) : []),
      ];
      await waitForSuccess(backend, tasks, timeoutMs, metadata.entity, signal);
    } finally {
      await reading.end();
    }
  }

  async #cutOver(options: RunOptions, again: boolean): Promise<void> {
    if (again) await this.#timed('verify', () => this.#mend(this.#place.target, options));
    options.onProgress?.({ step: 'swap' });
    await this.#timed('swap', () => this.#swap(options));
    this.#place.state = 'kept';
    this.#report = { ...this.#report, cutoverAt: new Date().toISOString() };
    // What was written to the old index since the comparison is there, and not here.
    await this.#timed('verify', () => this.#mend(this.#place.live, options));
    if (!(this.#report.keepOld && this.#report.wasWhole)) await this.#drop('finished', options);
  }

  /** When the index was created that a swap is to make the live one, as long as it is not known whether it has. */
  #awaited: string | null = null;

  /** Which index a name leads to is told by when it was created: a swap's task may not be visible. */
  async #swap({ signal }: RunOptions): Promise<void> {
    const { backend, timeoutMs, metadata } = this.#site;
    const { live, target } = this.#place;
    const created = async (name: string) => (await backend.indexes.get(name, { signal }))?.createdAt ?? null;
    const before = await created(live);
    const isDone = (now: string | null) => this.#awaited !== null && now === this.#awaited;
    if (!isDone(before)) {
      const wanted = await created(target);
      const task = await this.#sendSwap(signal);
      this.#awaited = wanted;
      const deadline = performance.now() + timeoutMs;
      const [outcome] = task === null ? [] : await backend.outcomes([task], { waitMs: timeoutMs, signal });
      if (task !== null && isTerminal(outcome!.status) && outcome!.status !== 'unknown') {
        // It has ended, and that is known.
        if (outcome!.status !== 'succeeded') this.#awaited = null;
        await waitForSuccess(backend, [task], timeoutMs, metadata.entity, signal);
      }
      while (!isDone(await created(live))) {
        if (performance.now() > deadline) throw swapUnknown(metadata.entity, live, target);
        await paused(LOOK_MS, signal);
      }
    }
    this.#awaited = null;
  }

  /** Null where the request may have been taken without an answer. */
  async #sendSwap(signal: AbortSignal | undefined): Promise<TaskRef | null> {
    const { live, target } = this.#place;
    try {
      return await this.#site.backend.indexes.swap(live, target, { signal });
    } catch (error) {
      if (!mayHaveBeenTaken(error)) throw error;
      return null;
    }
  }

  async #drop(ends: 'finished' | 'rolled_back' | 'abandoned', { onProgress }: RunOptions = {}): Promise<void> {
    onProgress?.({ step: 'drop' });
    const { backend, timeoutMs } = this.#site;
    this.#place.state = 'dropping';
    this.#report = { ...this.#report, ends };
    await this.#timed('drop', () => dropIndex(backend, this.#place.target, timeoutMs, this.#place.entity));
    this.#place.state = ends;
    knownOf(this.#site).delete(this.#place.live);
  }

  async #timed(step: RebuildStep, run: () => Promise<void>): Promise<void> {
    const started = performance.now();
    const { entity, live, target } = this.#place;
    const facts: StepSpan = { entity, index: live, target, step };
    try {
      await span('scrypath:reindex:step', facts, run);
    } finally {
      this.#report = { ...this.#report, seconds: withStep(this.#report.seconds, step, started) };
    }
  }

  #stillThere(): ScrypathError {
    const { id, entity, live, state, startedAt } = this.#place;
    return new ScrypathError({
      code: 'REBUILD_RUNNING',
      entity,
      index: live,
      happened: `A rebuild of ${entity} (${id}, ${state}) was begun in this process at ${new Date(startedAt).toISOString()}, and has not come to its end.`,
      remedy:
        'Wait for it, go on with it by reindex({ resume: true }), or end it: rebuild(id) and finish() or abandon().',
    });
  }
}

const LOOK_MS = 100;

const swapUnknown = (entity: string, live: string, target: string) =>
  new ScrypathError({
    code: 'TASK_UNKNOWN',
    entity,
    index: live,
    happened: `It is not known whether the engine will swap "${live}" and "${target}".`,
    remedy: 'Both are whole. Go on with it by reindex({ resume: true }) when the engine has nothing to do any more.',
  });

function knownOf({ backend }: ReindexSite): Map<string, PlainReindex> {
  const known = running.get(backend) ?? new Map<string, PlainReindex>();
  running.set(backend, known);
  return known;
}
