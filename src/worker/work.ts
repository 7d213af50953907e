import type { EntityManager } from 'typeorm';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { Projection } from '../projection/projection.js';

/** A searched entity, as far as its documents are made and sent. */
export interface DocumentWork {
  readonly metadata: SearchMetadata;
  readonly projection: Projection;
}

/** Rows that are in other entities' documents; see `fanOutOf`. */
export interface DependencyWork {
  readonly owner: SearchMetadata;
  page(
    manager: EntityManager,
    recordKey: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly recordKeys: readonly string[]; readonly after: string | null }>;
}

/** Everything that a sender knows how to do, by what the outbox's rows say in `entity`. It leaves other rows alone. */
export interface Work {
  readonly documents: ReadonlyMap<string, DocumentWork>;
  readonly dependencies: ReadonlyMap<string, DependencyWork>;
}

export const namesOf = ({ documents, dependencies }: Work): readonly string[] => [
  ...documents.keys(),
  ...dependencies.keys(),
];
