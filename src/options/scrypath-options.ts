import type { DataSource } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { EntityClass } from '../metadata/declaration.js';
import { hasMembers, isPlainObject, kindOf } from '../metadata/given.js';
import type { DescribedEntity } from '../metadata/metadata-registry.js';
import { SYNC_MODES, type SyncMode } from '../metadata/sync-mode.js';
import type { Logger } from '../telemetry/logger.js';

/**
 * How writes reach the verbs. `none`: only by calls of yours. `orm`: a subscriber syncs what `save`, `remove`,
 * `softRemove` and `recover` wrote, after their transaction has committed.
 */
export const CAPTURES = ['none', 'orm'] as const;
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
  readonly prefix: string | null;
  readonly logger: Logger;
}

/** Longest wait: what a timer takes. */
const MAX_MILLISECONDS = 2 ** 31 - 1;
export const MILLISECONDS = `milliseconds above 0, at most ${MAX_MILLISECONDS}`;
export const isMilliseconds = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value <= MAX_MILLISECONDS;

export function resolveOptions(given: ScrypathOptions): ResolvedOptions {
  if (!hasMembers(given as unknown)) throw optionsInvalid([`${kindOf(given)} was given; they are an object`]);
  const { dataSource, backend, entities = [], sync = {}, capture = 'none', prefix, logger = console, ...rest } = given;
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
  if (problems.length > 0) throw optionsInvalid(problems);
  return Object.freeze({
    dataSource,
    backend,
    entities,
    mode,
    timeoutMs,
    capture,
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
