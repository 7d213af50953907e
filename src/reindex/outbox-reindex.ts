import type { QueryRunner } from 'typeorm';
import { StoredFillLog } from '../backfill/fill-log.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { contractOf } from '../metadata/contract.js';
import type { IndexSettings } from '../metadata/index-settings.js';
import { append } from '../outbox/append.js';
import { newToken } from '../outbox/mark-id.js';
import { run } from '../outbox/statement.js';
import { documentKeyOf, storedKeyOf } from '../outbox/stored-key.js';
import { paused } from '../verify/paused.js';
import { type VerifyOptions, verifyIndex } from '../verify/verify-index.js';
import type { VerifyReport } from '../verify/verify-report.js';
import { writeContract } from '../worker/contracts.js';
import { readIndexStates, recordIndex } from '../worker/index-state.js';
import { type RebuildState, UNFINISHED_STATES } from '../worker/rebuilds.js';
import { assertNames, settleSwap, swapNames } from '../worker/swap.js';
import {
  assertNoBackfill,
  endRegistration,
  insertRegistration,
  replayTouched,
  touchedKeys,
} from '../worker/touched-keys.js';
import { filled, type RebuildAudit } from './audit.js';
import { compareAndMend } from './compare-target.js';
import { fillTarget } from './fill-target.js';
import type { RebuildOperations } from './rebuild.js';
import { NAMED_KEYS, settingsWithheld, targetLacks, unusable } from './rebuild-errors.js';
import type { RebuildRecord } from './rebuild-record.js';
import type { RunOptions } from './reindex-options.js';
import type { OutboxSite } from './reindex-site.js';
import { dropIndex, ensureIndex, settleSettings, takesDocuments } from './target-index.js';

/** How long work may take that was sent again, in milliseconds; a signal ends it earlier. */
const WORK_MS = 3_600_000;
/** How often the target is compared again since it refused documents between the comparison and the swap. */
const CUTOVER_TRIES = 3;

const BEFORE_CUTOVER: readonly RebuildState[] = ['creating', 'building', 'ready'];

/**
 * A rebuild beside an outbox: workers write both indexes, and the database remembers how far it has got. Each step can be
 * done again, by any process, after whoever did it was killed at any moment.
 */
export class OutboxReindex implements RebuildOperations {
  readonly #site: OutboxSite;
  readonly #record: RebuildRecord;
  readonly #settings: IndexSettings | undefined;

  /** @param settings those of the call, which may hold secrets that are written nowhere */
  constructor(site: OutboxSite, record: RebuildRecord, settings?: IndexSettings) {
    this.#site = site;
    this.#record = record;
    this.#settings = settings;
  }

