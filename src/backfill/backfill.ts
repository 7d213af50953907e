import type { EntityManager } from 'typeorm';
import type { Backend, Upload } from '../backend/backend.js';
import type { TaskError, TaskOutcome, TaskRef } from '../backend/task.js';
import { isTerminal } from '../backend/task.js';
import { uploadTo } from '../backend/upload.js';
import type { DocumentKey, SearchDocument } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Projection } from '../projection/projection.js';
import { readAhead } from '../records/read-ahead.js';
import { countRecords, type RecordPage, type RecordWhere, recordPages } from '../records/record-pages.js';
import { documentsApplied } from '../telemetry/event.js';
import { span } from '../telemetry/span.js';
import { bodyLimit } from './body-size.js';
import { Change } from './change.js';
import { type FillLog, type FillState, freshState, type UnfinishedFill } from './fill-state.js';
import { sendTheGood } from './isolation.js';
import { keyRanges } from './key-ranges.js';
import { type Body, Lane } from './lane.js';
import type { BackfillFailure, BackfillProgress, BackfillReport, FailedPage } from './report.js';
import { withReport } from './report.js';
import { isRefusal, PATIENCE, type Patience, Shipping } from './shipping.js';

/** Where a backfill works. */
export interface BackfillSite {
  readonly backend: Backend;
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
  /** Reads; one of a query runner reads one page at a time. */
  readonly manager: EntityManager;
  readonly log: FillLog;
}

export interface BackfillCall {
  /** Full name of the index to fill. */
  readonly index: string;
  readonly where?: RecordWhere | undefined;
  /** Rows of a page. */
  readonly batchSize?: number;
  /** Begin behind this key, where the log knows of nothing to go on with. */
  readonly after?: DocumentKey | null;
  /** Records that may fail before it stops; default 0. */
  readonly maxFailures?: number;
  /** Ranges of keys that are read side by side. */
  readonly partitions?: number;
  /** Uploads whose tasks may be waiting in the engine. */
  readonly maxTasks?: number;
  /** The size of an upload. */
  readonly body?: { readonly documents: number; readonly bytes: number };
  readonly patience?: Patience;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined;
  /** Runs the reading of each page. */
  readonly aroundRead?: <T>(read: () => Promise<T>) => Promise<T>;
  /** Awaited before each upload; where it rejects, nothing more is sent. */
  readonly beforeSend?: () => Promise<void>;
  /** Awaited between the reading of a page and everything that follows. */
  readonly onPage?: ((keys: readonly DocumentKey[]) => Promise<void> | void) | undefined;
}

const PAGE_ROWS = 1_000;
const MAX_TASKS = 100;

/**
 * Fills an index from the database: every record that belongs in it is read, projected, uploaded and indexed, all at the
 * same time and with flat memory. It resolves when the engine has reported the success of every task. It removes nothing
 * from the index. Where it is stopped it rejects with the reason, `backfillReportOf(error)` says how far it had got, and a
 * call with the same log goes on there.
 * @throws what stopped it: a `ScrypathError` of the record, the task or the engine, the database's error, the signal's reason
 */
export async function runBackfill(site: BackfillSite, call: BackfillCall): Promise<BackfillReport> {
  call.signal?.throwIfAborted();
  const saved = await site.log.load();
  const { after = null, partitions = 1 } = call;
  const unfinished = saved ?? {
    state: freshState(await keyRanges(site.manager, site.metadata, partitions), after),
    killed: false,
  };
  const mode = saved === null ? 'fresh' : 'resumed';
  // Before anything is sent: where it is killed at its first upload, somebody must know that there was one.
  if (saved === null) await site.log.save(unfinished.state);
  const facts: BackfillSpan = { entity: site.metadata.entity, index: call.index, mode };
  return span('scrypath:backfill', facts, async (context) => {
    const report = await new Backfill(site, call, unfinished, mode).run();
    const { rows, documents, skipped } = report;
    const failed = report.failed.reduce((sum, { failures }) => sum + failures.length, 0);
    Object.assign(context, { rows, documents, skipped, failed });
    return report;
  });
}

