import type { Command } from './command.js';
import { backfill } from './commands/backfill.js';
import { discard } from './commands/discard.js';
import { doctor } from './commands/doctor.js';
import { drift } from './commands/drift.js';
import { failed } from './commands/failed.js';
import { outboxMigration, triggersMigration } from './commands/migrations.js';
import { prepare } from './commands/prepare.js';
import { abandon, cutover, finish, resume, rollback } from './commands/rebuild.js';
import { reconcile } from './commands/reconcile.js';
import { reindex } from './commands/reindex.js';
import { repair } from './commands/repair.js';
import { retry } from './commands/retry.js';
import { search } from './commands/search.js';
import { settingsApply, settingsDiff, settingsPlan, settingsRead } from './commands/settings.js';
import { status } from './commands/status.js';
import { verify } from './commands/verify.js';
import { worker } from './commands/worker.js';

/** Every command, in the order of the help: what only looks, then what changes something, then what runs. */
export const COMMANDS: readonly Command[] = [
  ...[status, failed, drift, verify, reconcile, doctor, search],
  ...[retry, discard, repair, backfill],
  ...[reindex, resume, cutover, rollback, finish, abandon],
  ...[settingsRead, settingsDiff, settingsPlan, settingsApply],
  ...[prepare, worker, outboxMigration, triggersMigration],
];
