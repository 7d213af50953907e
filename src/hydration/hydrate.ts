import type {
  EntityManager,
  FindManyOptions,
  FindOptionsRelations,
  FindOptionsSelect,
  ObjectLiteral,
  Repository,
} from 'typeorm';
import { In } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import { mergeDeep } from '../metadata/record-key.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { keyBatches } from '../records/record-reader.js';
import { span } from '../telemetry/span.js';

/** How hits become entities. `true` reads the plain entity with the instance's DataSource. */
export type Hydrate<E> = true | HydrateOptions<E>;

export interface HydrateOptions<E> {
  readonly relations?: FindOptionsRelations<E>;
  /** Columns to read; the primary key is read with them. */
  readonly select?: FindOptionsSelect<E>;
  /** Read in this manager's transaction. */
  readonly manager?: EntityManager;
  /** Read with this repository, such as one with a scope of its own. Wins over `manager`. */
  readonly repository?: Repository<E & ObjectLiteral>;
}

export interface Hydrated<E> {
  /** Records in the order of the hits. */
  readonly records: readonly E[];
  /** Keys of hits without a row, in the order of the hits. */
  readonly missingIds: readonly DocumentKey[];
}

/** Facts of a `scrypath:hydration` span. */
export interface HydrationSpan {
  readonly entity: string;
  readonly index: string;
  readonly hits: number;
  /** Records that were read; there at the end. */
  records?: number;
  /** Hits without a row; there at the end. */
  missing?: number;
}

/**
 * Reads the records of hits with one SELECT on the primary key (one for each 250 where it has several columns), and puts
 * them in the order of the hits.
 */
export async function hydrate<E extends object>(
  metadata: SearchMetadata,
  keys: readonly DocumentKey[],
  manager: EntityManager,
  hydration: Hydrate<E>,
): Promise<Hydrated<E>> {
  if (keys.length === 0) return { records: [], missingIds: [] };
  const facts: HydrationSpan = { entity: metadata.entity, index: metadata.indexName, hits: keys.length };
  return span('scrypath:hydration', facts, async (context) => {
    const options = hydration === true ? {} : hydration;
    const repository =
      (options.repository as Repository<ObjectLiteral> | undefined) ??
      (options.manager ?? manager).getRepository<ObjectLiteral>(metadata.target);
    const byKey = new Map<DocumentKey, E>();
    // A document that no record can stand behind must not fail the query for the others.
    const readable = keys.filter((key) => metadata.key.tryIdMap(key) !== null);
    for (const batch of keyBatches(metadata, readable))
      for (const record of await repository.find(findOptionsFor(metadata, batch, options)))
        byKey.set(metadata.key.of(record), record as E);
    const hydrated = inHitOrder(keys, byKey);
    context.records = hydrated.records.length;
    context.missing = hydrated.missingIds.length;
    return hydrated;
  });
}

function findOptionsFor<E>(
  { key, keyFields }: SearchMetadata,
  keys: readonly DocumentKey[],
  { relations, select }: HydrateOptions<E>,
): FindManyOptions<ObjectLiteral> {
  const idMaps = keys.map(key.idMap);
  const [field] = keyFields;
  const single = keyFields.length === 1 && !field!.includes('.');
  const where = single ? { [field!]: In(idMaps.map((idMap) => idMap[field!] as unknown)) } : idMaps;
  return {
    where,
    ...(relations && { relations: relations as FindOptionsRelations<ObjectLiteral> }),
    ...(select && { select: mergeDeep(select, selectionOf(keyFields)) as FindOptionsSelect<ObjectLiteral> }),
  };
}

const selectionOf = (keyFields: readonly string[]): ObjectLiteral =>
  keyFields
    .map((path) => path.split('.').reduceRight<unknown>((below, name) => ({ [name]: below }), true) as ObjectLiteral)
    .reduce(mergeDeep, {});

function inHitOrder<E>(keys: readonly DocumentKey[], records: ReadonlyMap<DocumentKey, E>): Hydrated<E> {
  return {
    records: keys.flatMap((key) => records.get(key) ?? []),
    missingIds: keys.filter((key) => !records.has(key)),
  };
}
