import type { DataSource, QueryRunner } from 'typeorm';
import { escapePath } from '../outbox/attach.js';
import { dialectOf, placeholders } from '../outbox/dialect.js';
import { mysqlDefinition } from './mysql-triggers.js';
import { postgresDefinition } from './postgres-triggers.js';
import { NAME_PREFIX } from './trigger-name.js';
import { outboxOf } from './triggers-of.js';

/** A trigger that the database has. */
export interface InstalledTrigger {
  readonly name: string;
  /** The name of its table, without a schema. */
  readonly table: string;
  /** As `definition` of a trigger; empty where the database does not fire it. */
  readonly definition: string;
  readonly down: readonly string[];
}

/** The triggers under our names that write the outbox of this DataSource: another may have its own in the same database. */
export async function installedTriggers(queryRunner: QueryRunner): Promise<readonly InstalledTrigger[]> {
  const { dataSource } = queryRunner;
  const outbox = outboxOf(dataSource).tableName;
  const found = await readOf[dialectOf(dataSource).family](queryRunner, dataSource);
  return found.filter(({ body }) => body.includes(dataSource.driver.escape(outbox)));
}

interface Found extends InstalledTrigger {
  readonly body: string;
}
type Read = (queryRunner: QueryRunner, dataSource: DataSource) => Promise<Found[]>;

/** An underscore stands for any character in LIKE, and the way to escape it differs: compare the beginning. */
const ours = (column: string) => `substr(${column}, 1, ${NAME_PREFIX.length}) = '${NAME_PREFIX}'`;

interface PostgresRow {
  readonly name: string;
  readonly table_name: string;
  readonly schema: string;
  readonly routine: string;
  readonly body: string;
  readonly definer: boolean;
  readonly settings: readonly string[] | null;
  readonly enabled: string;
  readonly kind: string;
}

const readPostgres: Read = async (queryRunner, { driver }) => {
  const rows: PostgresRow[] = await queryRunner.query(
    `SELECT t.tgname AS name, c.relname AS table_name, n.nspname AS schema, p.proname AS routine, p.prosrc AS body,
       p.prosecdef AS definer, p.proconfig AS settings, t.tgenabled AS enabled,
       t.tgtype || ':' || coalesce(t.tgoldtable, '') || ':' || coalesce(t.tgnewtable, '') AS kind
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
     JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE NOT t.tgisinternal AND ${ours('t.tgname')}`,
  );
  return rows.map((row) => ({
    name: row.name,
    table: row.table_name,
    body: row.body,
    definition: definitionIn(row),
    down: [`DROP FUNCTION IF EXISTS ${driver.escape(row.schema)}.${driver.escape(row.routine)}() CASCADE`],
  }));
};

function definitionIn({ enabled, definer, kind, settings, body }: PostgresRow): string {
  const event = POSTGRES_EVENTS[kind];
  // Disabled, or fired for a replica only.
  const fires = enabled === 'O' || enabled === 'A';
  if (!fires || !definer || event === undefined) return '';
  const pairs = (settings ?? []).map((setting) => {
    const at = setting.indexOf('=');
    return [setting.slice(0, at), setting.slice(at + 1)];
  });
  return postgresDefinition(event, Object.fromEntries(pairs), body);
}

/** The bits of `tgtype` and the transition tables that our triggers have. */
const POSTGRES_EVENTS: Readonly<Record<string, string>> = {
  '4::new_rows': 'insert',
  '16:old_rows:new_rows': 'update',
  '8:old_rows:': 'delete',
  '34::': 'truncate',
};

const readMysql: Read = async (queryRunner, { driver, entityMetadatas }) => {
  const databases = [...new Set([driver.database, ...entityMetadatas.map(({ database }) => database)])].filter(
    (database): database is string => database !== undefined,
  );
  const rows: Record<'name' | 'table_name' | 'schema_name' | 'body' | 'moment', string>[] = await queryRunner.query(
    `SELECT trigger_name AS name, event_object_table AS table_name, trigger_schema AS schema_name,
       action_statement AS body, concat(action_timing, ' ', event_manipulation) AS moment
     FROM information_schema.triggers
     WHERE trigger_schema IN (${placeholders(queryRunner.dataSource, databases.length)}) AND ${ours('trigger_name')}`,
    databases,
  );
  return rows.map(({ name, table_name: table, schema_name: schema, body, moment }) => ({
    name,
    table,
    body,
    definition: mysqlDefinition(moment, body),
    down: [`DROP TRIGGER IF EXISTS ${escapePath(queryRunner.dataSource, `${schema}.${name}`)}`],
  }));
};

const readSqlite: Read = async (queryRunner, { driver }) => {
  const rows: Record<'name' | 'table_name' | 'body', string>[] = await queryRunner.query(
    `SELECT name, tbl_name AS table_name, sql AS body FROM sqlite_master WHERE type = 'trigger' AND ${ours('name')}`,
  );
  return rows.map(({ name, table_name: table, body }) => ({
    name,
    table,
    body,
    definition: body,
    down: [`DROP TRIGGER IF EXISTS ${driver.escape(name)}`],
  }));
};

const readOf: Readonly<Record<'postgres' | 'mysql' | 'sqlite', Read>> = {
  postgres: readPostgres,
  mysql: readMysql,
  sqlite: readSqlite,
};
