import type { TaskRef } from '../backend/task.js';
import { type ErrorCode, ScrypathError } from '../errors/scrypath-error.js';
import type { Answer } from './transport.js';

/** What a request was for, as far as an error may name it. */
export interface RequestFacts {
  readonly method: string;
  /** The route, without names and ids. */
  readonly route: string;
  readonly index: string | null;
  readonly task?: TaskRef | undefined;
}

/**
 * The engine's own refusal: the `cause` of the `ScrypathError` that stands for it. `code` is the engine's, null where
 * the answer was no error of its protocol.
 */
export class EngineAnswerError extends Error {
  override readonly name = 'EngineAnswerError';

  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null,
    readonly type: string | null,
    /** Seconds to wait before the next try, where the engine said so. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }
}

/** The engine's body of a failed request or task. */
interface EngineError {
  readonly message: string;
  readonly code: string;
  readonly type: string;
}

const isEngineError = (body: unknown): body is EngineError =>
  typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';

/** Makes sense of an answer: the parsed body of a success, or the failure that the answer stands for. */
export function readAnswer(answer: Answer, request: RequestFacts, withoutSecrets: (text: string) => string): unknown {
  const body = parsed(answer.text);
  const succeeded = answer.status >= 200 && answer.status < 300;
  if (succeeded && body !== undefined) return body;
  throw refusalOf(answer, body, request, withoutSecrets);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(
  answer: Answer,
  body: unknown,
  request: RequestFacts,
  withoutSecrets: (text: string) => string,
): ScrypathError {
  const engine = isEngineError(body) ? body : null;
  const retryAfter = Number(answer.retryAfter ?? Number.NaN);
  const cause = new EngineAnswerError(
    withoutSecrets(engine === null ? strangeAnswer(answer) : String(engine.message)),
    answer.status,
    engine === null ? null : withoutSecrets(engine.code),
    engine === null ? null : withoutSecrets(String(engine.type)),
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
  const { code, happened, remedy } = verdictOn(cause, request);
  return new ScrypathError({
    code,
    happened: `${happened} (${shown(request)}, status ${cause.status}).`,
    remedy,
    ...named(request),
    cause,
  });
}

function shown({ method, route, index, task }: RequestFacts): string {
  const onIndex = index === null ? '' : ` on index "${index}"`;
  return `${method} ${route}${onIndex}${task === undefined ? '' : `, task ${task.id}`}`;
}

const named = ({ index, task }: RequestFacts) => ({
  index: index ?? undefined,
  task: task && { id: task.id, index: task.index },
});

const EMPTY = 'An empty body';

// The start of a foreign page says whose it is; more of it helps nobody.
function strangeAnswer({ status, text }: Answer): string {
  return text.trim() === '' ? EMPTY : `Status ${status}: ${text.trim().slice(0, 120)}`;
}

interface Verdict {
  readonly code: ErrorCode;
  readonly happened: string;
  readonly remedy: string;
}

function verdictOn(cause: EngineAnswerError, request: RequestFacts): Verdict {
  const { status, code } = cause;
  const said = code === null ? '' : `: ${code}`;
  if (status === 401 || status === 403) {
    return {
      code: 'BACKEND_FORBIDDEN',
      happened: `Meilisearch refused the credentials${said}`,
      remedy: 'Check the API key: its value, its expiry, and whether its actions and indexes cover this request.',
    };
  }
  if (code === 'index_not_found' && request.index !== null) {
    return {
      code: 'INDEX_NOT_FOUND',
      happened: `Index "${request.index}" does not exist in Meilisearch`,
      remedy: 'Create it first.',
    };
  }
  if (status === 408 || status === 429 || status === 503) {
    return {
      code: 'BACKEND_BUSY',
      happened: `Meilisearch is over its capacity${said}`,
      remedy: `Try again ${cause.retryAfterSeconds === null ? 'later' : `in ${cause.retryAfterSeconds} seconds`}.`,
    };
  }
  if (code === 'no_space_left_on_device') {
    return {
      code: 'BACKEND_BUSY',
      happened: `Meilisearch takes no more writes${said}`,
      remedy: 'Free disk space, or delete finished tasks, before the next try.',
    };
  }
  if (status === 413) {
    return {
      code: 'BACKEND_REJECTED',
      happened: `The request is larger than the server takes${said}`,
      remedy: 'Lower maxPayloadBytes, or raise the limit of Meilisearch (--http-payload-size-limit) or of the gateway.',
    };
  }
  const field = undeclaredField(cause);
  if (field !== null) {
    return {
      code: 'FIELD_NOT_DECLARED',
      happened: `Field "${field.name}" of index "${request.index}" is not ${field.use} in Meilisearch`,
      remedy: `Declare it ${field.use}, and apply the settings of the index.`,
    };
  }
  if (code === null) {
    return {
      code: 'BACKEND_BROKEN',
      happened: `The answer is not Meilisearch's: ${cause.message === EMPTY ? 'its body is empty' : 'its body is something else'}`,
      remedy: FOREIGN_REMEDY,
    };
  }
  if (status >= 400 && status < 500) {
    return {
      code: 'BACKEND_REJECTED',
      happened: `Meilisearch refused the request${said}`,
      remedy: 'What it said is the cause of this error.',
    };
  }
  return {
    code: 'BACKEND_BROKEN',
    happened: `Meilisearch failed inside${said}`,
    remedy: 'What it said is the cause of this error; its log may say more.',
  };
}

const FOREIGN_REMEDY = 'Check that host is the address of Meilisearch itself, and what stands between.';

const UNDECLARED = /(?:Attributes?|Pattern) `([^`]+)` (?:is|are) not (filterable|sortable)/;

/** The field that a search named without its being declared, or null where the refusal is about something else. */
function undeclaredField(cause: EngineAnswerError): { readonly name: string; readonly use: string } | null {
  if (cause.code === null || !/^invalid_(search|document)_(filter|sort|facets)$/.test(cause.code)) return null;
  const match = UNDECLARED.exec(cause.message);
  if (match === null) return null;
  return { name: match[1]!, use: match[2]! };
}

/** The success had a body, but not the one that the protocol promises. */
export const brokenAnswer = (request: RequestFacts, what: string): ScrypathError =>
  new ScrypathError({
    code: 'BACKEND_BROKEN',
    happened: `The answer is not Meilisearch's: ${what} (${shown(request)}).`,
    remedy: FOREIGN_REMEDY,
    ...named(request),
  });

