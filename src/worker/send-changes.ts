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
  readonly ids: readonly string[];
}

/** What came of sending changes to one index. */
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
}

/** Where and under which conditions changes are sent. */
export interface Destination {
  readonly backend: Backend;
  readonly index: string;
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

/** Sends one upsert and one removal. It rejects only where the shards were lost, or the sender shall die. */
export async function sendChanges(to: Destination, changes: readonly Change[]): Promise<Sent> {
  const marks: RowMark[] = [];
  const accepted: AcceptedBatch[] = [];
  const errors = new Map<string, unknown>();
  let outage = false;
  let suspicious = false;
  let uncertain = false;
  const signal = AbortSignal.timeout(to.requestMs);
  const options = (onAccepted: (task: TaskRef) => void): WriteOptions => ({
    signal,
    batch: crypto.randomUUID(),
    onAccepted,
  });
  const upserts = changes.filter(({ document }) => document !== null);
  const removals = changes.filter(({ document }) => document === null);
  const parts = [
    {
      of: upserts,
      send: (onAccepted: (task: TaskRef) => void) =>
        to.backend.upsert(
          to.index,
          upserts.map(({ document }) => document!),
          options(onAccepted),
        ),
    },
    {
      of: removals,
      send: (onAccepted: (task: TaskRef) => void) =>
        to.backend.remove(
          to.index,
          removals.map(({ key }) => key),
          options(onAccepted),
        ),
    },
  ].filter(({ of }) => of.length > 0);
  let failure: { readonly error: unknown } | null = null;
  for (const { of, send } of parts) {
    if (failure !== null) {
      // What was not even tried waits with what failed.
      marks.push({ kind: 'again', ids: idsOf(of), dueAt: to.claimedAt + to.pauseMs, errorClass: null });
      for (const id of idsOf(of)) errors.set(id, failure.error);
      continue;
    }
    await to.check();
    to.sending(of.flatMap(({ rows }) => rows));
    const { taken, rest, error } = await attempt(of, send);
    for (const group of taken) {
      const batch = acceptedBatch(
        to,
        group.tasks,
        idsOf(group.changes, (row) => row.unknownUntil <= to.claimedAt),
      );
      if (batch.ids.length > 0) {
        accepted.push(batch);
        marks.push({ kind: 'accepted', ids: batch.ids, tasks: batch.text });
      }
      marks.push(...sentTooEarly(to, group.changes));
    }
    if (rest.length === 0) continue;
    for (const id of idsOf(rest)) errors.set(id, error);
    const verdict = verdictOn(to, rest, error);
    marks.push(verdict.mark);
    suspicious ||= verdict.suspicious;
    outage ||= verdict.outage;
    uncertain ||= verdict.uncertain;
    if (verdict.outage) failure = { error };
  }
  return { marks, accepted, errors, outage, suspicious, uncertain };
}

const idsOf = (changes: readonly Change[], only: (row: Change['rows'][number]) => boolean = () => true): string[] =>
  changes.flatMap(({ rows }) => rows.filter(only).map(({ id }) => id));

function acceptedBatch(to: Destination, tasks: readonly TaskRef[], ids: readonly string[]): AcceptedBatch {
  const { index, entity, isolated, claimedAt } = to;
  const text = tasksText({ tasks, isolated, claimedAt });
  return { index, entity, tasks, isolated, claimedAt, ids, text };
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

async function attempt(
  changes: readonly Change[],
  send: (onAccepted: (task: TaskRef) => void) => Promise<readonly TaskRef[]>,
): Promise<Attempt> {
  const told: TaskRef[] = [];
  try {
    const tasks = await send((task) => told.push(task));
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
  if (ScrypathError.is(error, 'BACKEND_REJECTED') || ScrypathError.is(error, 'KEY_INVALID')) {
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
