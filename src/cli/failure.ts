import type { DataSource } from 'typeorm';
import { type CliCode, CliError } from './cli-error.js';
import type { Hide } from './secrets.js';

/** What went wrong, as a person is told and as `--json` prints it. */
export interface Failure {
  /** Of the verb, or of the CLI itself. */
  readonly code: string;
  /** One sentence. */
  readonly happened: string;
  /** One sentence. */
  readonly remedy: string;
  readonly entity?: string;
  readonly index?: string;
  readonly task?: { readonly id: number; readonly index: string };
  /** Every mistake, where there are several. */
  readonly problems?: readonly string[];
  /** Keys of documents that differ. */
  readonly keys?: readonly string[];
  /** What exists, where something was named that does not. */
  readonly known?: readonly string[];
}

/** What a person at a shell does, where a verb's own remedy is for a program. */
const REMEDIES: Readonly<Record<string, string>> = {
  INDEX_NOT_FOUND: 'Make the index with scrypath prepare, or a whole one with scrypath reindex.',
  INDEX_REPLACED: 'Build a new one with scrypath reindex.',
  OUTBOX_MISSING: 'Run the migration that scrypath migration:generate makes.',
  TRIGGERS_MISSING: 'Run the migration that scrypath triggers:generate makes.',
  SETTINGS_REFUSED:
    'See the problems: name a setting in --reindex-in-place, or build a new index with scrypath reindex.',
  SETTINGS_UNREADABLE: 'Declare them, or give them up with --drop-foreign.',
  REBUILD_RUNNING:
    'Look with scrypath status, then go on with scrypath resume, or end it with scrypath finish or abandon.',
  REBUILD_STATE:
    'What was begun goes on with scrypath resume or ends with abandon; what is ready with cutover or abandon; what is kept with finish or rollback.',
  BACKFILL_RUNNING: 'Wait for its end; of one that was killed, some 15 seconds.',
  WORK_DISCARDED: 'Look at the reasons with scrypath failed.',
  WORK_TIMEOUT: 'The work is durable and goes on: look with scrypath status.',
};

/** @param hide takes secrets out of every text */
export function failureOf(error: unknown, hide: Hide): Failure {
  const failure = unhidden(error);
  return JSON.parse(JSON.stringify(failure, (_, value: unknown) => (typeof value === 'string' ? hide(value) : value)));
}

function unhidden(error: unknown): Failure {
  if (error instanceof CliError) {
    const { code, happened, remedy, known } = error;
    return { code, happened, remedy, ...(known.length > 0 && { known }) };
  }
  if (isOfVerb(error)) return ofVerb(error);
  return ofDatabase(error) ?? unexpected(error);
}

interface VerbError extends Error {
  readonly code: string;
  readonly remedy?: string;
  readonly entity?: string;
  readonly index?: string;
  readonly task?: { readonly id: number; readonly index: string };
  readonly problems?: readonly string[];
  readonly keys?: readonly string[];
}

// By its mark: the configuration may have loaded another copy of the package.
export const isOfVerb = (error: unknown): error is VerbError =>
  error instanceof Error && Symbol.for('scrypath:error') in error;

function ofVerb({ code, message, remedy, entity, index, task, problems = [], keys = [] }: VerbError): Failure {
  return {
    code,
    happened: remedy && message.endsWith(` ${remedy}`) ? message.slice(0, -remedy.length - 1) : message,
    remedy: REMEDIES[code] ?? remedy ?? 'Correct what it names.',
    ...(entity && { entity }),
    ...(index && { index }),
    ...(task && { task: { id: task.id, index: task.index } }),
    ...(problems.length > 0 && { problems }),
    ...(keys.length > 0 && { keys }),
  };
}

const UNREACHABLE =
  /^(?:ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ECONNRESET|EPIPE|57P03|PROTOCOL_CONNECTION_LOST|SQLITE_CANTOPEN\w*)$/;
