import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Brackets } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

const ROOT = 'record';
/** Keys in one query: databases limit the parameters of a statement, and the depth of a chain of alternatives. */
const KEYS_A_QUERY = 10_000;
const COMPOSITE_KEYS_A_QUERY = 250;

/** Parts of a list of keys, each small enough for one query. */
export function keyBatches(metadata: SearchMetadata, keys: readonly DocumentKey[]): (readonly DocumentKey[])[] {
  const size = metadata.keyFields.length === 1 ? KEYS_A_QUERY : COMPOSITE_KEYS_A_QUERY;
  const batches: (readonly DocumentKey[])[] = [];
  for (let start = 0; start < keys.length; start += size) batches.push(keys.slice(start, start + size));
  return batches;
}

/**
 * Reads records by key with the relations that their projection needs, in one query for up to 10,000 keys (250 of several
 * columns). Soft-deleted rows are not there.
 * Relations are joined on the left, so that a record whose related row is missing or soft-deleted is still read.
 * @returns the records by their own document key, which may be spelled otherwise than the one asked for
 */
export async function readRecords(
  manager: EntityManager,
  metadata: SearchMetadata,
  keys: readonly DocumentKey[],
): Promise<Map<DocumentKey, object>> {
  const records = new Map<DocumentKey, object>();
  for (const batch of keyBatches(metadata, keys))
    for (const record of await readBatch(manager, metadata, batch)) records.set(metadata.key.of(record), record);
  return records;
}

async function readBatch(
  manager: EntityManager,
  metadata: SearchMetadata,
  keys: readonly DocumentKey[],
): Promise<readonly object[]> {
  const entity = manager.dataSource.getMetadata(metadata.target);
  const query = manager.createQueryBuilder<ObjectLiteral>(entity.target, ROOT);
  const aliases = joinRelations(query, metadata.relations);
  // Declared columns that TypeORM leaves out of a query by itself.
  for (const { relation, property } of metadata.hiddenColumns)
    query.addSelect(`${relation === null ? ROOT : aliases.get(relation)}.${property}`);
  // A key that no row can have must not fail the query for the others.
  const idMaps = keys.flatMap((key) => metadata.key.tryIdMap(key) ?? []);
  if (idMaps.length === 0) return [];
  whereKeys(query, entity, idMaps);
  return query.getMany();
}

/** Joins the relations, and gives the alias of each. */
function joinRelations(
  query: SelectQueryBuilder<ObjectLiteral>,
  relations: readonly string[],
): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  relations.forEach((path, at) => {
    const parent = relations.filter((other) => path.startsWith(`${other}.`)).at(-1);
    const alias = `relation${at}`;
    const property = parent === undefined ? path : path.slice(parent.length + 1);
    query.leftJoinAndSelect(`${parent === undefined ? ROOT : aliases.get(parent)}.${property}`, alias);
    aliases.set(path, alias);
  });
  return aliases;
}

/**
 * The condition that a column is in the list of the parameter `keys`: one parameter where the driver takes a list as one,
 * since thousands cost TypeORM more than the query costs the database.
 */
export const amongKeys = ({ options }: DataSource, column: string): string =>
  options.type === 'postgres' ? `${column} = ANY(:keys)` : `${column} IN (:...keys)`;

/** One condition on the primary key: `IN` for a single column, alternatives for several. */
function whereKeys(
  query: SelectQueryBuilder<ObjectLiteral>,
  entity: EntityMetadata,
  idMaps: readonly ObjectLiteral[],
): void {
  const columns = entity.primaryColumns;
  const { driver } = entity.dataSource;
  // As TypeORM does for a value of its own; parameters of a list it passes on as they are.
  const keyValueOf = (idMap: ObjectLiteral, at: number): unknown =>
    driver.preparePersistentValue(columns[at]!.getEntityValue(idMap), columns[at]!);
  const path = (at: number) => `${query.alias}.${columns[at]!.propertyPath}`;
  if (columns.length === 1) {
    query.where(amongKeys(entity.dataSource, path(0)), { keys: idMaps.map((idMap) => keyValueOf(idMap, 0)) });
    return;
  }
  query.where(
    new Brackets((alternatives) => {
      idMaps.forEach((idMap, row) => {
        const parameters = Object.fromEntries(columns.map((_, at) => [`key_${row}_${at}`, keyValueOf(idMap, at)]));
        alternatives.orWhere(
          `(${columns.map((_, at) => `${path(at)} = :key_${row}_${at}`).join(' AND ')})`,
          parameters,
        );
      });
    }),
  );
}