  get #source() {
    return this.#site.outbox.delivery.sender.source;
  }

  readonly #aside = (): Promise<QueryRunner> => this.#source.aside('look');

  async read(): Promise<RebuildAudit> {
    return (await this.#record.read()).audit;
  }

  verify(options: VerifyOptions): Promise<VerifyReport> {
    return verifyIndex(this.#site.verifySite(), options);
  }

  async resume(options: RunOptions): Promise<RebuildAudit> {
    await this.#record.takeOver(this.#source);
    return this.run(options);
  }

  /** From wherever it is to the end of what it was begun for; this process is at work on it already. */
  run(options: RunOptions): Promise<RebuildAudit> {
    return this.#atWork(UNFINISHED_STATES, () => this.#goOn(options));
  }

  cutover(options: RunOptions): Promise<RebuildAudit> {
    return this.#atWork(['ready', 'swapping'], () => this.#cutOver(options, true));
  }

  rollback(options: RunOptions): Promise<RebuildAudit> {
    return this.#atWork(['kept', 'reverting'], () => this.#rollBack(options));
  }

  finish(): Promise<RebuildAudit> {
    return this.#atWork(['kept', 'dropping'], async () => {
      if (this.#record.row.state === 'kept') await this.#beginDropping(['kept'], 'finished');
      await this.#drop();
    });
  }

  async abandon(): Promise<RebuildAudit> {
    await this.#record.takeOver(this.#source);
    return this.#atWork([...BEFORE_CUTOVER, 'dropping'], async () => {
      if (this.#record.row.state !== 'dropping') await this.#beginDropping(BEFORE_CUTOVER, 'abandoned');
      await this.#drop();
    });
  }

  async #atWork(states: readonly RebuildState[], work: () => Promise<void>): Promise<RebuildAudit> {
    await this.#record.read();
    this.#record.assert(...states);
    await this.#record.atWork(work);
    return (await this.#record.read()).audit;
  }

  async #goOn(options: RunOptions): Promise<void> {
    const record = this.#record;
    if (record.row.state === 'creating') await record.timed('create', () => this.#create(options));
    if (record.row.state === 'building') await this.#build(options);
    if (record.row.state === 'swapping') await this.#cutOver(options, false);
    if (record.row.state === 'ready' && record.report.given.cutover !== false) await this.#cutOver(options, false);
    if (record.row.state === 'reverting') await this.#rollBack(options);
    if (record.row.state === 'kept') await this.#keepOrDrop(options);
    if (record.row.state === 'dropping') await this.#drop(options);
  }

  // Building.

  async #create({ signal, onProgress }: RunOptions): Promise<void> {
    onProgress?.({ step: 'create' });
    const { row, report } = this.#record;
    const { live, target, entity } = row;
    const notes = [...report.notes];
    const found = await this.#site.backend.indexes.get(live, { signal });
    const known = (await readIndexStates(await this.#aside(), [live])).get(live)?.createdAt ?? null;
    if (found === null) notes.push('There was no live index: an empty one was made, and it is not kept.');
    else if (known !== null && known !== found.createdAt)
      notes.push('The live index was not the one that was written to: it is not kept.');
    if (found !== null && !takesDocuments(found))
      notes.push('The live index has another primary key: nothing was written to it meanwhile, and it is not kept.');
    // Before anything is made of it: whoever goes on with this finds an index that is known.
    if (notes.length > report.notes.length) await this.#record.note({ notes: [...new Set(notes)], wasWhole: false });
    const liveInfo = found ?? (await ensureIndex(this.#site, live, signal));
    if (known !== liveInfo.createdAt) await recordIndex(await this.#aside(), live, liveInfo.createdAt);

    const targetInfo = await ensureIndex(this.#site, target, signal);
    const { dropForeign = false } = report.given;
    const settings = this.#settings ?? report.given.settings ?? {};
    if (report.withheld && this.#settings === undefined) throw settingsWithheld(entity, live);
    const applied = await settleSettings(this.#site, row, { given: settings, dropForeign }, signal);
    signal?.throwIfAborted();

    const registration = report.registration ?? crypto.randomUUID();
    const change = {
      state: 'building',
      liveCreated: liveInfo.createdAt,
      targetCreated: targetInfo.createdAt,
      writesLive: takesDocuments(liveInfo),
    } as const;
    const built = { registration, settings: applied, next: 'fill' } as const;
    // Every shard is held: no sender is in the middle of a batch that does not know of the target.
    await this.#source.fence('reindex', async (queryRunner) => {
      await insertRegistration(queryRunner, { id: registration, entity }, row.id);
      await this.#record.change(['creating'], change, built, queryRunner);
    });
    await this.#record.read();
  }

  async #build(options: RunOptions): Promise<void> {
    const record = this.#record;
    if (record.report.next === 'fill') await record.timed('fill', () => this.#fill(options));
    if (record.report.next === 'replay') await record.timed('replay', () => this.#replay(options));
    await record.timed('verify', () => this.#compare(options));
    await record.change(['building'], { state: 'ready' });
  }

  async #fill(options: RunOptions): Promise<void> {
    const { row, report } = this.#record;
    const beforeSend = () => this.#record.assertOwned();
    const fill = { target: row.target, connection: this.#aside, beforeSend };
    const filledTarget = await fillTarget(this.#site, fill, report, options);
    await this.#record.note({ ...filled(filledTarget), next: 'replay' });
  }

  /** Keys that were sent while the target was filled: an older page may have been written over them. */
  async #replay({ signal, onProgress }: RunOptions): Promise<void> {
    onProgress?.({ step: 'replay' });
    const { row, report } = this.#record;
    const { token, count } = await replayTouched(this.#source, { id: report.registration!, entity: row.entity });
    await this.#record.note({ replayed: report.replayed + count });
    if (token !== null) await this.#worked(token, signal);
    await this.#record.note({ next: 'verify' });
  }

  async #compare({ signal, onProgress }: RunOptions): Promise<void> {
    await assertNames(this.#site.backend, this.#record.row, signal);
    await this.#payOwed(signal);
    const { row, report } = this.#record;
    const { repaired, failed, ...verified } = await compareAndMend(this.#site, {
      index: row.target,
      maxFailures: report.maxFailures,
      excused: (keys) => this.#excused(keys),
      mend: (keys) => this.#markAndWait(keys, signal),
      signal,
      onProgress: onProgress && ((progress) => onProgress({ step: 'verify', ...progress })),
    });
    const built = { entity: row.entity, indexCreated: row.targetCreated! };
    await writeContract(await this.#aside(), built, contractOf(this.#site.metadata));
    // A fill that was gone on with knows of its own failures alone.
    await this.#record.note({ verified, failed, repaired: this.#record.report.repaired + repaired });
  }

  /** What the target alone refused is sent to both once more. */
  async #payOwed(signal: AbortSignal | undefined): Promise<void> {
    const { id, entity } = this.#record.row;
    if ((await touchedKeys(await this.#aside(), id, 1)).length === 0) return;
    const { token } = await replayTouched(this.#source, { id, entity });
    if (token !== null) await this.#worked(token, signal);
  }

  async #markAndWait(keys: readonly DocumentKey[], signal: AbortSignal | undefined): Promise<void> {
    const { entity } = this.#record.row;
    const token = newToken();
    const dirty = keys.map((key) => ({ entity, recordKey: storedKeyOf(key) }));
    await append((await this.#aside()).manager, dirty, 'repair', token);
    await this.#worked(token, signal);
  }

  /** What is discarded is told by the comparison that follows. */
  async #worked(token: string, signal: AbortSignal | undefined): Promise<void> {
    const { delivery } = this.#site.outbox;
    const waiting = { goal: 'completed', timeoutMs: WORK_MS, failFast: false, drains: false, signal } as const;
    delivery.committed();
    try {
      await delivery.wait([token], waiting);
    } catch (error) {
      if (!ScrypathError.is(error, 'WORK_DISCARDED')) throw error;
    }
  }

  /** Keys whose record the fill could not index, or whose work was discarded. */
  async #excused(keys: readonly DocumentKey[]): Promise<ReadonlySet<DocumentKey>> {
    const { entity } = this.#record.row;
    const { records } = await run<{ record_key: string }>(
      await this.#aside(),
      (s) =>
        `SELECT DISTINCT record_key FROM ${s.tables.outbox} WHERE entity = ${s.value(entity)}
         AND ${s.isIn('record_key', keys.map(storedKeyOf))} AND state = 'discarded'`,
    );
    const fields = this.#site.metadata.keyFields.length;
    return new Set([
      ...this.#record.report.failed,
      ...records.map(({ record_key }) => documentKeyOf(record_key, fields)),
    ]);
  }

  // Swapping.

  /** @param again whether the target is compared once more before the swap */
  async #cutOver(options: RunOptions, again: boolean): Promise<void> {
    const record = this.#record;
    if (record.row.state === 'swapping') await this.#settle();
    for (let tried = 1, compare = again; record.row.state === 'ready'; tried += 1, compare = true) {
      if (compare) await record.timed('verify', () => this.#compare(options));
      options.onProgress?.({ step: 'swap' });
      try {
        await record.timed('swap', () => this.#swap('swapping', options));
      } catch (error) {
        if (!ScrypathError.is(error, 'REBUILD_DIFFERS') || tried >= CUTOVER_TRIES) throw error;
      }
      await record.read();
    }
    await record.note({ cutoverAt: record.report.cutoverAt ?? new Date().toISOString() });
    this.#site.outbox.delivery.committed();
    await this.#keepOrDrop(options);
  }

  async #keepOrDrop(options: RunOptions): Promise<void> {
    const { row, report } = this.#record;
    if (row.state === 'kept' && !(report.keepOld && report.wasWhole)) await this.#beginDropping(['kept'], 'finished');
    if (this.#record.row.state === 'dropping') await this.#drop(options);
  }

  async #rollBack(options: RunOptions): Promise<void> {
    const record = this.#record;
    if (record.row.state === 'reverting') await this.#settle();
    if (record.row.state === 'kept') {
      await record.note({ ends: 'rolled_back' });
      await this.#payOwed(options.signal);
      options.onProgress?.({ step: 'swap' });
      await record.timed('swap', () => this.#swap('reverting', options));
      await record.read();
      this.#site.outbox.delivery.committed();
    }
    if (record.row.state === 'dropping') await this.#drop(options);
  }

  async #settle(): Promise<void> {
    await settleSwap(this.#swapSite, this.#record.row.id);
    await this.#record.read();
  }

  get #swapSite() {
    return { source: this.#source, backend: this.#site.backend, timing: this.#site.outbox.timing };
  }

  #swap(over: 'swapping' | 'reverting', { signal }: RunOptions): Promise<void> {
    const { row } = this.#record;
    if (row.problem !== null) throw unusable(row.entity, row.target, row.problem);
    const check = async (queryRunner: QueryRunner, lateSend: number) => {
      await assertNoBackfill(queryRunner, row.entity, row.live);
      const lacking = await touchedKeys(queryRunner, row.id, NAMED_KEYS);
      if (lacking.length > 0)
        throw targetLacks(
          row.entity,
          row.target,
          lacking.map((recordKey) => documentKeyOf(recordKey, this.#site.metadata.keyFields.length)),
        );
      // Where the index beside the live one is dropped behind the swap.
      const lateUntil = Math.max(lateSend, await lateRows(queryRunner, row.entity));
      await this.#record.change([row.state], {}, { lateUntil }, queryRunner);
    };
    return swapNames(this.#swapSite, row, over, check, signal);
  }

  // Dropping.

  /** From here on senders write the live index alone. */
  async #beginDropping(from: readonly RebuildState[], ends: 'finished' | 'abandoned'): Promise<void> {
    const { registration } = this.#record.report;
    const { row } = this.#record;
    const latePage = await this.#latePage();
    await this.#source.fence('reindex', async (queryRunner, lateSend) => {
      const lateUntil = Math.max(lateSend, await lateRows(queryRunner, row.entity), row.now + latePage);
      await this.#record.change(from, { state: 'dropping' }, { ends, lateUntil }, queryRunner);
      if (registration !== null) await endRegistration(queryRunner, registration);
    });
    await this.#record.read();
  }

  /** For how long a page of a fill that was stopped or killed may still arrive, in milliseconds. Nobody goes on with it. */
  async #latePage(): Promise<number> {
    const { entity, target } = this.#record.row;
    return StoredFillLog.giveUp(this.#aside, { entity, index: target });
  }

  async #drop({ onProgress }: RunOptions = {}): Promise<void> {
    onProgress?.({ step: 'drop' });
    const record = this.#record;
    const { backend, timeoutMs } = this.#site;
    await record.timed('drop', async () => {
      // An engine makes an index anew for documents that arrive late.
      await paused(record.report.lateUntil - record.row.now);
      await dropIndex(backend, record.row.target, timeoutMs, record.row.entity);
      await endRegistration(await this.#aside(), record.row.id);
    });
    await record.change(['dropping'], { state: record.report.ends });
  }
}

/** Until when a request that got no answer may still arrive, as the rows it was for have it. */
async function lateRows(queryRunner: QueryRunner, entity: string): Promise<number> {
  const { records } = await run<{ until: unknown }>(
    queryRunner,
    (s) => `SELECT max(unknown_until) AS until FROM ${s.tables.outbox} WHERE entity = ${s.value(entity)}`,
  );
  return Number(records[0]?.until ?? 0);
}
