import type { EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { Brackets } from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

const ROOT = 'record';

/**
 * Reads records by key with the relations that their projection needs, in one query. Soft-deleted rows are not there.
 * Relations are joined on the left, so that a record whose related row is missing or soft-deleted is still read.
 * @returns the records by document key; a key without a row is absent
 */
export async function readRecords(
  manager: EntityManager,
  metadata: SearchMetadata,
  keys: readonly DocumentKey[],
): Promise<Map<DocumentKey, object>> {
  if (keys.length === 0) return new Map();
  const entity = manager.dataSource.getMetadata(metadata.target);
  const query = manager.createQueryBuilder<ObjectLiteral>(entity.target, ROOT);
  joinRelations(query, metadata.relations);
  selectHidden(query, entity, metadata);
  whereKeys(query, entity, keys.map(metadata.key.idMap));
  const records = await query.getMany();
  return new Map(records.map((record) => [metadata.key.of(record), record]));
}

function joinRelations(query: SelectQueryBuilder<ObjectLiteral>, relations: readonly string[]): void {
  const aliases = new Map<string, string>();
  relations.forEach((path, at) => {
    const parent = relations.filter((other) => path.startsWith(`${other}.`)).at(-1);
    const alias = `relation${at}`;
    const property = parent === undefined ? path : path.slice(parent.length + 1);
    query.leftJoinAndSelect(`${parent === undefined ? ROOT : aliases.get(parent)}.${property}`, alias);
    aliases.set(path, alias);
  });
}

/** Columns that are declared, but that TypeORM leaves out of a query by itself. */
function selectHidden(
  query: SelectQueryBuilder<ObjectLiteral>,
  entity: EntityMetadata,
  metadata: SearchMetadata,
): void {
  const declared = new Set(metadata.fields.map((field) => field.path));
  for (const column of entity.columns)
    if (!column.isSelect && declared.has(column.propertyPath)) query.addSelect(`${ROOT}.${column.propertyPath}`);
}

/** One condition on the primary key: `IN` for a single column, alternatives for several. */
export function whereKeys(
  query: SelectQueryBuilder<ObjectLiteral>,
  entity: EntityMetadata,
  idMaps: readonly ObjectLiteral[],
): void {
  const columns = entity.primaryColumns;
  const keyValueOf = (idMap: ObjectLiteral, at: number): unknown => columns[at]!.getEntityValue(idMap, true);
  const path = (at: number) => `${query.alias}.${columns[at]!.propertyPath}`;
  if (columns.length === 1) {
    query.where(`${path(0)} IN (:...keys)`, { keys: idMaps.map((idMap) => keyValueOf(idMap, 0)) });
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
