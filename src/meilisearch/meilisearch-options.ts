import type { BaseRequestInit } from 'meilisearch';
import { ScrypathError } from '../errors/scrypath-error.js';

/** Milliseconds between two looks at a pending task. The interval grows from `first` to `longest`. */
export interface PollIntervals {
  /** Default 5: a task of one document on a small index ends within 10 to 20 ms. */
  readonly first?: number;
  /** Default 250. */
  readonly longest?: number;
}

export interface MeilisearchOptions {
  /** Where the server listens, with its scheme: `http://localhost:7700`. A path prefix is kept. */
  readonly host: string;
  /** An API key or the master key. Left out or empty: no credentials are sent. */
  readonly apiKey?: string | undefined;
  /** Milliseconds for one request, its whole answer included; default 30 000. */
  readonly timeoutMs?: number;
  readonly pollMs?: PollIntervals;
  /**
   * Whether the engine may compress its answers; default false. Against a server nearby compression makes a search many
   * times slower (the compressed answer leaves in small writes that wait for each other); it pays on slow networks.
   */
  readonly compression?: boolean;
  /** Bytes of one request body; default 64 MB (64 000 000), at most 95 MB. Larger batches become several tasks. */
  readonly maxPayloadBytes?: number;
  /**
   * Given to every request. `headers` are added to our own. With any other member (a `dispatcher` for a proxy, say)
   * requests go through the global `fetch` instead of `node:http`, which is slower by half a millisecond or more.
   */
  readonly requestInit?: BaseRequestInit;
}

export interface ResolvedMeilisearchOptions {
  readonly host: URL;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly pollMs: Required<PollIntervals>;
  readonly compression: boolean;
  readonly maxPayloadBytes: number;
  readonly requestInit: BaseRequestInit;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const LARGEST_PAYLOAD_BYTES = 95_000_000;

/** Every problem in one `OPTION_INVALID`. No value of a secret option is repeated in it. */
export function resolveMeilisearchOptions(given: MeilisearchOptions): ResolvedMeilisearchOptions {
  const {
    host,
    apiKey,
    timeoutMs = 30_000,
    pollMs = {},
    compression = false,
    maxPayloadBytes = 64_000_000,
    requestInit = {},
    ...unknown
  } = given ?? {};
  const problems = Object.keys(unknown).map((name) => `${name} is not an option`);
  const url = hostUrl(host, problems);
  if (apiKey !== undefined && !(typeof apiKey === 'string' && /^[\x21-\x7e]*$/.test(apiKey))) {
    problems.push('apiKey is no text of visible ASCII characters');
  }
  const { first = 5, longest = 250, ...unknownPoll } = pollMs;
  problems.push(...Object.keys(unknownPoll).map((name) => `pollMs.${name} is not an option`));
  for (const [name, value] of Object.entries({ timeoutMs, 'pollMs.first': first, 'pollMs.longest': longest })) {
    if (!(typeof value === 'number' && value > 0 && value <= LONGEST_TIMER_MS)) {
      problems.push(`${name} is ${String(value)}; give milliseconds above 0, at most ${LONGEST_TIMER_MS}`);
    }
  }
  if (longest < first) problems.push(`pollMs.longest (${longest}) is below pollMs.first (${first})`);
  if (typeof compression !== 'boolean') problems.push(`compression is ${String(compression)}; give true or false`);
  if (!(Number.isSafeInteger(maxPayloadBytes) && maxPayloadBytes >= 1 && maxPayloadBytes <= LARGEST_PAYLOAD_BYTES)) {
    problems.push(`maxPayloadBytes is ${String(maxPayloadBytes)}; give whole bytes from 1 to ${LARGEST_PAYLOAD_BYTES}`);
  }
  checkRequestInit(requestInit, problems);
  if (problems.length > 0 || url === null) {
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of meilisearch() are not valid: ${problems.join('; ')}.`,
      problems,
    });
  }
  return Object.freeze({
    host: url,
    apiKey: apiKey === '' ? undefined : apiKey,
    timeoutMs,
    pollMs: Object.freeze({ first, longest }),
    compression,
    maxPayloadBytes,
    requestInit: Object.freeze({ ...requestInit }),
  });
}

function hostUrl(host: unknown, problems: string[]): URL | null {
  const url = typeof host === 'string' && /^https?:\/\//i.test(host) && URL.canParse(host) ? new URL(host) : null;
  if (url === null) {
    problems.push('host is no URL that begins with http:// or https://');
  } else if (url.username !== '' || url.password !== '') {
    problems.push('host holds credentials; give an apiKey, or an authorization header in requestInit.headers');
  } else if (url.search !== '' || url.hash !== '') {
    problems.push('host has a query or a fragment; give scheme, name, port and at most a path');
  }
  return url;
}

function checkRequestInit(requestInit: unknown, problems: string[]): void {
  if (typeof requestInit !== 'object' || requestInit === null) {
    problems.push('requestInit is no object');
    return;
  }
  for (const name of ['signal', 'method', 'body']) {
    if (name in requestInit) problems.push(`requestInit.${name} is not an option; each call sets its own`);
  }
  try {
    new Headers((requestInit as BaseRequestInit).headers);
  } catch {
    // The original error repeats the header's value, which may be a credential.
    problems.push('requestInit.headers holds a name or a value that cannot be an HTTP header');
  }
}
