import type { Backend } from '../backend/backend.js';
import type { TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { append } from '../outbox/append.js';
import { tokenOf } from '../outbox/mark-id.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { storedKeyOf } from '../outbox/stored-key.js';
import { isOfDatabase } from '../records/in-halves.js';
import type { Logger } from '../telemetry/logger.js';
import { span } from '../telemetry/span.js';
import { type BatchSpan, batchOutcomeOf } from './batch-span.js';
import { DEPENDENCIES_A_BATCH } from './claim.js';
import type { DirtyRow } from './dirty-row.js';
import { tellFailures } from './failed-marks.js';
import { type Backoff, backoffMs, codeOf, errorClass, isCrash, isOfData } from './failure.js';
import { beginIsolation, type IndexState, isAlone, readIndexStates, writeInFlight } from './index-state.js';
import type { IndexWatch } from './index-watch.js';
import { type Change, type Changes, inSavepoint, type Reading, readChanges } from './read-changes.js';
import { changeRebuild, isHeld, isWritten, type RebuildRow, rebuildsForSenders } from './rebuilds.js';
import { postpone, type RowMark, writeMark } from './row-marks.js';
import { type AcceptedBatch, sendChanges } from './send-changes.js';
import { type HoldSource, LostHold, type Scope, type ShardHold } from './shard-hold.js';
import { settleSwap } from './swap.js';
import type { Timing } from './timing.js';
import { readRegistrations, remember, touch } from './touched-keys.js';
import { newestVersions } from './versions.js';
import { type DocumentWork, namesOf, type Work } from './work.js';

/** What a sender works with. */
export interface DrainSite {
  readonly source: HoldSource;
  readonly backend: Backend;
  readonly work: Work;
  readonly watch: IndexWatch;
  readonly logger: Logger;
  /** Entities with a newer projection than this sender's, and until when they are left alone without a look. */
  readonly outdated: Map<string, number>;
  /** Entities whose index is being swapped, and until when they are left alone without a look. */
  readonly held: Map<string, number>;
  readonly timing: Timing;
  readonly backoff: Backoff;
  /** What was sent without a hold and could not be marked anew yet; the next batch begins with it. */
  readonly owed: SentKeys[];
}

/** Rows that were sent, and whether a request of theirs may still arrive. */
export interface SentKeys {
  readonly rows: DirtyRow[];
  uncertain: boolean;
}

/** What one batch came to. */
export interface Drained {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Distinct keys that were sent, or owners that were dirtied. */
  readonly sent: number;
  readonly accepted: readonly AcceptedBatch[];
  /** Why rows were not accepted, by their ids. */
  readonly errors: ReadonlyMap<string, unknown>;
  /** The engine takes nothing for now. */
  readonly outage: boolean;
  /** Whether rows must wait for the outcome of an isolated task. */
  readonly waiting: boolean;
  /** Indexes that are not those that were written to before. */
  readonly replaced: readonly string[];
  /** Swaps of indexes whose outcome nobody has written down, and nobody is at work on. */
  readonly stuck: readonly RebuildRow[];
}

const NOTHING: Drained = {
  rows: 0,
  sent: 0,
  accepted: [],
  errors: new Map(),
  outage: false,
  waiting: false,
  replaced: [],
  stuck: [],
};

/** Owners that one row of a dependency dirties in one batch. */
const OWNERS_A_PAGE = 1_000;

/** The part of a scope that is the sender's own choice. */
export type Want =
  | {
      readonly kind: 'due';
      readonly limit: number;
      readonly fewerShards: boolean;
      /** Rows of this name alone. */
      readonly only?: string;
    }
  | { readonly kind: 'ids'; readonly ids: readonly string[] };

/**
 * Holds free shards, and brings what waits in them to the engine: one batch. Resolves when the engine has accepted it.
 * @param failures how often the engine has taken nothing, one time after the other
 */
export async function drain(site: DrainSite, want: Want, failures = 0, reading: Reading = 'plain'): Promise<Drained> {
  await payOwed(site);
  // Who waits for chosen rows is told that their index was replaced; a worker leaves such an index alone for a while.
  const isLeft = (name: string) => {
    if (want.kind !== 'due') return false;
    const index = site.work.documents.get(name)?.metadata.indexName;
    const isBlocked = index !== undefined && site.watch.isBlocked(index);
    return [site.outdated, site.held].some((left) => (left.get(name) ?? 0) > performance.now()) || isBlocked;
  };
  const isWanted = (name: string) => want.kind !== 'due' || want.only === undefined || want.only === name;
  const scope: Scope = { ...want, entities: namesOf(site.work).filter((name) => isWanted(name) && !isLeft(name)) };
  const hold = await site.source.hold(scope);
  if (hold === null) return NOTHING;
  const sent: SentKeys = { rows: [], uncertain: false };
  try {
    const facts: BatchSpan = { rows: hold.rows.length };
    const drained = await span('scrypath:worker:batch', facts, (batch) =>
      drainHeld(site, hold, failures, sent, reading, batch),
    );
    for (const { id, live } of drained.stuck) await settleStuck(site, id, live);
    return drained;
  } catch (error) {
    await hold.abandon(sent.rows.length > 0);
    // What was sent may have arrived before or after what somebody else has sent meanwhile.
    if (sent.rows.length > 0 && !isCrash(error)) {
      site.owed.push(sent);
      await payOwed(site).catch(() => undefined);
    }
    const cause = error instanceof LostHold ? error.cause : error;
    if (reading === 'plain' && isOfData(cause)) return drain(site, want, failures, 'careful');
    throw error;
  }
}

async function drainHeld(
  site: DrainSite,
  hold: ShardHold,
  failures: number,
  sentKeys: SentKeys,
  reading: Reading,
  batch: BatchSpan,
): Promise<Drained> {
  const rebuilds = await rebuildsForSenders(hold.queryRunner);
  const rows = withoutHeld(site, rebuilds, await withoutNewer(site, hold));
  const marks: RowMark[] = [];
  const errors = new Map<string, unknown>();
  const dirtied: { readonly token: string; readonly keys: readonly DirtyKey[] }[] = [];
  const fanOut = rows.filter(({ entity }) => site.work.dependencies.has(entity)).slice(0, DEPENDENCIES_A_BATCH);
  for (const row of fanOut) {
    const { mark, keys } = await pageOf(site, hold, row, reading);
    marks.push(mark);
    dirtied.push({ token: tokenOf(row.id), keys });
  }

  const plans: { readonly entity: string; readonly work: DocumentWork; readonly read: Changes }[] = [];
  for (const [entity, work] of site.work.documents) {
    const own = rows.filter((row) => row.entity === entity);
    if (own.length === 0) continue;
    const read = await readChanges(hold.manager, work, own, reading);
    plans.push({ entity, work, read });
    for (const { rows: failed, error } of read.failed) {
      const ids = failed.map(({ id }) => id);
      marks.push({ kind: 'discarded', ids, errorClass: errorClass('validation', codeOf(error)) });
      for (const id of ids) errors.set(id, error);
    }
    dirtied.push(...respelled(entity, read));
  }

  // Before anything is sent, and committed before: a page of a backfill may be older than what goes out here.
  const registrations = await readRegistrations(hold.queryRunner);
  if (registrations.length > 0) await touch(await site.source.aside('send'), registrations, rows);
  const states = await readIndexStates(
    hold.queryRunner,
    plans.map(({ work }) => work.metadata.indexName),
  );
  const ended = await Promise.allSettled(
    plans.map(({ entity, work, read }) => {
      const index = work.metadata.indexName;
      const to = { entity, index, state: states.get(index), rebuild: rebuilds.get(entity) ?? null };
      return sendToIndex(site, hold, to, read.changes, failures, sentKeys);
    }),
  );
  // Only when no request is under way any more: what is marked anew must not be overtaken by one.
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  const outcomes = ended.map((end) => (end as PromiseFulfilledResult<IndexOutcome>).value);
  sentKeys.uncertain = outcomes.some(({ uncertain }) => uncertain);
  const isolate = outcomes.filter(({ suspicious }) => suspicious).map(({ index }) => index);
  await hold.finish(async (queryRunner) => {
    for (const { token, keys } of dirtied) await append(queryRunner.manager, keys, 'fan_out', token);
    for (const mark of [...marks, ...outcomes.flatMap((outcome) => outcome.marks)]) await writeMark(queryRunner, mark);
    for (const index of isolate) await beginIsolation(queryRunner, index);
    for (const { index, inFlight } of outcomes) if (inFlight) await writeInFlight(queryRunner, index, inFlight);
    for (const { rebuild, owed, lostTarget } of outcomes) {
      if (rebuild === null) continue;
      await remember(queryRunner, rebuild.id, owed);
      if (lostTarget) await changeRebuild(queryRunner, rebuild.id, [rebuild.state], { problem: 'INDEX_REPLACED' });
    }
  });
  tellFailures([...marks, ...outcomes.flatMap((outcome) => outcome.marks)], rows);
  for (const outcome of outcomes) for (const [id, error] of outcome.errors) errors.set(id, error);
  const drained: Drained = {
    rows: rows.length,
    sent: outcomes.reduce((sum, { sent }) => sum + sent, 0) + fanOut.length,
    accepted: outcomes.flatMap(({ accepted }) => accepted),
    errors,
    outage: outcomes.some(({ outage }) => outage),
    waiting: outcomes.some(({ waiting }) => waiting),
    replaced: outcomes.flatMap(({ replaced }) => replaced),
    stuck: [...rebuilds.values()].filter((rebuild) => isHeld(rebuild) && isAbandonedSwap(rebuild)),
  };
  Object.assign(batch, {
    entities: new Set(rows.map(({ entity }) => entity)).size,
    indexes: outcomes.filter(({ sent }) => sent > 0).length,
    keys: plans.reduce((sum, { read }) => sum + read.changes.length + read.failed.length, 0),
    upserts: outcomes.reduce((sum, { upserts }) => sum + upserts, 0),
    deletes: outcomes.reduce((sum, { sent, upserts }) => sum + sent - upserts, 0),
    outcome: batchOutcomeOf(
      drained,
      marks.some(({ kind }) => kind === 'discarded'),
    ),
  } satisfies Partial<BatchSpan>);
  return drained;
}

/** Whoever had begun the swap is gone: without this, nothing of the entity would ever be sent again. */
async function settleStuck(site: DrainSite, id: string, index: string): Promise<void> {
  try {
    await settleSwap(site, id, { waitMs: SETTLE_SWAP_MS });
  } catch (error) {
    if (isCrash(error)) throw error;
    site.logger.error('It could not be found out whether an index was swapped; nothing is sent to it until then.', {
      index,
      code: codeOf(error),
    });
  }
}

const SETTLE_SWAP_MS = 5_000;

/** Nobody is at work on the swap any more, and its request has arrived or never will. */
const isAbandonedSwap = ({ isAlive, swapUntil, now }: RebuildRow): boolean => !isAlive && swapUntil < now;

/** While the names of two indexes are swapped, a name may mean either: nothing is sent to them until the outcome is known. */
function withoutHeld(
  { held, work }: DrainSite,
  rebuilds: ReadonlyMap<string, RebuildRow>,
  rows: readonly DirtyRow[],
): readonly DirtyRow[] {
  const entities = [...rebuilds.values()].filter(isHeld).map(({ entity }) => entity);
  for (const entity of entities) if (work.documents.has(entity)) held.set(entity, performance.now() + HELD_MS);
  return entities.length === 0 ? rows : rows.filter(({ entity }) => !entities.includes(entity));
}

/** How long the rows of a swapped index are left alone before the next look at them. */
const HELD_MS = 100;

/** Rows whose projection this sender has in its newest version. Read after the rows: a newer one stands there before its rows do. */
async function withoutNewer({ work, outdated, logger }: DrainSite, hold: ShardHold): Promise<readonly DirtyRow[]> {
  const newest = await newestVersions(hold.queryRunner);
  const isNewer = (entity: string) => {
    const version = work.documents.get(entity)?.metadata.version;
    return version !== undefined && (newest.get(entity) ?? 0) > version;
  };
  const newer = new Set(hold.rows.map(({ entity }) => entity).filter(isNewer));
  for (const entity of newer) {
    if (!outdated.has(entity))
      logger.warn(
        `A newer version of the projection of ${entity} was started; its rows are left to workers that have it.`,
        {
          entity,
        },
      );
    // Else they would fill up every batch, where there are many, and keep others out of it.
    outdated.set(entity, performance.now() + OUTDATED_MS);
  }
  return hold.rows.filter(({ entity }) => !newer.has(entity));
}

/** How long rows of a newer projection are left alone before the next look at them. */
const OUTDATED_MS = 3_000;

/** One page of the owners that a dependency's row dirties. */
async function pageOf(
  { work }: DrainSite,
  hold: ShardHold,
  row: DirtyRow,
  reading: Reading,
): Promise<{ readonly mark: RowMark; readonly keys: readonly DirtyKey[] }> {
  const dependency = work.dependencies.get(row.entity)!;
  try {
    const { recordKeys, after } = await inSavepoint(hold.manager, reading, () =>
      dependency.page(hold.manager, row.recordKey, row.cursor, OWNERS_A_PAGE),
    );
    const keys = recordKeys.map((recordKey) => ({ entity: dependency.owner.entity, recordKey }));
    const ids = [row.id];
    return { keys, mark: after === null ? { kind: 'done', ids } : { kind: 'paged', ids, cursor: after } };
  } catch (error) {
    if (isOfDatabase(error) && !(reading === 'careful' && isOfData(error))) throw error;
    return {
      keys: [],
      mark: { kind: 'discarded', ids: [row.id], errorClass: errorClass('validation', codeOf(error)) },
    };
  }
}

/** A record under another spelling of the key asked for: that one is dirty, and only the alias is removed here. */
function respelled(entity: string, { spelledOtherwise, changes }: Changes) {
  if (spelledOtherwise.length === 0) return [];
  const keys = spelledOtherwise.map((key) => ({ entity, recordKey: storedKeyOf(key) }));
  const tokens = new Set(
    changes.filter(({ document }) => document === null).flatMap(({ rows }) => rows.map(({ id }) => tokenOf(id))),
  );
  return [...tokens].map((token) => ({ token, keys }));
}

interface IndexOutcome extends Omit<Drained, 'rows' | 'stuck'> {
  readonly index: string;
  /** Of what was sent, the documents; the others are removals. */
  readonly upserts: number;
  readonly marks: readonly RowMark[];
  readonly suspicious: boolean;
  readonly uncertain: boolean;
  /** What is in flight alone on an isolated index; null where it is not isolated, or nothing was sent. */
  readonly inFlight: readonly TaskRef[] | null;
  /** The rebuild under way; keys that its target refused; whether the target is not the one that was written to. */
  readonly rebuild: RebuildRow | null;
  readonly owed: readonly string[];
  readonly lostTarget: boolean;
}

async function sendToIndex(
  site: DrainSite,
  hold: ShardHold,
  to: {
    readonly entity: string;
    readonly index: string;
    readonly state: IndexState | undefined;
    readonly rebuild: RebuildRow | null;
  },
  changes: readonly Change[],
  failures: number,
  sentKeys: SentKeys,
): Promise<IndexOutcome> {
  const { backend, timing, backoff } = site;
  const { entity, index: live, state, rebuild } = to;
  const writesTarget = rebuild !== null && isWritten(rebuild);
  // A live index that takes no documents of ours is left as it is.
  const index = writesTarget && !rebuild.writesLive ? rebuild.target : live;
  const known = index === live ? (state?.createdAt ?? null) : (rebuild?.targetCreated ?? null);
  const idle = {
    ...{ ...NOTHING, index, upserts: 0, marks: [], suspicious: false, uncertain: false, inFlight: null },
    ...{ rebuild, owed: [], lostTarget: false },
  };
  let lostTarget = false;
  if (changes.length === 0) return idle;
  const pauseMs = backoffMs(backoff, failures);
  const ids = changes.flatMap(({ rows }) => rows.map(({ id }) => id));
  const isolated = state?.isolating === true;
  try {
    const signal = AbortSignal.timeout(timing.requestMs);
    if (!(await site.watch.isOurs(index, known, signal)))
      return { ...idle, replaced: [index], errors: new Map(ids.map((id) => [id, indexReplaced(index)])) };
    if (writesTarget && rebuild.target !== index)
      lostTarget = !(await site.watch.isOurs(rebuild.target, rebuild.targetCreated, signal));
    if (isolated && !(await isAlone(hold, backend, { entity, index }, signal))) return { ...idle, waiting: true };
  } catch (error) {
    // The engine does not even say which index it has: nothing was sent.
    if (codeOf(error) === undefined && !(error instanceof DOMException)) throw error;
    const dueAt = hold.claimedAt + pauseMs;
    const mark: RowMark = { kind: 'again', ids, dueAt, errorClass: errorClass('transport', codeOf(error)) };
    return { ...idle, marks: [mark], outage: true, errors: new Map(ids.map((id) => [id, error])) };
  }
  const chosen = isolated ? choosePiece(changes) : changes;
  const sent = await sendChanges(
    {
      backend,
      index,
      target:
        writesTarget && !lostTarget && rebuild.target !== index ? { index: rebuild.target, rebuild: rebuild.id } : null,
      entity,
      isolated,
      claimedAt: hold.claimedAt,
      unknownUntil: hold.unknownUntil,
      requestMs: timing.requestMs,
      pauseMs,
      check: hold.check,
      sending: (rows) => {
        sentKeys.rows.push(...rows);
        sentKeys.uncertain = true;
      },
    },
    chosen,
  );
  return {
    ...sent,
    index,
    sent: chosen.length,
    upserts: chosen.filter(({ document }) => document !== null).length,
    waiting: chosen.length < changes.length,
    replaced: [],
    rebuild,
    lostTarget,
    inFlight: isolated ? sent.accepted.flatMap(({ tasks }) => tasks) : null,
  };
}

/**
 * What goes alone to an isolated index: the smallest piece under suspicion, else everything that is not suspicious. Only
 * upserts or only removals, so that it is one task.
 */
export function choosePiece(changes: readonly Change[]): readonly Change[] {
  const pieceOf = ({ rows }: Change) => Math.max(...rows.map(({ piece }) => piece));
  const suspects = changes.map(pieceOf).filter((piece) => piece > 0);
  const smallest = suspects.length === 0 ? 0 : Math.min(...suspects);
  const group = changes.filter((change) => pieceOf(change) === smallest);
  const upserts = group.filter(({ document }) => document !== null);
  const one = upserts.length > 0 ? upserts : group;
  return smallest === 0 ? one : one.slice(0, smallest);
}

/** Fresh rows for what was sent without the certainty that nobody else sent too. */
async function payOwed({ source, owed, timing }: DrainSite): Promise<void> {
  while (owed.length > 0) {
    const { rows, uncertain } = owed[0]!;
    const byToken = new Map<string, DirtyKey[]>();
    for (const { id, entity, recordKey } of rows) {
      const token = tokenOf(id);
      const keys = byToken.get(token);
      if (keys === undefined) byToken.set(token, [{ entity, recordKey }]);
      else keys.push({ entity, recordKey });
    }
    const queryRunner = await source.aside('send');
    for (const [token, keys] of byToken) {
      const marks = await append(queryRunner.manager, keys, 'repair', token);
      // Nobody knows when the request that got no answer was sent.
      if (uncertain)
        await postpone(
          queryRunner,
          marks.map(({ id }) => id),
          timing.graceMs,
        );
    }
    owed.shift();
  }
}

const indexReplaced = (index: string) =>
  new ScrypathError({
    code: 'INDEX_REPLACED',
    index,
    happened: `The index "${index}" is not the one that was written to; nothing is sent to it.`,
    remedy: 'Its documents are gone or others: adopt it with adoptIndex(), and mark everything dirty.',
  });
