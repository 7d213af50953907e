import type { EntityManager, QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type OutboxTables, tablesOf } from './attach.js';
import { dialectOf, placeholders } from './dialect.js';

/**
 * The number of shards that the outbox in the database was made with.
 * @throws ScrypathError `OUTBOX_MISSING`; `OUTBOX_MISMATCH` where the column and the rows tell different numbers
 */
export async function readShardCount(manager: EntityManager): Promise<number> {
  const { dataSource } = manager;
  const tables = tablesOf(dataSource);
  // A runner of our own reads on the primary: a replica may lag behind the migration.
  const queryRunner = manager.queryRunner ?? dataSource.createQueryRunner('master');
  try {
    return await countShards(queryRunner, tables);
  } finally {
    if (queryRunner !== manager.queryRunner) await queryRunner.release();
  }
}

/**
 * Refuses a configuration that differs from the outbox in the database: two processes with different numbers would send
 * the same key at the same time.
 * @throws ScrypathError `OUTBOX_MISSING`, `OUTBOX_MISMATCH`
 */
export async function checkShardCount(manager: EntityManager, configured: number): Promise<void> {
  const stored = await readShardCount(manager);
  if (stored !== configured) throw mismatch(stored, configured);
}

export const mismatch = (stored: number, configured: number) =>
  new ScrypathError({
    code: 'OUTBOX_MISMATCH',
    happened: `The outbox was made with ${stored} shards, and ${configured} are configured.`,
    remedy: `Configure ${stored}; to change it, drain the outbox, revert its migration and run it with the new number.`,
  });

/** As {@link readShardCount}, for tables that the DataSource need not know. */
export async function countShards(queryRunner: QueryRunner, tables: OutboxTables): Promise<number> {
  const stored = await shardsOfColumn(queryRunner, tables.outbox);
  if (stored === null || !(await queryRunner.hasTable(unescaped(tables.shard)))) {
    throw new ScrypathError({
      code: 'OUTBOX_MISSING',
      happened: 'The tables of the outbox are not in the database.',
      remedy: 'Run the migration outboxMigration(), or call ensureOutbox(dataSource).',
    });
  }
  const rows = await shardRows(queryRunner, tables.shard);
  if (rows.count !== stored || rows.least !== 0 || rows.greatest !== stored - 1) {
    throw new ScrypathError({
      code: 'OUTBOX_MISMATCH',
      happened: `The outbox was made with ${stored} shards, and its table of shards has ${rows.count} rows.`,
      remedy:
        rows.count === 0
          ? 'The tables were made by synchronize: call ensureOutbox(dataSource) once after it.'
          : 'Drain the outbox, revert its migration and run it again.',
    });
  }
  return stored;
}

/** The number in the expression of the stored column, or null where there is no such table. */
export async function shardsOfColumn(queryRunner: QueryRunner, outbox: string): Promise<number | null> {
  const { dataSource } = queryRunner;
  const names = unescaped(outbox).split('.');
  const parameter = (at: number) => placeholders(dataSource, 1, at);
  const { family } = dialectOf(dataSource);
  const [sql, parameters]: [string, unknown[]] =
    family === 'postgres'
      ? [
          `SELECT pg_get_expr(d.adbin, d.adrelid) AS expression FROM pg_attrdef d
           JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
           WHERE d.adrelid = to_regclass(${parameter(0)}) AND a.attname = 'shard'`,
          [outbox],
        ]
      : family === 'mysql'
        ? [
            `SELECT generation_expression AS expression FROM information_schema.columns
             WHERE table_name = ${parameter(0)} AND table_schema = coalesce(${parameter(1)}, database())
             AND column_name = 'shard'`,
            [names.at(-1), names.at(-2) ?? null],
          ]
        : [
            `SELECT sql AS expression FROM sqlite_master WHERE type = 'table' AND name = ${parameter(0)}`,
            [names.at(-1)],
          ];
  const [row]: { expression: string }[] = await queryRunner.query(sql, parameters);
  const found = row && (family === 'sqlite' ? / % (\d+)\) STORED/ : /(?:%|mod)\s*(\d+)\D*$/i).exec(row.expression);
  return found ? Number(found[1]) : null;
}

async function shardRows(queryRunner: QueryRunner, shard: string) {
  const column = queryRunner.dataSource.driver.escape('shard');
  const [row]: Record<'rows_there' | 'least' | 'greatest', unknown>[] = await queryRunner.query(
    `SELECT COUNT(*) AS rows_there, MIN(${column}) AS least, MAX(${column}) AS greatest FROM ${shard}`,
  );
  return { count: Number(row?.rows_there), least: Number(row?.least), greatest: Number(row?.greatest) };
}

const unescaped = (path: string) => path.replace(/["`]/g, '');
