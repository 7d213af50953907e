import type { QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { isTerminal, type TaskError, type TaskOutcome } from '../backend/task.js';
import { dialectOf } from '../outbox/dialect.js';
import { tokenOf } from '../outbox/mark-id.js';
import { run } from '../outbox/statement.js';
import { documentKeyOf } from '../outbox/stored-key.js';
import { documentsApplied, hearsOfDocuments } from '../telemetry/event.js';
import { span } from '../telemetry/span.js';
import { parseTasks } from './accepted-tasks.js';
import { tellFailure } from './failed-marks.js';
import { type Backoff, backoffMs, errorClass } from './failure.js';
import { beginIsolation, endIsolation, writeSuccess } from './index-state.js';
import { type RowMark, writeMark } from './row-marks.js';
import type { AcceptedBatch } from './send-changes.js';
import { remember } from './touched-keys.js';
import type { Work } from './work.js';

export interface SettlerSite {
  readonly backend: Backend;
  readonly work: Work;
  readonly backoff: Backoff;
  readonly maxAttempts: number;
  /** A connection for statements that are committed at once. */
  readonly aside: () => Promise<QueryRunner>;
}

/** What became of accepted rows at one look. */
export interface Settled {
  readonly completed: number;
  /** Rows that are sent again. */
  readonly retrying: number;
  readonly discarded: number;
  /** Tokens of the rows, whatever became of them. */
  readonly tokens: ReadonlySet<string>;
}

/** Facts of a `scrypath:worker:settle` span. */
export interface SettleSpan {
  /** Batches whose outcome is asked for. */
  readonly batches: number;
  /** Rows, at the end. */
  completed?: number;
  retrying?: number;
  discarded?: number;
}

/** The engine failed inside for what may be one of the documents. Other failures of the engine are nobody's fault. */
const MAY_BE_A_DOCUMENT = new Set(['internal']);

/** Rows that are taken over in one look. */
const ADOPTED = 5_000;
const NOTED_EVERY_MS = 1_000;

/**
 * Asks how accepted tasks ended, many at once: rows whose tasks succeeded are gone, others are sent again, in smaller
 * pieces where a document among them is to blame, and one that fails alone for good is discarded. Two settlers of the same
 * rows do no harm: a row is changed only while it waits for the very tasks that were asked for.
 */
export class Settler {
  readonly #site: SettlerSite;
  #batches: AcceptedBatch[] = [];

  constructor(site: SettlerSite) {
    this.#site = site;
  }

  add(batches: readonly AcceptedBatch[]): void {
    this.#batches.push(...batches);
  }

  /** Batches whose outcome is not known yet. */
  get inFlight(): number {
    return this.#batches.length;
  }

  /** Whether it asks for the outcome of rows that wait for these tasks. */
  awaits(text: string): boolean {
    return this.#batches.some((batch) => batch.text === text);
  }

  /**
   * Looks once, and before that waits up to `waitMs` for some tasks: by default those of the oldest batch, since the tasks
   * of an index end in order.
   */
  async settle(waitMs: number, signal?: AbortSignal, awaited = this.#batches[0]?.tasks ?? []): Promise<Settled> {
    const facts: SettleSpan = { batches: this.#batches.length };
    return span('scrypath:worker:settle', facts, async (context) => {
      if (waitMs > 0 && awaited.length > 0) await this.#site.backend.outcomes(awaited, { waitMs, signal });
      // Two looks at once would apply each outcome twice; the second finds nothing left to do.
      const looked = this.#turn.then(() => this.#look(signal));
      this.#turn = looked.catch(() => undefined);
      const settled = await looked;
      const { completed, retrying, discarded } = settled;
      Object.assign(context, { completed, retrying, discarded });
      return settled;
    });
  }

  #turn: Promise<unknown> = Promise.resolve();
  /** How often the engine has failed inside, one time after the other. */
  #engineFailures = 0;

  async #look(signal: AbortSignal | undefined): Promise<Settled> {
    const sum = { completed: 0, retrying: 0, discarded: 0, tokens: new Set<string>() };
    if (this.#batches.length === 0) return sum;
    const { backend } = this.#site;
    const asked = this.#batches.slice();
    const outcomes = await backend.outcomes(
      asked.flatMap(({ tasks }) => tasks),
      { signal },
    );
    // By their place: an engine that was restored gives an id twice.
    let at = 0;
    const succeeded: AcceptedBatch[] = [];
    for (const batch of asked) {
      const ended = outcomes.slice(at, at + batch.tasks.length);
      at += batch.tasks.length;
      if (!ended.every(({ status }) => isTerminal(status))) continue;
      if (ended.every(({ status }) => status === 'succeeded')) {
        succeeded.push(batch);
        continue;
      }
      const settled = await this.#apply(batch, ended);
      this.#batches = this.#batches.filter((other) => other !== batch);
      for (const id of batch.ids) sum.tokens.add(tokenOf(id));
      sum.retrying += settled.retrying;
      sum.discarded += settled.discarded;
    }
    if (succeeded.length === 0) return sum;
    sum.completed = await this.#complete(succeeded);
    this.#batches = this.#batches.filter((batch) => !succeeded.includes(batch));
    for (const { ids } of succeeded) for (const id of ids) sum.tokens.add(tokenOf(id));
    return sum;
  }

  /** Many small batches are one statement: under a steady load of single writes each of them is a batch. */
  async #complete(batches: readonly AcceptedBatch[]): Promise<number> {
    const aside = await this.#site.aside();
    const ids = batches.flatMap((batch) => batch.ids);
    await forgetOvertaken(aside, { ids, claimedAt: Math.min(...batches.map(({ claimedAt }) => claimedAt)) });
    this.#engineFailures = 0;
    const completed = await writeMark(aside, { kind: 'done', ids }, { tasks: batches.map(({ text }) => text) });
    tellApplied(batches, completed);
    for (const { isolated, index, entity } of batches) if (isolated) await endIsolation(aside, index, entity);
    await this.#noteSuccess(aside, new Set(batches.map(({ index }) => index)));
    return completed;
  }

  readonly #noted = new Map<string, number>();

  /** Not of every batch: settlers of all processes would write one row of each index all the time. */
  async #noteSuccess(aside: QueryRunner, indexes: Iterable<string>): Promise<void> {
    const now = performance.now();
    for (const index of indexes) {
      if (now - (this.#noted.get(index) ?? Number.NEGATIVE_INFINITY) < NOTED_EVERY_MS) continue;
      this.#noted.set(index, now);
      await writeSuccess(aside, index);
    }
  }

  /** Takes over accepted rows whose sender has not asked in time: it may be dead. */
  async adopt(): Promise<number> {
    const aside = await this.#site.aside();
    const { records } = await run<{ id: string; entity: string; tasks: string }>(
      aside,
      (s) =>
        `SELECT late.id, late.entity, late.tasks FROM ${s.tables.shard} each_shard
         JOIN ${s.tables.outbox} late ON late.shard = each_shard.shard AND late.state = 'backend_accepted'
         AND late.due_at <= ${s.dialect.nowMs} LIMIT ${ADOPTED}`,
    );
    return this.take(records);
  }

  /** Lets go of what has no outcome yet: its rows say all, to whoever takes them over. */
  forget(): void {
    this.#batches = [];
  }

  /** Leaves what has no outcome yet to whoever looks next. */
  async leave(): Promise<void> {
    const ids = this.#batches.flatMap((batch) => batch.ids);
    this.#batches = [];
    if (ids.length === 0) return;
    await run(
      await this.#site.aside(),
      (s) => `UPDATE ${s.tables.outbox} SET due_at = 0 WHERE ${s.isIn('id', ids)} AND state = 'backend_accepted'`,
    );
  }

  /** Takes over accepted rows, whoever has sent them. */
  take(rows: readonly { readonly id: string; readonly entity: string; readonly tasks: string }[]): number {
    const known = new Set(this.#batches.map(({ text }) => text));
    const groups = new Map<string, { entity: string; text: string; ids: string[] }>();
    for (const { id, entity, tasks } of rows) {
      if (known.has(tasks)) continue;
      const group = groups.get(`${entity}\0${tasks}`) ?? { entity, text: tasks, ids: [] };
      group.ids.push(id);
      groups.set(`${entity}\0${tasks}`, group);
    }
    for (const { entity, text, ids } of groups.values()) {
      const parsed = parseTasks(text);
      this.#batches.push({ ...parsed, index: parsed.tasks[0]!.index, entity, text, ids });
    }
    return rows.length;
  }

  /** What did not succeed is sent again, or given up. */
  async #apply(
    batch: AcceptedBatch,
    outcomes: readonly TaskOutcome[],
  ): Promise<Pick<Settled, 'retrying' | 'discarded'>> {
    const aside = await this.#site.aside();
    const { ids, text: tasks } = batch;
    const { backoff } = this.#site;
    const errorOf = (isLive: boolean) =>
      outcomes.find((outcome, at) => outcome.status === 'failed' && (batch.tasks[at]!.index === batch.index) === isLive)
        ?.error;
    const error = errorOf(true);
    if (error) return this.#applyFailure(aside, batch, error, false);
    const targetError = errorOf(false);
    // Where the live index has the documents for certain.
    const isLiveDone = outcomes.every(
      ({ status }, at) => batch.tasks[at]!.index !== batch.index || status === 'succeeded',
    );
    if (targetError && isLiveDone) return this.#applyFailure(aside, batch, targetError, true);
    // Canceled, or not known any more: whether it was carried out is not known, so it is sent again.
    const dueAt = (await nowOf(aside)) + backoffMs(backoff, 0);
    const mark: RowMark = { kind: 'again', ids, dueAt, errorClass: errorClass('unknown') };
    const retrying = await writeMark(aside, mark, { tasks });
    tellFailure(mark, batch.entity, retrying);
    return { retrying, discarded: 0 };
  }

  async #applyFailure(
    aside: QueryRunner,
    batch: AcceptedBatch,
    error: TaskError,
    ofTarget: boolean,
  ): Promise<Pick<Settled, 'retrying' | 'discarded'>> {
    const { ids, text: tasks, index, entity } = batch;
    const { backoff, maxAttempts } = this.#site;
    const sum = { retrying: 0, discarded: 0 };
    const write = async (mark: RowMark) => {
      const count = await writeMark(aside, mark, { tasks });
      tellFailure(mark, entity, count);
      if (mark.kind === 'discarded') sum.discarded += count;
      else sum.retrying += count;
    };
    if (error.kind === 'engine' && !MAY_BE_A_DOCUMENT.has(error.code)) {
      if (ofTarget) return this.#owe(aside, batch);
      const dueAt = (await nowOf(aside)) + backoffMs(backoff, this.#engineFailures++);
      await write({ kind: 'again', ids, dueAt, errorClass: errorClass('transport', error.code) });
      return sum;
    }
    const rows = await this.#rowsOf(aside, batch);
    const keys = new Map<string, typeof rows>();
    for (const row of rows) keys.set(row.record_key, [...(keys.get(row.record_key) ?? []), row]);
    const idsOf = (some: Iterable<typeof rows>) => [...some].flat().map(({ id }) => id);
    const named = error.document === null ? null : this.#storedKey(entity, error.document, keys);
    if (batch.isolated && keys.size === 1) {
      if (ofTarget) {
        const owed = await this.#owe(aside, batch);
        await endIsolation(aside, index, entity);
        return owed;
      }
      const attempts = Math.max(...rows.map((row) => Number(row.attempts))) + 1;
      // Where the engine does not name it, the first time may have been for the sake of one that was on its way when the
      // isolation began; where it names another, that one was.
      const final = error.kind === 'document' && (named !== null || (error.document === null && attempts > 1));
      if (final || attempts >= maxAttempts)
        await write({
          kind: 'discarded',
          ids,
          attempts,
          errorClass: errorClass(final ? 'backend_rejected' : 'attempts_exhausted', error.code),
        });
      else
        await write({
          kind: 'again',
          ids,
          attempts,
          piece: 1,
          dueAt: (await nowOf(aside)) + backoffMs(backoff, attempts),
          errorClass: errorClass('backend_rejected', error.code),
        });
      await endIsolation(aside, index, entity);
      return sum;
    }
    // Before the rows can be claimed: they must not go out beside others once more.
    await beginIsolation(aside, index);
    const again = (some: readonly string[], piece: number): RowMark => ({
      kind: 'again',
      ids: some,
      piece,
      dueAt: 0,
      errorClass: errorClass('backend_rejected', error.code),
    });
    if (named !== null) {
      // The engine says which: it goes alone, and the others in one piece.
      await write(again(idsOf([keys.get(named)!]), 1));
      keys.delete(named);
      if (keys.size > 0) await write(again(idsOf(keys.values()), keys.size));
    } else {
      // A document that is none of ours: the engine had put our task into one batch with that one's.
      const elsewhere = error.document !== null;
      await write(again(idsOf(keys.values()), elsewhere ? keys.size : Math.ceil(keys.size / 2)));
    }
    return sum;
  }

  /**
   * The live index has the documents, the target of the rebuild does not: the rows are done, and the target is owed their
   * keys until its cutover or rollback. What fails there alone must neither charge nor hold up the live index.
   */
  async #owe(aside: QueryRunner, batch: AcceptedBatch): Promise<Pick<Settled, 'retrying' | 'discarded'>> {
    const rows = await this.#rowsOf(aside, batch);
    await remember(
      aside,
      batch.rebuild!,
      rows.map((row) => row.record_key),
    );
    const completed = await writeMark(aside, { kind: 'done', ids: batch.ids }, { tasks: batch.text });
    tellApplied([batch], completed);
    return { retrying: 0, discarded: 0 };
  }

  async #rowsOf(aside: QueryRunner, { ids, text }: AcceptedBatch) {
    const rows: { id: string; record_key: string; attempts: unknown }[] = [];
    for (let start = 0; start < ids.length; start += ADOPTED) {
      const { records } = await run<(typeof rows)[number]>(
        aside,
        (s) =>
          `SELECT id, record_key, attempts FROM ${s.tables.outbox}
           WHERE ${s.isIn('id', ids.slice(start, start + ADOPTED))} AND state = 'backend_accepted' AND tasks = ${s.value(text)}`,
      );
      rows.push(...records);
    }
    return rows;
  }

  /** The key of the document that the engine named, as its rows have it, or null where none of them is meant. */
  #storedKey(entity: string, document: string, keys: ReadonlyMap<string, unknown>): string | null {
    const fields = this.#site.work.documents.get(entity)?.metadata.keyFields.length;
    if (fields === undefined) return null;
    return [...keys.keys()].find((recordKey) => documentKeyOf(recordKey, fields) === document) ?? null;
  }
}

