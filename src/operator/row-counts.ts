import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { escapePath } from '../outbox/attach.js';

/** The rows of each entity that are not soft-deleted, by the name of the entity, in one statement. */
export async function countRows(
  queryRunner: QueryRunner,
  metadatas: readonly SearchMetadata[],
): Promise<ReadonlyMap<string, number>> {
  if (metadatas.length === 0) return new Map();
  const { dataSource } = queryRunner;
  const parameters: unknown[] = [];
  const value = (given: unknown) => {
    parameters.push(given);
    return dataSource.driver.createParameter(`p${parameters.length - 1}`, parameters.length - 1);
  };
  const counts = metadatas.map(({ target }, at) => {
    const entity = dataSource.getMetadata(target);
    return `(SELECT COUNT(*) FROM ${escapePath(dataSource, entity.tablePath)}${whereOf(entity, value)}) AS c${at}`;
  });
  const [row] = (await queryRunner.query(`SELECT ${counts.join(', ')}`, parameters)) as Record<string, unknown>[];
  return new Map(metadatas.map(({ entity }, at) => [entity, Number(row![`c${at}`])]));
}

/** As TypeORM narrows a query of the entity: without what is deleted, and of a table of several entities its own. */
function whereOf(entity: EntityMetadata, value: (given: unknown) => string): string {
  const escaped = (name: string) => entity.dataSource.driver.escape(name);
  const conditions: string[] = [];
  const { deleteDateColumn, discriminatorColumn, parentEntityMetadata, childEntityMetadatas } = entity;
  if (deleteDateColumn) conditions.push(`${escaped(deleteDateColumn.databaseName)} IS NULL`);
  if (discriminatorColumn && parentEntityMetadata) {
    const values = [entity, ...childEntityMetadatas].map(({ discriminatorValue }) => value(discriminatorValue));
    conditions.push(`${escaped(discriminatorColumn.databaseName)} IN (${values.join(', ')})`);
  }
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
