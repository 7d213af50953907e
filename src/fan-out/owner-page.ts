import type { EntityManager } from 'typeorm';
import type { SearchMetadata } from '../metadata/search-metadata.js';

/** Some of the records whose documents hold a changed row. */
export interface OwnerPage {
  /** Their keys, as the outbox stores them. */
  readonly recordKeys: readonly string[];
  /** Where the next page goes on, or null where there is none. */
  readonly after: string | null;
}

/** Documents that change with rows of another table. */
export interface Dependency {
  /** What the outbox's column `entity` says. */
  readonly name: string;
  /** The entity whose documents they are. */
  readonly owner: SearchMetadata;
  /**
   * The owners of one changed row, a page of at most `limit`, each once and in a fixed order, from behind `after`. It
   * reads on the manager's connection. A key that no row can have has no owners.
   * @param recordKey the changed row's key, as the outbox stores it
   * @param after what the page before said, or null
   */
  page(manager: EntityManager, recordKey: string, after: string | null, limit: number): Promise<OwnerPage>;
}