const REFUSED = /^(?:28000|28P01|3D000|42501|ER_ACCESS_DENIED_ERROR|ER_DBACCESS_DENIED_ERROR|ER_BAD_DB_ERROR)$/;
const NO_TABLE = /^(?:42P01|ER_NO_SUCH_TABLE)$/;

type DatabaseFailure = Failure & { readonly code: CliCode };

/**
 * What a driver says of the database; null where the error is none of it. The driver's words may hold data.
 * @param address where it is, where that is known
 */
export function ofDatabase(error: unknown, address?: string): DatabaseFailure | null {
  const code = codeOf(error);
  const database = address === undefined ? 'The database' : `The database (${address})`;
  if (NO_TABLE.test(code) || isNoTable(error))
    return {
      code: 'TABLES_MISSING',
      happened: 'A table is missing in the database.',
      remedy: 'Run your migrations; that of the outbox is made by scrypath migration:generate.',
    };
  if (UNREACHABLE.test(code))
    return {
      code: 'DATABASE_UNREACHABLE',
      happened: `${database} cannot be reached (${code}).`,
      remedy: 'Check that it runs, and the address in the DataSource.',
    };
  if (REFUSED.test(code))
    return {
      code: 'DATABASE_REFUSED',
      happened: `${database} refuses the connection (${code}).`,
      remedy: 'Check user, password and name of the database in the DataSource.',
    };
  if (error instanceof Error && error.name === 'QueryFailedError')
    return {
      code: 'DATABASE_FAILED',
      happened: `${database} refused a statement${code === '' ? '' : ` (${code})`}.`,
      remedy: 'Run your migrations, and look with scrypath doctor; --debug shows where.',
    };
  return null;
}

const isNoTable = (error: unknown): boolean =>
  error instanceof Error && /^(?:SqliteError: |QueryFailedError: )?no such table: /.test(error.message);

/** The driver's own code: of the error, of what it stands for, or of the first of several. */
function codeOf(error: unknown, depth = 3): string {
  if (typeof error !== 'object' || error === null || depth === 0) return '';
  const { code, errors, driverError, cause } = error as Record<string, unknown>;
  if (typeof code === 'string' && code !== '') return code;
  const [first] = Array.isArray(errors) ? errors : [];
  return codeOf(first, depth - 1) || codeOf(driverError, depth - 1) || codeOf(cause, depth - 1);
}

/** An error that nobody has made for people: its class and its first line, which has no code of a file in it. */
function unexpected(error: unknown): Failure {
  return {
    code: 'UNEXPECTED',
    happened: `Something failed that the CLI does not know: ${firstLine(error)}.`,
    remedy: 'Look at where it comes from with --debug.',
  };
}

/** Class and first line of an error; what follows may quote a source text. */
export function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return 'an error that is no Error';
  const [line = ''] = error.message.split('\n');
  return `${error.name}: ${line}`.replace(/[:.\s]+$/, '').slice(0, 500);
}

/** The places of an error and of its causes: no line of any source text, and nothing hidden. */
export function stackOf(error: unknown, hide: Hide, depth = 5): readonly string[] {
  if (!(error instanceof Error) || depth === 0) return [];
  const places = (error.stack ?? '').split('\n').filter((text) => /^\s+at /.test(text));
  const cause = error.cause === undefined ? [] : stackOf(error.cause, hide, depth - 1);
  return [hide(firstLine(error)), ...places.map(hide), ...(cause.length > 0 ? ['caused by', ...cause] : [])];
}

/** Where a DataSource connects to, without who and by what password. */
export function addressOf({ options }: DataSource): string {
  const { type, url, host, port, database } = options as unknown as Record<string, unknown>;
  if (typeof url === 'string' && URL.canParse(url)) return `${type} at ${new URL(url).host}`;
  if (typeof host === 'string') return `${type} at ${host}${port === undefined ? '' : `:${port}`}`;
  return typeof database === 'string' ? `${type} ${JSON.stringify(database)}` : String(type);
}
