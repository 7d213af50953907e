import type { Backend, WriteOptions } from '../backend/backend.js';
import { mayHaveBeenTaken } from '../backend/may-have-been-taken.js';
import type { TaskRef } from '../backend/task.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { tasksText } from './accepted-tasks.js';
import type { DirtyRow } from './dirty-row.js';
import { codeOf, errorClass, isCrash } from './failure.js';
import type { Change } from './read-changes.js';
import type { RowMark } from './row-marks.js';

/** Rows that wait for the same tasks. */
export interface AcceptedBatch {
  readonly index: string;
  readonly entity: string;
  /** As the rows keep it. */
  readonly text: string;
  readonly tasks: readonly TaskRef[];
  readonly isolated: boolean;
  readonly claimedAt: number;
  /** The rebuild whose target was written too, or null. */
  readonly rebuild: string | null;
  readonly ids: readonly string[];
  /** How many documents the rows are for; several may be of one. Not known of what was taken over from another sender. */
  readonly documents?: number;
}

/** The index of a rebuild that is written beside the live one. */
export interface Target {
  readonly index: string;
  readonly rebuild: string;
}

/** What came of sending changes to an index, and to the target beside it. */
export interface Sent {
  readonly marks: readonly RowMark[];
  readonly accepted: readonly AcceptedBatch[];
  /** Why rows were not accepted. */
  readonly errors: ReadonlyMap<string, unknown>;
  /** Whether the engine did not answer, or takes nothing from us: other batches would fare no better. */
  readonly outage: boolean;
  /** Whether a request got no answer and may still arrive. */
  readonly uncertain: boolean;
  /** Whether the engine refused what may be one document among good ones. */
  readonly suspicious: boolean;
  /** Keys that the live index has accepted and the target refused. */
  readonly owed: readonly string[];
}

/** Where and under which conditions changes are sent. */
export interface Destination {
  readonly backend: Backend;
  readonly index: string;
  /** Written behind `index`, with what that has accepted; null where no rebuild is under way. */
  readonly target: Target | null;
  readonly entity: string;
  readonly isolated: boolean;
  readonly claimedAt: number;
  readonly unknownUntil: number;
  readonly requestMs: number;
  /** How long to wait before the next try of what was certainly not taken, in milliseconds. */
  readonly pauseMs: number;
  /** Rejects where the shards are not held any more. */
  readonly check: () => Promise<void>;
  /** Told of the rows of each request before it is sent. */
  readonly sending: (rows: readonly DirtyRow[]) => void;
}

/**
 * Sends one upsert and one removal, each to the index and then to the target. It rejects only where the shards were lost,
 * or the sender shall die.
 */
export async function sendChanges(to: Destination, changes: readonly Change[]): Promise<Sent> {
  const marks: RowMark[] = [];
  const accepted: AcceptedBatch[] = [];
  const errors = new Map<string, unknown>();
  const owed: string[] = [];
  let outage = false;
  let suspicious = false;
  let uncertain = false;
  let failure: { readonly error: unknown } | null = null;

  const refused = (rest: readonly Change[], error: unknown) => {
    if (rest.length === 0) return;
    for (const id of idsOf(rest)) errors.set(id, error);
    const verdict = verdictOn(to, rest, error);
    marks.push(verdict.mark);
    suspicious ||= verdict.suspicious;
    outage ||= verdict.outage;
    uncertain ||= verdict.uncertain;
    if (verdict.outage) failure = { error };
  };
  const taken = (tasks: readonly TaskRef[], some: readonly Change[]) => {
    const counts = (row: DirtyRow) => row.unknownUntil <= to.claimedAt;
    const documents = some.filter(({ rows }) => rows.some(counts)).length;
    const batch = { ...acceptedBatch(to, tasks, idsOf(some, counts)), documents };
    if (batch.ids.length > 0) {
      accepted.push(batch);
      marks.push({ kind: 'accepted', ids: batch.ids, tasks: batch.text });
    }
    marks.push(...sentTooEarly(to, some));
  };

  for (const part of partsOf(changes)) {
    if (failure !== null) {
      // What was not even tried waits with what failed.
      const { error } = failure as { readonly error: unknown };
      marks.push({ kind: 'again', ids: idsOf(part), dueAt: to.claimedAt + to.pauseMs, errorClass: null });
      for (const id of idsOf(part)) errors.set(id, error);
      continue;
    }
    const first = await attempt(to, to.index, part);
    refused(first.rest, first.error);
    for (const { tasks, changes: some } of first.taken) {
      const second = to.target === null ? NOT_TRIED : await attempt(to, to.target.index, some);
      if (to.target === null) taken(tasks, some);
      for (const beside of second.taken) taken([...tasks, ...beside.tasks], beside.changes);
      if (isRefusal(second.error)) {
        // Good enough for the live index, and no reason to keep it from there.
        taken(tasks, second.rest);
        owed.push(...second.rest.flatMap(({ rows }) => rows.map(({ recordKey }) => recordKey)));
      } else refused(second.rest, second.error);
    }
  }
  return { marks, accepted, errors, outage, suspicious, uncertain, owed };
}

