import type { EntityManager, QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';

/**
 * Announces a version of an entity's projection: from then on senders with an older one leave its rows alone. An older
 * version changes nothing.
 */
export async function announceVersion(manager: EntityManager, entity: string, version: number): Promise<void> {
  const queryRunner = manager.queryRunner ?? manager.dataSource.createQueryRunner('master');
  try {
    await run(queryRunner, (s) => {
      const insert = `INSERT INTO ${s.tables.projection} (entity, version) VALUES (${s.value(entity)}, ${s.value(version)})`;
      return s.dialect.family === 'mysql'
        ? `${insert} ON DUPLICATE KEY UPDATE version = greatest(version, values(version))`
        : `${insert} ON CONFLICT (entity) DO UPDATE SET version = excluded.version
           WHERE ${s.tables.projection}.version < excluded.version`;
    });
  } finally {
    if (queryRunner !== manager.queryRunner) await queryRunner.release();
  }
}

/** The newest version of each entity's projection that any process has started with. */
export async function newestVersions(queryRunner: QueryRunner): Promise<ReadonlyMap<string, number>> {
  const { records } = await run<{ entity: string; version: unknown }>(
    queryRunner,
    (s) => `SELECT entity, version FROM ${s.tables.projection}`,
  );
  return new Map(records.map(({ entity, version }) => [entity, Number(version)]));
}