/** Facts of a `scrypath:backfill` span; from `rows` on they are there at its end, as the report has them. */
export interface BackfillSpan {
  readonly entity: string;
  readonly index: string;
  readonly mode: BackfillReport['mode'];
  rows?: number;
  documents?: number;
  skipped?: number;
  failed?: number;
}

/** Facts of a `scrypath:backfill:page` span: rows that go up together. */
export interface PageSpan {
  readonly entity: string;
  readonly index: string;
  readonly rows: number;
  /** Documents of the rows; none where `when` keeps all of them out of the index, and nothing is sent then. */
  readonly documents: number;
  readonly skipped: number;
  /** Ids of the tasks that the engine has accepted them as; there at the end. */
  tasks?: readonly number[];
}

/** What has become of a page. */
interface Projected {
  readonly documents: readonly SearchDocument[];
  readonly skipped: number;
}

/** Pages that go up together. */
interface Collected {
  readonly upload: Upload;
  /** Whether a document cannot even be sent. What is collected is not sent then, but read again and sent one by one. */
  refused: boolean;
  to: DocumentKey | null;
  rows: number;
  skipped: number;
}

const nothing = (upload: Upload): Collected => {
  upload.clear();
  return { upload, refused: false, to: null, rows: 0, skipped: 0 };
};

class Backfill {
  readonly #site: BackfillSite;
  readonly #call: BackfillCall;
  readonly #mode: BackfillReport['mode'];
  readonly #lanes: readonly Lane[];
  readonly #shipping: Shipping;
  readonly #broken = new AbortController();
  readonly #change = new Change();
  readonly #failedPages: FailedPage[] = [];
  readonly #failedKeys = new Set<DocumentKey>();
  readonly #seconds = { read: 0, project: 0, send: 0, index: 0 };
  readonly #started = performance.now();
  #counts: Pick<FillState, 'batches' | 'documents' | 'skipped' | 'failed'>;
  #inFlight: Body[];
  #toRepair: Body[];
  #uploading = 0;
  #allRead = false;
  #rowsRead = 0;
  #rowsDone = 0;
  #total = 0;
  #limit = bodyLimit(0, undefined, false);
  #backlog: number | undefined;
  #firstSent: number | null = null;
  /** Why no more is read. What was read is still sent, unless the engine is the reason. */
  #stopped: { readonly error: unknown } | null = null;

  constructor(site: BackfillSite, call: BackfillCall, { state, killed }: UnfinishedFill, mode: BackfillReport['mode']) {
    this.#site = site;
    this.#call = call;
    this.#mode = mode;
    const { batches, documents, skipped, failed } = state;
    this.#counts = { batches, documents, skipped, failed };
    this.#lanes = state.ranges.map((range) => new Lane(range));
    const waiting = this.#lanes.flatMap((lane) => lane.waiting);
    this.#inFlight = waiting.filter(({ tasks }) => tasks.length > 0);
    this.#toRepair = waiting.filter(({ tasks }) => tasks.length === 0);
    const { patience = PATIENCE } = call;
    this.#shipping = new Shipping(site.backend, call.index, patience, this.#broken.signal, call.beforeSend);
    this.#shipping.lateUntil = killed ? Math.max(state.lateUntil, Date.now() + patience.lateMs) : state.lateUntil;
  }

