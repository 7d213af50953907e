/**
 * Every way in which Scrypath refuses or fails, for programs. A code keeps its meaning between versions; the sentences
 * of a message do not.
 */
export const ERROR_CODES = [
  /** An option is unknown or has a value that it cannot have. */
  'OPTION_INVALID',
  /** A declaration (decorator, `describe`) does not fit the entity; `problems` lists every mistake. */
  'DECLARATION_INVALID',
  /** The entity has no search declaration, or the DataSource does not know it. */
  'ENTITY_UNKNOWN',
  /** The DataSource is not initialized yet. */
  'DATA_SOURCE_NOT_READY',
  /** A package that this door needs is not installed. */
  'PEER_MISSING',
  /** A record or key has no value for a primary key field. */
  'KEY_MISSING',
  /** A primary key or a document key cannot be encoded or decoded. */
  'KEY_INVALID',
  /** A record cannot become a document: a missing field, a hook that returns no plain object, a changed key. */
  'PROJECTION_FAILED',
  /** The projection needs a relation that is not loaded on the record. */
  'RELATION_NOT_LOADED',
  /** A query is not valid; nothing was sent. */
  'QUERY_INVALID',
  /** A filter, sort or facet names a field that is not declared for it; nothing was sent. */
  'FIELD_NOT_DECLARED',
  /** `inline` or `manual` sync inside an open database transaction; nothing was sent. */
  'SYNC_IN_TRANSACTION',
  /** The engine finished the task with an error. */
  'TASK_FAILED',
  /** The task was canceled in the engine. */
  'TASK_CANCELED',
  /** The task had not ended within the time-out; it may yet complete. */
  'TASK_TIMEOUT',
  /** The engine does not know the task (any more): its outcome cannot be known. */
  'TASK_UNKNOWN',
  /** The engine cannot be reached. */
  'BACKEND_UNREACHABLE',
  /** The engine did not answer within the time-out; whether it took the request is unknown. */
  'BACKEND_TIMEOUT',
  /** The engine refused the credentials, or they lack a permission. */
  'BACKEND_FORBIDDEN',
  /** The engine refused the request. */
  'BACKEND_REJECTED',
  /** The engine is over its capacity and asks to come back later. */
  'BACKEND_BUSY',
  /** The engine failed inside, or its answer is not what its protocol says. */
  'BACKEND_BROKEN',
  /** The index does not exist. */
  'INDEX_NOT_FOUND',
  /** Settings were not applied to a live index: they cost more than was allowed; `problems` says which. Nothing was sent. */
  'SETTINGS_REFUSED',
  /** A setting made elsewhere cannot be carried over to a new index: the engine does not show all of it. */
  'SETTINGS_UNREADABLE',
  /** The name cannot be the name of an index. */
  'INDEX_NAME_INVALID',
  /** The tables of the outbox are missing, or the DataSource does not know them. */
  'OUTBOX_MISSING',
  /** The outbox was made with another number of shards than configured, or its tables contradict each other. */
  'OUTBOX_MISMATCH',
  /** The index is not the one that was written to before: dropped, created anew or restored behind our back. */
  'INDEX_REPLACED',
  /** The wait was over before the work was done; it is durable and goes on. */
  'WORK_TIMEOUT',
  /** The database ended the connection under which all sending was held up for a step; of that step nothing was written, or all. */
  'HOLD_LOST',
  /** The work was given up after its reason was written down; `failedWork()` lists it. */
  'WORK_DISCARDED',
  /** Another backfill into the same live index is under way. */
  'BACKFILL_RUNNING',
  /** Another rebuild of the entity has not come to its end; the message says whose it is and since when. */
  'REBUILD_RUNNING',
  /** A rebuild is not in a state in which it can do what it was asked to. */
  'REBUILD_STATE',
  /** The index that was built differs from the database, or its settings from the declared ones: it does not become live. */
  'REBUILD_DIFFERS',
  /** `reconcile({ apply })` names an action that is not recommended now; nothing was done. */
  'ACTION_NOT_OFFERED',
  /** Database triggers that capture needs are missing, or not those of the declarations. */
  'TRIGGERS_MISSING',
  /** The service is closed. */
  'CLOSED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What a {@link ScrypathError} is made of; `happened` and `remedy` are sentences for a person. */
export interface ErrorFacts {
  readonly code: ErrorCode;
  readonly happened: string;
  readonly remedy?: string;
  /** The name of the entity concerned. */
  readonly entity?: string | undefined;
  /** The name of the index concerned. */
  readonly index?: string | undefined;
  /** The task concerned. */
  readonly task?: { readonly id: number; readonly index: string } | undefined;
  /** Every mistake, where one error reports several. */
  readonly problems?: readonly string[];
  readonly cause?: unknown;
}

const BRAND = Symbol.for('scrypath:error');

/**
 * The one error class of this package: a stable `code`, what happened, what to do about it, and the original `cause`.
 * The text holds no key, no credential and no document.
 * @example
 * try {
 *   await movies.syncRecord(movie);
 * } catch (error) {
 *   if (!ScrypathError.is(error, 'TASK_TIMEOUT')) throw error;
 * }
 */
export class ScrypathError extends Error {
  static {
    // On the prototype, so that it stands at the head of the stack too.
    hide(ScrypathError.prototype, 'name', 'ScrypathError');
  }

  readonly code: ErrorCode;
  // Declared only, so that a printed error shows the members that it has and no others.
  declare readonly remedy?: string;
  declare readonly entity?: string;
  declare readonly index?: string;
  declare readonly task?: { readonly id: number; readonly index: string };
  /** Of `REBUILD_DIFFERS`: keys of documents that differ, up to 1,000. */
  declare readonly keys?: readonly string[];
  declare readonly problems: readonly string[];

  constructor(facts: ErrorFacts) {
    const { code, happened, remedy, cause, problems = [], ...about } = facts;
    super(remedy ? `${happened} ${remedy}` : happened, cause === undefined ? undefined : { cause });
    this.code = code;
    for (const [name, value] of Object.entries({ remedy, ...about })) if (value) Object.assign(this, { [name]: value });
    hide(this, 'problems', Object.freeze([...problems]));
    hide(this, BRAND, true);
  }

  /** Whether `error` is a ScrypathError, of this `code` where one is given. Holds between two copies of the package. */
  static is(error: unknown, code?: ErrorCode): error is ScrypathError {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
    return code === undefined || ('code' in error && error.code === code);
  }
}

/** Keeps a member out of what is printed: the message tells it already. */
function hide(error: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(error, name, { value });
}