export const timedOut = (request: RequestFacts, timeoutMs: number): ScrypathError =>
  new ScrypathError({
    code: 'BACKEND_TIMEOUT',
    happened: `Meilisearch did not answer within ${timeoutMs} ms (${shown(request)}).`,
    remedy: 'Whether it took the request is unknown. To wait longer, raise timeoutMs.',
    ...named(request),
  });

export const closed = (): ScrypathError =>
  new ScrypathError({
    code: 'CLOSED',
    happened: 'The Meilisearch backend is closed.',
    remedy: 'Make a new one with meilisearch().',
  });

/** The request under way was cut off: unlike a refused one it may have been taken, and has a cause that says so. */
export const closedUnderWay = (request: RequestFacts): ScrypathError =>
  new ScrypathError({
    code: 'CLOSED',
    happened: `The Meilisearch backend was closed before the answer came (${shown(request)}).`,
    remedy: 'Whether the request was taken is unknown.',
    ...named(request),
    cause: new Error('A request was under way.'),
  });

/** Failures before anything was sent: no connection, or none that can be trusted. After them the outcome is unknown. */
const NOTHING_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EPROTO|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|SELF_SIGNED_\w+|DEPTH_ZERO_\w+|UNABLE_TO_\w+|ERR_TLS_\w+|ERR_SSL_\w+)$/;

/** Where the failed request only asked how a task has ended. */
const ACCEPTED = 'The task was accepted before; its outcome is not known.';

/** A route may be lost under a connection that stands: then the failure is of a read or a write. */
const lostOnTheWay = (code: string, syscall: string | undefined): boolean =>
  code !== 'EPROTO' && (syscall === 'read' || syscall === 'write');

interface NetworkError {
  readonly code?: string;
  readonly syscall?: string;
  readonly cause?: unknown;
}

/** A failure below HTTP, named by the code of Node or of undici. */
export function networkFailure(error: unknown, host: URL, request: RequestFacts): ScrypathError {
  // fetch says "fetch failed" and has the reason as its cause.
  const { code: own, cause } = error as NetworkError;
  const reason = own === undefined && cause !== undefined ? cause : error;
  const { code = 'no code', syscall } = reason as NetworkError;
  const facts = `(${code}; ${shown(request)})`;
  if (syscall === 'connect' || (NOTHING_SENT.test(code) && !lostOnTheWay(code, syscall))) {
    return new ScrypathError({
      code: 'BACKEND_UNREACHABLE',
      happened: `Meilisearch cannot be reached at ${host.origin} ${facts}.`,
      remedy: `${request.task ? ACCEPTED : 'Nothing was sent.'} Check that the server runs and that host is right.`,
      ...named(request),
      cause: reason,
    });
  }
  return new ScrypathError({
    code: 'BACKEND_BROKEN',
    happened: `The connection to ${host.origin} broke before the answer was whole ${facts}.`,
    remedy: request.task ? ACCEPTED : 'Whether the request was taken is unknown.',
    ...named(request),
    cause: reason,
  });
}
