import type { QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { newToken } from '../outbox/mark-id.js';
import { run } from '../outbox/statement.js';
import type { DirtyRow } from './dirty-row.js';
import { isHeld, unfinishedRebuilds } from './rebuilds.js';
import type { HoldSource } from './shard-hold.js';

/** An index of an entity that is being filled, live or beside the live one: for it, senders remember which keys they send. */
export interface Registration {
  readonly id: string;
  readonly entity: string;
}

/** How long a registration counts as that of a backfill that runs, after it was last seen, in milliseconds. */
const ALIVE_MS = 15_000;

/**
 * Registers a backfill, or goes on with the registration that a stopped or killed one has left: what was touched since
 * counts too. Every shard is held for a moment, so that no sender is in the middle of a batch that does not know of it.
 * @throws ScrypathError `BACKFILL_RUNNING` where another one of the entity was seen at work a moment ago
 */
export async function registerBackfill(source: HoldSource, entity: string): Promise<Registration> {
  const id = crypto.randomUUID();
  return source.fence('register', async (queryRunner) => {
    const { records } = await run<{ id: string; running: unknown; since: unknown }>(
      queryRunner,
      (s) =>
        `SELECT id, CASE WHEN seen_at > ${s.dialect.nowMs} - ${ALIVE_MS} THEN 1 ELSE 0 END AS running, started_at AS since
         FROM ${s.tables.registration} WHERE entity = ${s.value(entity)} AND rebuild IS NULL`,
    );
    const [rebuild] = (await unfinishedRebuilds(queryRunner, entity)).filter(isHeld);
    if (rebuild)
      throw new ScrypathError({
        code: 'REBUILD_RUNNING',
        entity,
        index: rebuild.live,
        happened: `The index "${rebuild.live}" is being swapped with another.`,
        remedy: 'Begin the backfill when that is over.',
      });
    const [known] = records;
    if (known === undefined) {
      await insertRegistration(queryRunner, { id, entity }, null);
      return { id, entity };
    }
    if (Number(known.running) === 1) throw backfillRunning(entity, new Date(Number(known.since)).toISOString());
    await writeSeen(queryRunner, known.id, true);
    return { id: known.id, entity };
  });
}

/** @param rebuild the rebuild whose target is filled; null for a live index */
export async function insertRegistration(
  queryRunner: QueryRunner,
  { id, entity }: Registration,
  rebuild: string | null,
): Promise<void> {
  await run(
    queryRunner,
    (s) =>
      `INSERT INTO ${s.tables.registration} (id, entity, rebuild, started_at, seen_at)
       VALUES (${s.value(id)}, ${s.value(entity)}, ${s.value(rebuild)}, ${s.dialect.nowMs}, ${s.dialect.nowMs})`,
  );
}

/** A backfill that was seen so long ago, in milliseconds, sends nothing any more. */
const SILENT_MS = 60_000;

/**
 * Asked while every shard is held, before the name of the live index comes to mean another one.
 * @throws ScrypathError `BACKFILL_RUNNING` where a backfill writes to the entity's live index
 */
export async function assertNoBackfill(queryRunner: QueryRunner, entity: string, live: string): Promise<void> {
  const { records } = await run<{ since: unknown }>(queryRunner, (s) => {
    const silentAt = `${s.dialect.nowMs} - ${SILENT_MS}`;
    // One that has stopped says so at once, while an upload of its that got no answer may still be on its way.
    const stopped = `EXISTS (SELECT 1 FROM ${s.tables.fill} stopped WHERE stopped.entity = ${s.value(entity)}
      AND stopped.index_name = ${s.value(live)} AND stopped.updated_at > ${silentAt})`;
    return `SELECT started_at AS since FROM ${s.tables.registration} WHERE entity = ${s.value(entity)}
      AND rebuild IS NULL AND (seen_at > ${silentAt} OR ${stopped})`;
  });
  if (records.length > 0) throw backfillRunning(entity, new Date(Number(records[0]!.since)).toISOString());
  // Nobody goes on with one that was left: the name is another index's from now on, and nobody would replay.
  await run(
    queryRunner,
    (s) =>
      `DELETE FROM ${s.tables.fill} WHERE entity = ${s.value(entity)} AND index_name = ${s.value(live)}
       AND (state <> 'done' OR parent IS NOT NULL)`,
  );
}

/** Says that the backfill of a registration is at work; or that it is not any more, and another may go on with it. */
export async function writeSeen(queryRunner: QueryRunner, id: string, atWork: boolean): Promise<void> {
  await run(
    queryRunner,
    (s) => `UPDATE ${s.tables.registration} SET seen_at = ${atWork ? s.dialect.nowMs : '0'} WHERE id = ${s.value(id)}`,
  );
}

/** Every registration that stands. Read under the shards' lock, it is what holds for the batch. */
export async function readRegistrations(queryRunner: QueryRunner): Promise<readonly Registration[]> {
  const { records } = await run<Registration>(queryRunner, (s) => `SELECT id, entity FROM ${s.tables.registration}`);
  return records.map(({ id, entity }) => ({ id, entity }));
}

/** Rows in one statement: two parameters each. */
const ROWS = 5_000;

/** Remembers that the keys of the rows are about to be sent; committed before anything is. */
export async function touch(
  aside: QueryRunner,
  registrations: readonly Registration[],
  rows: readonly DirtyRow[],
): Promise<void> {
  for (const { id, entity } of registrations)
    await remember(
      aside,
      id,
      rows.filter((row) => row.entity === entity).map(({ recordKey }) => recordKey),
    );
}

/** Remembers keys, each once: of a registration those that were sent, of a rebuild those that its target lacks. */
export async function remember(queryRunner: QueryRunner, id: string, recordKeys: Iterable<string>): Promise<void> {
  const keys = [...new Set(recordKeys)];
  for (let start = 0; start < keys.length; start += ROWS)
    await run(queryRunner, (s) => {
      const { family, keepExisting } = s.dialect;
      const some = keys.slice(start, start + ROWS);
      const into = `INSERT INTO ${s.tables.touched} (registration, record_key)`;
      if (family === 'postgres')
        return `${into} SELECT ${s.value(id)}, key FROM unnest(${s.value(some)}::text[]) AS key${keepExisting}`;
      if (family === 'sqlite')
        // Without a WHERE, SQLite takes ON CONFLICT for a condition of a join.
        return `${into} SELECT ${s.value(id)}, value FROM json_each(${s.value(JSON.stringify(some))}) WHERE true${keepExisting}`;
      const values = some.map((key) => `(${s.value(id)}, ${s.value(key)})`);
      return `${into} VALUES ${values.join(', ')} ON DUPLICATE KEY UPDATE registration = values(registration)`;
    });
}

/** Keys that are remembered for a registration or a rebuild, as the outbox writes them; `limit` of them at the most. */
export async function touchedKeys(queryRunner: QueryRunner, id: string, limit: number): Promise<readonly string[]> {
  const { records } = await run<{ record_key: string }>(
    queryRunner,
    (s) => `SELECT record_key FROM ${s.tables.touched} WHERE registration = ${s.value(id)} LIMIT ${limit}`,
  );
  return records.map(({ record_key }) => record_key);
}

/** Forgets a registration, and what was remembered for it, without a replay. */
export async function endRegistration(queryRunner: QueryRunner, id: string): Promise<void> {
  await run(queryRunner, (s) => `DELETE FROM ${s.tables.registration} WHERE id = ${s.value(id)}`);
  await run(queryRunner, (s) => `DELETE FROM ${s.tables.touched} WHERE registration = ${s.value(id)}`);
}

/** What was replayed: a token to wait for, null where nothing was touched. */
export interface Replayed {
  readonly token: string | null;
  readonly count: number;
}

/**
 * Ends a registration: what was touched since it began is dirty once more, for an older page may have been written over
 * it. Every shard is held, so that no sender touches a key behind the look.
 */
export async function replayTouched(source: HoldSource, { id, entity }: Registration): Promise<Replayed> {
  const token = newToken();
  const count = await source.fence('replay', async (queryRunner) => {
    const { affected } = await run(
      queryRunner,
      (s) =>
        `INSERT INTO ${s.tables.outbox} (id, entity, record_key, cause, created_at)
         SELECT ${s.dialect.idWith(`'${token}'`)}, ${s.value(entity)}, record_key, 'replay', ${s.dialect.nowMs}
         FROM ${s.tables.touched} WHERE registration = ${s.value(id)}`,
    );
    await endRegistration(queryRunner, id);
    return affected;
  });
  return { token: count === 0 ? null : token, count };
}

const backfillRunning = (entity: string, since: string) =>
  new ScrypathError({
    code: 'BACKFILL_RUNNING',
    entity,
    happened: `A backfill of ${entity} is under way, since ${since}.`,
    remedy: 'Wait for its end; of one that was killed, some seconds.',
  });
