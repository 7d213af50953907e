import { Inject, Injectable } from '@nestjs/common';
import { type Observed, ScrypathError, type Status } from '../index.js';
import { Instances } from './instances.js';
import { DEFAULT_NAME } from './tokens.js';

export interface HealthOptions {
  /** The name of the DataSource; default `default`. */
  readonly name?: string;
  /** How long the oldest change may have waited for the engine, in milliseconds; default: any time. */
  readonly maxLagMs?: number;
  /** Longest wait for the engine and the database, in milliseconds; default 3 000. */
  readonly timeoutMs?: number;
}

/** What is known of an instance, in the form of `@nestjs/terminus`. What was not observed is null. */
export interface SearchHealth {
  readonly status: 'up' | 'down';
  readonly engine: string;
  /** How long the oldest change has waited for the engine, in milliseconds; null where none waits, or no outbox is there. */
  readonly lagMs: number | null;
  /** Pieces of work that were given up. */
  readonly discarded: number | null;
  /** Tasks that the engine has accepted and not ended. */
  readonly engineQueue: number | null;
  /** Why it is down. */
  readonly why?: readonly string[];
}

const TIMEOUT_MS = 3_000;

/**
 * Says whether engine and outbox answer, and how far the index is behind. It counts no rows, and changes nothing. What could
 * not be observed is down. Its result is what a health check of `@nestjs/terminus` takes; that package is not needed.
 * @example
 * const check = () => health.check([() => indicator.isHealthy('search', { maxLagMs: 60_000 })]);
 */
@Injectable()
export class ScrypathHealthIndicator {
  constructor(@Inject(Instances) private readonly instances: Instances) {}

  /**
   * Never rejects for an engine or a database that is away: it is down.
   * @throws ScrypathError `OPTION_INVALID` where no instance has the name
   */
  async isHealthy<const K extends string>(key: K, options: HealthOptions = {}): Promise<Record<K, SearchHealth>> {
    const { name = DEFAULT_NAME, maxLagMs = Number.POSITIVE_INFINITY, timeoutMs = TIMEOUT_MS } = options;
    const instance = this.instances.get(name);
    if (instance === null)
      throw new ScrypathError({
        code: 'OPTION_INVALID',
        happened: `No ScrypathModule has made an instance of the name "${name}".`,
        remedy: 'Give the name of a DataSource that ScrypathModule.forRoot was given.',
      });
    const { scrypath, backend } = instance;
    const look = (signal: AbortSignal) =>
      // An engine that does not tell what waits in it is asked for its documents.
      scrypath.status({ signal, count: backend.backlog === undefined });
    const status = await within(timeoutMs, look);
    const health =
      typeof status === 'string'
        ? unknown(backend.name, status)
        : healthOf(status, { maxLagMs, hasOutbox: scrypath.hasOutbox, counted: backend.backlog === undefined });
    return { [key]: health } as Record<K, SearchHealth>;
  }
}

const unknown = (engine: string, why: string): SearchHealth =>
  Object.freeze({ status: 'down', engine, lagMs: null, discarded: null, engineQueue: null, why: [why] });

/** What was looked at; or why it was not, in words. */
async function within(ms: number, look: (signal: AbortSignal) => Promise<Status>): Promise<Status | string> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      over.abort();
      resolve(`Engine and database had not answered after ${ms} ms.`);
    }, ms);
  });
  try {
    return await Promise.race([late, look(over.signal).catch(reasonOf)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Messages of others may hold anything, and a health check is often public. */
const reasonOf = (error: unknown): string =>
  ScrypathError.is(error) ? `${error.code}: ${error.message}` : 'The status could not be read.';

interface Judged {
  readonly maxLagMs: number;
  readonly hasOutbox: boolean;
  /** Whether documents were counted. */
  readonly counted: boolean;
}

export function healthOf(status: Status, { maxLagMs, hasOutbox, counted }: Judged): SearchHealth {
  const { engine, engineQueue, entities } = status;
  const asked: Observed<unknown>[] = counted ? entities.map(({ documents }) => documents) : [engineQueue];
  if (hasOutbox) for (const { backlog, oldestWaitingMs } of entities) asked.push(backlog, oldestWaitingMs);
  const why = new Set(asked.flatMap((figure) => (figure.observed ? [] : [figure.why])));
  const lags = entities.flatMap(({ oldestWaitingMs: lag }) => (lag.observed && lag.value !== null ? [lag.value] : []));
  const lagMs = lags.length > 0 ? Math.max(...lags) : null;
  if (lagMs !== null && lagMs > maxLagMs)
    why.add(`The oldest change has waited for ${lagMs} ms, allowed are ${maxLagMs}.`);
  const backlogs = entities.flatMap(({ backlog }) => (backlog.observed ? [backlog.value] : []));
  return Object.freeze({
    status: why.size === 0 ? 'up' : 'down',
    engine,
    lagMs,
    discarded: backlogs.length > 0 ? backlogs.reduce((sum, { discarded }) => sum + discarded, 0) : null,
    engineQueue: engineQueue.observed ? engineQueue.value : null,
    ...(why.size > 0 && { why: Object.freeze([...why]) }),
  });
}
