import type { DataSource } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { EntityClass } from '../metadata/declaration.js';
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

export function resolveOptions(given: ScrypathOptions): ResolvedOptions {
  const { dataSource, backend, entities = [], sync = {}, capture = 'none', prefix, logger = console, ...rest } = given;
  const { mode = 'inline', timeoutMs = 30_000, ...restOfSync } = sync;
  const problems = [
    ...Object.keys(rest).map((name) => `${name} is not an option`),
    ...Object.keys(restOfSync).map((name) => `sync.${name} is not an option`),
  ];
  if (typeof dataSource?.createQueryRunner !== 'function') problems.push('dataSource must be a TypeORM DataSource');
  if (typeof backend?.upsert !== 'function') problems.push('backend must be a backend, such as embedded()');
  if (!SYNC_MODES.includes(mode)) problems.push(`sync.mode is unknown; known: ${SYNC_MODES.join(', ')}`);
  if (!(timeoutMs > 0)) problems.push('sync.timeoutMs must be milliseconds above 0');
  if (!CAPTURES.includes(capture)) problems.push(`capture is unknown; known: ${CAPTURES.join(', ')}`);
  if (prefix !== undefined && !/^[A-Za-z0-9_-]+$/.test(prefix)) problems.push('prefix may hold A-Z a-z 0-9 _ - only');
  if (problems.length > 0)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The options of Scrypath are not valid: ${problems.join('; ')}.`,
      problems,
    });
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
