import type { DataSource } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Projection } from '../projection/projection.js';
import type { Logger } from '../telemetry/logger.js';
import type { VerifySite } from '../verify/verify-site.js';
import type { Delivery } from '../worker/delivery.js';
import type { Timing } from '../worker/timing.js';

/** What a rebuild works with. */
export interface ReindexSite {
  readonly backend: Backend;
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
  readonly dataSource: DataSource;
  readonly verifySite: () => VerifySite;
  readonly logger: Logger;
  /** Longest wait for one task of the engine, in milliseconds. */
  readonly timeoutMs: number;
  /** Null without an outbox. */
  readonly outbox: { readonly delivery: Delivery; readonly timing: Timing } | null;
}

/** Where there is an outbox. */
export type OutboxSite = ReindexSite & { readonly outbox: NonNullable<ReindexSite['outbox']> };
