import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';

/**
 * Notes by which declarations the documents of a physical index were made: when it is created, and when a rebuild has
 * compared all of them. When it was created names it, since that travels with it through a swap of names.
 */
export async function writeContract(
  queryRunner: QueryRunner,
  { entity, indexCreated }: { readonly entity: string; readonly indexCreated: string },
  contract: string,
): Promise<void> {
  await run(queryRunner, (s) => {
    const values = [entity, indexCreated, contract].map((value) => s.value(value)).join(', ');
    const insert = `INSERT INTO ${s.tables.contract} (entity, index_created, fingerprint) VALUES (${values})`;
    return s.dialect.family === 'mysql'
      ? `${insert} ON DUPLICATE KEY UPDATE fingerprint = values(fingerprint)`
      : `${insert} ON CONFLICT (entity, index_created) DO UPDATE SET fingerprint = excluded.fingerprint`;
  });
}

/** Null where nobody knows: the index was there before its outbox, or was adopted. */
export async function readContract(
  queryRunner: QueryRunner,
  { entity, indexCreated }: { readonly entity: string; readonly indexCreated: string },
): Promise<string | null> {
  const { records } = await run<{ fingerprint: string }>(
    queryRunner,
    (s) =>
      `SELECT fingerprint FROM ${s.tables.contract}
       WHERE entity = ${s.value(entity)} AND index_created = ${s.value(indexCreated)}`,
  );
  return records[0]?.fingerprint ?? null;
}
