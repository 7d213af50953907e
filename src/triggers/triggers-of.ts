import type { DataSource, EntityMetadata } from 'typeorm';
import { tablesOf } from '../outbox/attach.js';
import { dialectOf } from '../outbox/dialect.js';
import { TABLES } from '../outbox/outbox-schema.js';
import { mysqlBlindSpots } from './mysql-blind-spots.js';
import { mysqlTriggers } from './mysql-triggers.js';
import { postgresTriggers } from './postgres-triggers.js';
import { sqliteTies, sqliteTriggers } from './sqlite-triggers.js';
import type { Trigger, TriggerPlan } from './trigger.js';
import { type Rules, watchedTables } from './watched-table.js';

/**
 * The triggers that write the outbox when somebody writes a table that a document depends on. It asks the metadata only,
 * and touches no database.
 * @throws ScrypathError `OUTBOX_MISSING` where the outbox is not attached, `KEY_INVALID` where a key has a type that SQL
 * cannot write as a key, `OPTION_INVALID` on a database that has no outbox
 */
export function triggersOf(dataSource: DataSource, fanOut: Rules): TriggerPlan {
  const tables = watchedTables(dataSource, fanOut);
  const outbox = outboxOf(dataSource);
  const each = (of: (dataSource: DataSource, outbox: EntityMetadata, table: (typeof tables)[number]) => Trigger[]) =>
    tables.flatMap((table) => of(dataSource, outbox, table));
  switch (dialectOf(dataSource).family) {
    case 'postgres':
      return { triggers: each(postgresTriggers), warnings: [] };
    case 'sqlite':
      return { triggers: each(sqliteTriggers), warnings: sqliteTies(tables) };
    case 'mysql':
      return { triggers: each(mysqlTriggers), warnings: mysqlBlindSpots(dataSource, fanOut, tables) };
  }
}

/** The metadata of the table that triggers write. */
export function outboxOf(dataSource: DataSource): EntityMetadata {
  tablesOf(dataSource);
  return dataSource.entityMetadatas.find(({ name }) => name === TABLES.outbox)!;
}