  async run(): Promise<BackfillReport> {
    const { signal } = this.#call;
    const abort = () => this.#stop(signal!.reason);
    signal?.addEventListener('abort', abort);
    try {
      this.#total = await this.#count();
      this.#limit = bodyLimit(this.#total, this.#call.body, this.#site.backend.upload !== undefined);
      const settling = this.#settle().catch((error: unknown) => this.#break(error));
      await Promise.all(this.#lanes.map((lane) => this.#fill(lane).catch((error: unknown) => this.#break(error))));
      this.#allRead = true;
      this.#change.tell();
      await settling;
      await this.#save();
    } catch (error) {
      this.#break(error);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    if (this.#stopped === null) {
      await this.#site.log.end('done');
      return this.#report();
    }
    // Where the database is away too, the reason is worth more than that.
    await this.#site.log.end('failed').catch(() => undefined);
    throw withReport(this.#stopped.error, this.#report());
  }

  // Reading.

  async #count(): Promise<number> {
    let total = 0;
    for (const { range, readUpTo, read } of this.#lanes)
      if (!read)
        total += await this.#around(() =>
          countRecords(this.#site.manager, this.#site.metadata, { after: readUpTo, range, where: this.#call.where }),
        );
    return total + this.#inFlight.reduce((sum, { rows }) => sum + rows, 0);
  }

  #pages(range: Lane['range'], after: DocumentKey | null, until: DocumentKey | null) {
    const { manager, metadata } = this.#site;
    const { where, batchSize = Math.min(PAGE_ROWS, this.#limit.documents) } = this.#call;
    const around = <T>(read: () => Promise<T>) => this.#around(read);
    return recordPages(manager, metadata, { range, after, until, where, limit: batchSize, around });
  }

  #turn: Promise<unknown> = Promise.resolve();

  /** One at a time where there is one connection. */
  #around<T>(read: () => Promise<T>): Promise<T> {
    const timed = async () => {
      const started = performance.now();
      try {
        return await (this.#call.aroundRead?.(read) ?? read());
      } finally {
        this.#seconds.read += (performance.now() - started) / 1000;
      }
    };
    if (this.#site.manager.queryRunner === undefined) return timed();
    const turn = this.#turn.then(timed);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Reads a lane to its end; while one upload is under way, the next is read. */
  async #fill(lane: Lane): Promise<void> {
    if (lane.read) return;
    // Two for the whole lane: one is filled while the other is on its way.
    let [next, spare] = [this.#emptyUpload(), this.#emptyUpload()];
    let collected = nothing(next);
    let uploading: Promise<void> = Promise.resolve();
    const limit = this.#limit;
    const flush = async () => {
      const full = collected;
      await uploading;
      await this.#room();
      uploading = this.#upload(lane, full);
      // Awaited before the next one and at the end.
      uploading.catch((error: unknown) => this.#break(error));
      [next, spare] = [spare, next];
      collected = nothing(next);
    };
    for await (const page of readAhead(this.#pages(lane.range, lane.readUpTo, null))) {
      if (this.#stopped !== null) break;
      await this.#call.onPage?.(page.records.map(({ key }) => key));
      const projected = this.#project(page);
      // The resumed run comes back to a page that made it stop.
      if (projected === null) break;
      this.#add(collected, projected, page);
      const { upload, refused } = collected;
      if (refused || upload.count >= limit.documents || upload.bytes >= limit.bytes) await flush();
    }
    if (!this.#broken.signal.aborted && collected.to !== null) await flush();
    await uploading;
    if (this.#stopped === null) lane.read = true;
  }

  #emptyUpload(): Upload {
    return uploadTo(this.#site.backend, this.#call.index);
  }

  #add(collected: Collected, { documents, skipped }: Projected, page: RecordPage): void {
    const started = performance.now();
    try {
      if (!collected.refused) for (const document of documents) collected.upload.add(document);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      collected.refused = true;
    }
    collected.to = page.lastKey;
    collected.rows += page.records.length + page.unreadable.length;
    collected.skipped += skipped;
    this.#seconds.send += (performance.now() - started) / 1000;
  }

  /** The page's documents, or null where too much of it has failed. */
  #project(page: RecordPage): Projected | null {
    const started = performance.now();
    const { projection } = this.#site;
    const documents: SearchDocument[] = [];
    const failures: BackfillFailure[] = page.unreadable.map(({ key, error }) => failureOf(key, 'read', error));
    let skipped = 0;
    for (const { key, record } of page.records) {
      try {
        if (projection.eligible(record)) documents.push(projection.stored(record, key));
        else skipped += 1;
      } catch (error) {
        failures.push(failureOf(key, 'project', error));
      }
    }
    this.#rowsRead += page.records.length + page.unreadable.length;
    this.#seconds.project += (performance.now() - started) / 1000;
    return this.#tolerates(page.lastKey, failures) ? { documents, skipped } : null;
  }

  /** Records failures; false where they are too many. */
  #tolerates(lastKey: DocumentKey, given: readonly BackfillFailure[]): boolean {
    const failures = given.filter(({ key }) => !this.#failedKeys.has(key));
    if (failures.length === 0) return true;
    for (const { key } of failures) this.#failedKeys.add(key);
    this.#failedPages.push({ lastKey, failures });
    if (this.#failedKeys.size > (this.#call.maxFailures ?? 0)) {
      this.#stop(failures[0]!.error);
      return false;
    }
    this.#counts = { ...this.#counts, failed: this.#counts.failed + failures.length };
    return true;
  }

  // Sending.

  /** Waits until there is room in the engine's queue, and nothing is to be sent again. */
  async #room(): Promise<void> {
    const { maxTasks = MAX_TASKS } = this.#call;
    while (this.#stopped === null && (this.#inFlight.length + this.#uploading >= maxTasks || this.#toRepair.length > 0))
      await this.#change.next();
  }

  async #upload(lane: Lane, { upload, refused, to, rows, skipped }: Collected): Promise<void> {
    if (this.#broken.signal.aborted) return;
    const toRepair = () =>
      this.#toRepair.push(lane.accept({ to: to!, rows, skipped, documents: upload.count, tasks: [], settled: false }));
    if (refused) {
      toRepair();
      this.#change.tell();
      return this.#save();
    }
    this.#uploading += 1;
    const started = performance.now();
    this.#firstSent ??= started;
    try {
      const tasks = await this.#send({ upload, rows, skipped });
      const body = lane.accept({ to: to!, rows, skipped, documents: upload.count, tasks, settled: false });
      if (tasks.length === 0) this.#done(body);
      else this.#inFlight.push(body);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      toRepair();
    } finally {
      this.#seconds.send += (performance.now() - started) / 1000;
      this.#uploading -= 1;
      this.#change.tell();
    }
    await this.#save();
  }

  #send({ upload, rows, skipped }: Pick<Collected, 'upload' | 'rows' | 'skipped'>): Promise<readonly TaskRef[]> {
    const { entity } = this.#site.metadata;
    const facts: PageSpan = { entity, index: this.#call.index, rows, documents: upload.count, skipped };
    return span('scrypath:backfill:page', facts, async (context) => {
      const tasks = upload.count === 0 ? [] : await this.#shipping.send(upload);
      context.tasks = tasks.map(({ id }) => id);
      return tasks;
    });
  }

  // Settling.

  /** Follows the tasks, the oldest first, until all is done; what failed goes again when nothing else is under way. */
  async #settle(): Promise<void> {
    while (!this.#isOver()) {
      if (this.#inFlight.length > 0) await this.#look();
      else if (this.#toRepair.length > 0 && this.#uploading === 0 && this.#stopped === null)
        await this.#repair(this.#toRepair[0]!);
      else await this.#change.next();
    }
  }

  #isOver(): boolean {
    if (this.#broken.signal.aborted) return true;
    if (!this.#allRead) return false;
    // What the engine has accepted is saved; whoever resumes asks for its outcome.
    return this.#stopped !== null || (this.#inFlight.length === 0 && this.#toRepair.length === 0);
  }

  async #look(): Promise<void> {
    const asked = this.#inFlight.slice();
    const outcomes = await this.#shipping.look(
      asked[0]!.tasks,
      asked.flatMap(({ tasks }) => tasks),
    );
    const byTask = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
    let settled = false;
    for (const body of asked) {
      const ended = body.tasks.map(({ id }) => byTask.get(id)!);
      if (!ended.every(({ status }) => isTerminal(status))) continue;
      settled = true;
      this.#inFlight = this.#inFlight.filter((other) => other !== body);
      if (ended.every(succeeded)) this.#done(body);
      else this.#toRepair.push(body);
    }
    await this.#lookAtBacklog();
    if (settled) await this.#save();
    else this.#tellProgress();
    this.#change.tell();
  }

  async #lookAtBacklog(): Promise<void> {
    if (this.#call.onProgress === undefined) return;
    // A figure for the eye: that it is not to be had stops nothing.
    this.#backlog = await this.#site.backend.backlog?.({ signal: this.#broken.signal }).catch(() => undefined);
  }

  #done(body: Body): void {
    body.lane.settle(body);
    documentsApplied({ entity: this.#site.metadata.entity, documents: body.documents, source: 'backfill' });
    const { batches, documents, skipped, failed } = this.#counts;
    this.#rowsDone += body.rows;
    this.#counts = {
      batches: batches + (body.documents > 0 ? 1 : 0),
      documents: documents + body.documents,
      skipped: skipped + body.skipped,
      failed,
    };
    if (this.#firstSent !== null) this.#seconds.index = (performance.now() - this.#firstSent) / 1000;
  }

  /** Reads the rows of an upload again, and sends what can be sent of them. */
  async #repair(body: Body): Promise<void> {
    let documents = 0;
    let skipped = 0;
    for await (const page of this.#pages(body.lane.range, body.from, body.to)) {
      const rowsBefore = this.#rowsRead;
      const projected = this.#project(page);
      this.#rowsRead = rowsBefore;
      if (projected === null) return;
      const refused: BackfillFailure[] = [];
      await sendTheGood(this.#shipping, projected.documents, (document, error) =>
        refused.push(failureOf(document.key, 'index', error)),
      );
      if (!this.#tolerates(page.lastKey, refused)) return;
      documents += projected.documents.length - refused.length;
      skipped += projected.skipped;
    }
    this.#toRepair.shift();
    this.#done(Object.assign(body, { documents, skipped }));
    await this.#save();
    this.#change.tell();
  }

  // Keeping and telling.

  #saving: Promise<void> = Promise.resolve();

  /** One after the other, each with what is true when it begins. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      await this.#site.log.save({
        ranges: this.#lanes.map(({ state }) => state),
        lastKey: this.#lastKey,
        ...this.#counts,
        lateUntil: this.#shipping.lateUntil,
      });
      this.#tellProgress();
    });
    return this.#saving;
  }

  get #lastKey(): DocumentKey | null {
    return this.#lanes.length === 1 ? this.#lanes[0]!.after : null;
  }

  #tellProgress(): void {
    const { onProgress } = this.#call;
    if (onProgress === undefined) return;
    const rows = this.#rowsDone;
    const elapsedMs = performance.now() - this.#started;
    const rate = rows / (elapsedMs / 1000);
    const left = Math.max(0, this.#total - rows);
    onProgress({
      rows,
      read: this.#rowsRead,
      documents: this.#counts.documents,
      total: this.#total,
      rate,
      ...(rows > 0 ? { etaMs: (left / rate) * 1000 } : {}),
      tasksInFlight: this.#inFlight.length,
      ...(this.#backlog === undefined ? {} : { backlog: this.#backlog }),
    });
  }

  #stop(error: unknown): void {
    this.#stopped ??= { error };
    this.#change.tell();
  }

  /** Nothing more can be sent. */
  #break(error: unknown): void {
    this.#stop(error);
    this.#broken.abort(error);
  }

  #report(): BackfillReport {
    const { batches, documents, skipped } = this.#counts;
    const { lateUntil } = this.#shipping;
    return Object.freeze({
      index: this.#call.index,
      mode: this.#mode,
      lastKey: this.#lastKey,
      batches,
      documents,
      skipped,
      rows: this.#rowsRead,
      failed: Object.freeze([...this.#failedPages]),
      seconds: Object.freeze({ ...this.#seconds }),
      lateUntil: lateUntil === 0 ? null : lateUntil,
    });
  }
}

const succeeded = ({ status }: TaskOutcome): boolean => status === 'succeeded';

function failureOf(key: DocumentKey, step: BackfillFailure['step'], cause: unknown): BackfillFailure {
  if (step !== 'index') return { key, step, code: ScrypathError.is(cause) ? cause.code : null, error: cause };
  const { code, message } = cause as TaskError;
  const error = new ScrypathError({
    code: 'TASK_FAILED',
    happened: `The engine refused a document (${code}).`,
    remedy: 'The cause says why. Mend its record, and sync it.',
    cause: Object.assign(new Error(message), { code }),
  });
  return { key, step, code, error };
}
