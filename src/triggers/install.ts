import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { alone } from '../outbox/alone.js';
import { installedTriggers } from './installed.js';
import { nameOf } from './trigger.js';
import { triggersOf } from './triggers-of.js';
import { differenceFrom } from './verify.js';
import type { Rules } from './watched-table.js';

export interface TriggersMigrationOptions {
  /**
   * Milliseconds since 1970, 13 digits: TypeORM orders migrations by it, and runs one once under its name. Give a newer
   * one when declarations have changed. Default: right after the outbox's own.
   */
  readonly timestamp?: number;
}

const DEFAULT_TIMESTAMP = 1767225600001;

export const migrationName = (timestamp: number = DEFAULT_TIMESTAMP): string => `ScrypathTriggers${timestamp}`;

/**
 * The migration that makes the triggers which the declarations ask for, and drops those that they no longer do; reverted,
 * it drops all of them. What it does is decided when it runs: to review and commit the SQL instead, generate it with
 * `generateTriggersMigration`.
 * @param fanOut given, or made of the DataSource when the migration runs
 */
export function triggersMigration(
  fanOut: Rules | ((dataSource: DataSource) => Rules),
  { timestamp }: TriggersMigrationOptions = {},
): new () => MigrationInterface {
  const name = migrationName(timestamp);
  return class ScrypathTriggers implements MigrationInterface {
    readonly name = name;

    async up(queryRunner: QueryRunner): Promise<void> {
      const { dataSource } = queryRunner;
      await install(queryRunner, typeof fanOut === 'function' ? fanOut(dataSource) : fanOut);
    }

    async down(queryRunner: QueryRunner): Promise<void> {
      for (const { down } of await installedTriggers(queryRunner)) await run(queryRunner, down);
    }
  };
}

/** What was done; names are `trigger on table`. */
export interface TriggersEnsured {
  readonly made: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Makes the triggers that are missing or changed, and drops those that no declaration asks for, without a migration: for
 * tests, for users of `synchronize`, and at every start on SQLite, where altering a table by TypeORM makes it anew without
 * its triggers. Several processes may do so at the same time.
 * @throws ScrypathError `OUTBOX_MISSING`, `KEY_INVALID`, `OPTION_INVALID`
 */
export async function ensureTriggers(dataSource: DataSource, fanOut: Rules): Promise<TriggersEnsured> {
  const queryRunner = dataSource.createQueryRunner('master');
  try {
    return await alone(queryRunner, 'triggers', () => install(queryRunner, fanOut));
  } finally {
    await queryRunner.release();
  }
}

async function install(queryRunner: QueryRunner, fanOut: Rules): Promise<TriggersEnsured> {
  const { missing, changed, extra } = await differenceFrom(queryRunner, triggersOf(queryRunner.dataSource, fanOut));
  const made = [...missing, ...changed];
  for (const { up } of made) await run(queryRunner, up);
  for (const { down } of extra) await run(queryRunner, down);
  return { made: made.map(nameOf), dropped: extra.map(nameOf) };
}

async function run(queryRunner: QueryRunner, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await queryRunner.query(statement);
}