/**
 * Tells of documents whose tasks succeeded. Another settler may have been faster: of its rows it tells itself, and where it
 * took a part only, nobody knows of which entity that was.
 * @param completed rows that this one found there
 */
function tellApplied(batches: readonly AcceptedBatch[], completed: number): void {
  if (!hearsOfDocuments()) return;
  const source = 'outbox';
  const rows = batches.reduce((sum, { ids }) => sum + ids.length, 0);
  if (completed < rows) {
    documentsApplied({ entity: null, documents: completed, source });
    return;
  }
  const byEntity = new Map<string, number>();
  for (const { entity, ids, documents = ids.length } of batches)
    byEntity.set(entity, (byEntity.get(entity) ?? 0) + documents);
  for (const [entity, documents] of byEntity) documentsApplied({ entity, documents, source });
}

/** Discarded rows of keys that have succeeded since: the index holds their newer state. */
async function forgetOvertaken(
  aside: QueryRunner,
  { ids, claimedAt }: Pick<AcceptedBatch, 'ids' | 'claimedAt'>,
): Promise<void> {
  const { records } = await run(
    aside,
    (s) =>
      `SELECT shard FROM ${s.tables.shard} each_shard WHERE EXISTS (SELECT 1 FROM ${s.tables.outbox} discarded
       WHERE discarded.shard = each_shard.shard AND discarded.state = 'discarded') LIMIT 1`,
  );
  if (records.length === 0) return;
  // Their ids first, over the index of keys: a DELETE that looks through the table would, on MariaDB, wait for rows that
  // the application has not committed.
  const { records: overtaken } = await run<{ id: string }>(
    aside,
    (s) =>
      `SELECT DISTINCT overtaken.id FROM ${s.tables.outbox} done JOIN ${s.tables.outbox} overtaken
       ON overtaken.entity = done.entity AND overtaken.record_key = done.record_key
       WHERE ${s.isIn('done.id', ids)} AND overtaken.state = 'discarded' AND overtaken.due_at <= ${s.value(claimedAt)}`,
  );
  if (overtaken.length === 0) return;
  await run(
    aside,
    (s) =>
      `DELETE FROM ${s.tables.outbox} WHERE ${s.isIn(
        'id',
        overtaken.map(({ id }) => id),
      )} AND state = 'discarded' AND due_at <= ${s.value(claimedAt)}`,
  );
}

async function nowOf(queryRunner: QueryRunner): Promise<number> {
  const [row] = await queryRunner.query(`SELECT ${dialectOf(queryRunner.dataSource).nowMs} AS now`);
  return Number(row.now);
}
