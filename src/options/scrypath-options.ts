import type { DataSource } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { EntityClass } from '../metadata/declaration.js';
import { hasMembers, isPlainObject, kindOf } from '../metadata/given.js';
import type { DescribedEntity } from '../metadata/metadata-registry.js';
import { SYNC_MODES, type SyncMode } from '../metadata/sync-mode.js';
import type { WorkQueue } from '../queue/work-queue.js';
import type { Logger } from '../telemetry/logger.js';
import { isMilliseconds, MILLISECONDS } from '../worker/timing.js';
import { type InstanceOutboxOptions, type ResolvedOutbox, resolveOutbox } from './outbox-options.js';

/**
 * How writes reach the verbs. `none`: only by calls of yours. `orm`: what goes through TypeORM is captured; with an outbox
 * every write of it, in its own transaction, else `save`, `remove`, `softRemove` and `recover` after their commit.
 * `triggers`: triggers of the database write the outbox, for other programs and raw SQL too.
 */
export const CAPTURES = ['none', 'orm', 'triggers'] as const;
export type Capture = (typeof CAPTURES)[number];

export interface ScrypathOptions {
  readonly dataSource: DataSource;
  /** The engine: `embedded()` or `meilisearch({ host, apiKey })`. The instance closes it. */
  readonly backend: Backend;
  /** Descriptions, and decorated classes that must be in the DataSource. Decorated entities of it need not be listed. */
  readonly entities?: readonly (DescribedEntity | EntityClass)[];
  readonly sync?: {
    /** Default `inline`. */
    readonly mode?: SyncMode;
    /** Longest wait for the engine's tasks in `inline` mode and at start, in milliseconds; default 30 000. */
    readonly timeoutMs?: number;
  };
  /** Default `none`. */
  readonly capture?: Capture;
  /**
   * Whether dirty keys go through an outbox: tables in the database, written in the transaction of the change. Default:
   * true where `sync.mode` is `queued` or `capture` is `triggers`, and with a `queue`. With it no verb sends by itself, in any mode.
   */
  readonly outbox?: boolean | InstanceOutboxOptions;
  /**
   * Distributes queued work over workers: `pgBoss({ … })` or `bullmq({ … })`. It carries keys; what is dirty stands in the
   * outbox. The instance starts and closes it.
   */
  readonly queue?: WorkQueue;
  /** Stands before every index name, joined by `_`. */
  readonly prefix?: string;
  /** Told what nobody awaits; default `console`. */
  readonly logger?: Logger;
}

export interface ResolvedOptions {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly entities: readonly (DescribedEntity | EntityClass)[];
  readonly mode: SyncMode;
  readonly timeoutMs: number;
  readonly capture: Capture;
  readonly outbox: ResolvedOutbox | null;
  readonly queue: WorkQueue | null;
  readonly prefix: string | null;
  readonly logger: Logger;
}

export function resolveOptions(given: ScrypathOptions): ResolvedOptions {
  if (!hasMembers(given as unknown)) throw optionsInvalid([`${kindOf(given)} was given; they are an object`]);
  const {
    dataSource,
    backend,
    entities = [],
    sync = {},
    capture = 'none',
    outbox,
    queue,
    prefix,
    logger = console,
    ...rest
  } = given;
  const { mode = 'inline', timeoutMs = 30_000, ...restOfSync } = isPlainObject(sync) ? sync : {};
  const problems = [
    ...Object.keys(rest).map((name) => `${name} is not an option`),
    ...Object.keys(restOfSync).map((name) => `sync.${name} is not an option`),
  ];
  if (typeof dataSource?.createQueryRunner !== 'function') problems.push('dataSource must be a TypeORM DataSource');
  if (typeof backend?.upsert !== 'function') problems.push('backend must be a backend, such as embedded()');
  if (!SYNC_MODES.includes(mode)) problems.push(`sync.mode is unknown; known: ${SYNC_MODES.join(', ')}`);
  if (!isPlainObject(sync)) problems.push(`sync is ${kindOf(sync)}; it must be an object`);
  if (!isMilliseconds(timeoutMs)) problems.push(`sync.timeoutMs must be ${MILLISECONDS}`);
  if (!CAPTURES.includes(capture)) problems.push(`capture is unknown; known: ${CAPTURES.join(', ')}`);
  if (prefix !== undefined && !(typeof prefix === 'string' && PREFIX.test(prefix)))
    problems.push('prefix may hold 1 to 398 of A-Z a-z 0-9 _ - only');
  if (typeof logger?.warn !== 'function' || typeof logger.error !== 'function')
    problems.push('logger must have the functions warn and error');
  problems.push(...entitiesProblems(entities));
  if (queue !== undefined && typeof queue?.enqueue !== 'function')
    problems.push('queue must be a queue, such as pgBoss({ … }) or bullmq({ … })');
  const needsOutbox = mode === 'queued' || capture === 'triggers' || queue !== undefined;
  const resolvedOutbox = resolveOutbox(outbox, needsOutbox, problems);
  if (resolvedOutbox === null && queue !== undefined) problems.push('queue needs an outbox');
  if (resolvedOutbox === null && mode === 'queued') problems.push('sync.mode "queued" needs an outbox');
  if (resolvedOutbox === null && capture === 'triggers') problems.push('capture "triggers" needs an outbox');
  if (problems.length > 0) throw optionsInvalid(problems);
  return Object.freeze({
    dataSource,
    backend,
    entities,
    mode,
    timeoutMs,
    capture,
    outbox: resolvedOutbox,
    queue: queue ?? null,
    prefix: prefix ?? null,
    logger,
  });
}

// Beside it, a full name of at most 400 has an underscore and an index.
const PREFIX = /^[A-Za-z0-9_-]{1,398}$/;

function entitiesProblems(entities: unknown): string[] {
  if (!Array.isArray(entities)) return [`entities is ${kindOf(entities)}; it must be a list`];
  return entities.flatMap((listed: unknown, at) =>
    typeof listed === 'function' || (isPlainObject(listed) && 'target' in listed && isPlainObject(listed.declaration))
      ? []
      : [`entities[${at}] is ${kindOf(listed)}; it must be a decorated class, or what describe() returns`],
  );
}

const optionsInvalid = (problems: readonly string[]) =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The options of Scrypath are not valid: ${problems.join('; ')}.`,
    problems,
  });