/** Upserts and removals are requests of their own. */
const partsOf = (changes: readonly Change[]): readonly (readonly Change[])[] =>
  [changes.filter(({ document }) => document !== null), changes.filter(({ document }) => document === null)].filter(
    (part) => part.length > 0,
  );

const idsOf = (changes: readonly Change[], only: (row: Change['rows'][number]) => boolean = () => true): string[] =>
  changes.flatMap(({ rows }) => rows.filter(only).map(({ id }) => id));

function acceptedBatch(to: Destination, tasks: readonly TaskRef[], ids: readonly string[]): AcceptedBatch {
  const { index, entity, isolated, claimedAt } = to;
  const rebuild = to.target?.rebuild ?? null;
  const text = tasksText({ tasks, isolated, claimedAt, rebuild });
  return { index, entity, tasks, isolated, claimedAt, rebuild, ids, text };
}

/** Rows for which something older may still arrive behind what was sent now: they are sent once more after that. */
function sentTooEarly(to: Destination, changes: readonly Change[]): RowMark[] {
  const byTime = new Map<number, string[]>();
  for (const { rows } of changes)
    for (const { id, unknownUntil } of rows)
      if (unknownUntil > to.claimedAt) byTime.set(unknownUntil, [...(byTime.get(unknownUntil) ?? []), id]);
  return [...byTime].map(([dueAt, ids]) => ({ kind: 'again', ids, dueAt, errorClass: errorClass('unknown') }));
}

interface Attempt {
  readonly taken: readonly { readonly tasks: readonly TaskRef[]; readonly changes: readonly Change[] }[];
  /** What was not accepted, and why. */
  readonly rest: readonly Change[];
  readonly error: unknown;
}

const NOT_TRIED: Attempt = { taken: [], rest: [], error: undefined };

/** One request: upserts or removals, never both. */
async function attempt(to: Destination, index: string, changes: readonly Change[]): Promise<Attempt> {
  await to.check();
  to.sending(changes.flatMap(({ rows }) => rows));
  const told: TaskRef[] = [];
  const options: WriteOptions = {
    signal: AbortSignal.timeout(to.requestMs),
    batch: crypto.randomUUID(),
    onAccepted: (task) => told.push(task),
  };
  try {
    const documents = changes.flatMap(({ document }) => document ?? []);
    const tasks =
      documents.length > 0
        ? await to.backend.upsert(index, documents, options)
        : await to.backend.remove(
            index,
            changes.map(({ key }) => key),
            options,
          );
    if (tasks.some(({ count }) => count === undefined))
      return { taken: [{ tasks, changes }], rest: [], error: undefined };
    return { ...dealt(changes, tasks), error: undefined };
  } catch (error) {
    // A process that is told to die must not go on to its marks.
    if (isCrash(error)) throw error;
    return { ...dealt(changes, told), error };
  }
}

/** The tasks of one call hold its changes in order, each as many as its count. */
function dealt(changes: readonly Change[], tasks: readonly TaskRef[]): Pick<Attempt, 'taken' | 'rest'> {
  const taken: Attempt['taken'][number][] = [];
  let start = 0;
  for (const task of tasks) {
    const end = start + (task.count ?? 0);
    taken.push({ tasks: [task], changes: changes.slice(start, end) });
    start = end;
  }
  return { taken, rest: changes.slice(start) };
}

interface Verdict {
  readonly mark: RowMark;
  readonly outage: boolean;
  readonly suspicious: boolean;
  readonly uncertain: boolean;
}

function verdictOn(to: Destination, rest: readonly Change[], error: unknown): Verdict {
  const ids = idsOf(rest);
  const code = codeOf(error);
  if (mayHaveBeenTaken(error)) {
    const { unknownUntil } = to;
    const mark: RowMark = {
      kind: 'again',
      ids,
      dueAt: unknownUntil,
      unknownUntil,
      errorClass: errorClass('transport', code),
    };
    return { mark, outage: true, suspicious: false, uncertain: true };
  }
  if (isRefusal(error)) {
    if (to.isolated && rest.length === 1)
      return {
        mark: { kind: 'discarded', ids, errorClass: errorClass('backend_rejected', code) },
        outage: false,
        suspicious: false,
        uncertain: false,
      };
    const piece = Math.ceil(rest.length / 2);
    const mark: RowMark = { kind: 'again', ids, dueAt: 0, piece, errorClass: errorClass('backend_rejected', code) };
    return { mark, outage: false, suspicious: true, uncertain: false };
  }
  const mark: RowMark = {
    kind: 'again',
    ids,
    dueAt: to.claimedAt + to.pauseMs,
    errorClass: errorClass('transport', code),
  };
  return { mark, outage: true, suspicious: false, uncertain: false };
}

/** The engine refused what was sent, whoever sends it and whenever. */
const isRefusal = (error: unknown): boolean =>
  ScrypathError.is(error, 'BACKEND_REJECTED') || ScrypathError.is(error, 'KEY_INVALID');
