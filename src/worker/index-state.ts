import type { QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { isTerminal, type TaskRef } from '../backend/task.js';
import { dialectOf } from '../outbox/dialect.js';
import { run } from '../outbox/statement.js';
import { parseTasks } from './accepted-tasks.js';
import type { ShardHold } from './shard-hold.js';

/** What the database remembers of an index. */
export interface IndexState {
  readonly name: string;
  /** When the physical index was created that rows were sent to so far, as the engine says it; null before the first. */
  readonly createdAt: string | null;
  /** Whether a batch failed: then one task at a time is in flight, until what made it fail stands alone. */
  readonly isolating: boolean;
  /** While isolating: what was sent last, or until when somebody may be about to send. */
  readonly inFlight: readonly TaskRef[] | { readonly until: number };
}

interface RawIndexState {
  readonly name: string;
  readonly created_at: string | null;
  readonly isolating: unknown;
  readonly in_flight: string | null;
}

const stateOf = (raw: RawIndexState): IndexState => ({
  name: raw.name,
  createdAt: raw.created_at,
  isolating: Number(raw.isolating) > 0,
  inFlight: raw.in_flight === null ? [] : (JSON.parse(raw.in_flight) as IndexState['inFlight']),
});

export async function readIndexStates(
  queryRunner: QueryRunner,
  names: readonly string[],
): Promise<ReadonlyMap<string, IndexState>> {
  const { records } = await run<RawIndexState>(
    queryRunner,
    (s) => `SELECT name, created_at, isolating, in_flight FROM ${s.tables.index} WHERE ${s.isIn('name', names)}`,
  );
  return new Map(records.map((raw) => [raw.name, stateOf(raw)]));
}

/** Remembers which physical index stands behind the name from now on. */
export async function recordIndex(queryRunner: QueryRunner, name: string, createdAt: string): Promise<void> {
  await run(
    queryRunner,
    (s) =>
      `INSERT INTO ${s.tables.index} (name, isolating) VALUES (${s.value(name)}, 0)${
        s.dialect.family === 'mysql' ? ' ON DUPLICATE KEY UPDATE name = values(name)' : ' ON CONFLICT DO NOTHING'
      }`,
  );
  await run(
    queryRunner,
    (s) => `UPDATE ${s.tables.index} SET created_at = ${s.value(createdAt)} WHERE name = ${s.value(name)}`,
  );
}

/** Notes that the engine has carried out work on the index just now. */
export async function writeSuccess(queryRunner: QueryRunner, name: string): Promise<void> {
  await run(
    queryRunner,
    (s) => `UPDATE ${s.tables.index} SET succeeded_at = ${s.dialect.nowMs} WHERE name = ${s.value(name)}`,
  );
}

/**
 * Makes the hold the only one that sends to an isolated index, until it finishes. Whether nothing else is in flight there:
 * neither what was sent alone before, nor what had been sent before the isolation began.
 */
export async function isAlone(
  { queryRunner, claimedAt, unknownUntil }: ShardHold,
  backend: Backend,
  { entity, index }: { readonly entity: string; readonly index: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { records } = await run<RawIndexState>(
    queryRunner,
    (s) =>
      `SELECT name, created_at, isolating, in_flight FROM ${s.tables.index} WHERE name = ${s.value(index)}${s.dialect.skipLocked}`,
  );
  const [raw] = records;
  if (raw === undefined) return false;
  const { inFlight } = stateOf(raw);
  if ('until' in inFlight) return inFlight.until <= claimedAt && takeTurn(queryRunner, raw, unknownUntil);
  const accepted = await acceptedTasks(queryRunner, entity);
  if (!(await isOver(backend, [...inFlight, ...accepted], signal))) return false;
  return takeTurn(queryRunner, raw, unknownUntil);
}

/** Where there are no row locks: of two who saw the same, one may send. */
async function takeTurn(
  queryRunner: QueryRunner,
  { name, in_flight }: RawIndexState,
  unknownUntil: number,
): Promise<boolean> {
  if (dialectOf(queryRunner.dataSource).family !== 'sqlite') return true;
  const { affected } = await run(
    queryRunner,
    (s) =>
      `UPDATE ${s.tables.index} SET in_flight = ${s.value(JSON.stringify({ until: unknownUntil }))}
       WHERE name = ${s.value(name)} AND in_flight IS ${s.value(in_flight)}`,
  );
  return affected > 0;
}

/** What rows of the entity wait for. */
async function acceptedTasks(queryRunner: QueryRunner, entity: string): Promise<readonly TaskRef[]> {
  const { records } = await run<{ tasks: string }>(
    queryRunner,
    (s) =>
      `SELECT DISTINCT accepted.tasks FROM ${s.tables.shard} each_shard JOIN ${s.tables.outbox} accepted
       ON accepted.shard = each_shard.shard AND accepted.state = 'backend_accepted' WHERE accepted.entity = ${s.value(entity)}`,
  );
  return records.flatMap(({ tasks }) => parseTasks(tasks).tasks);
}

const isOver = async (backend: Backend, tasks: readonly TaskRef[], signal: AbortSignal): Promise<boolean> =>
  tasks.length === 0 || (await backend.outcomes(tasks, { signal })).every(({ status }) => isTerminal(status));

export async function writeInFlight(queryRunner: QueryRunner, name: string, tasks: readonly TaskRef[]): Promise<void> {
  await run(
    queryRunner,
    (s) => `UPDATE ${s.tables.index} SET in_flight = ${s.value(JSON.stringify(tasks))} WHERE name = ${s.value(name)}`,
  );
}

export async function beginIsolation(queryRunner: QueryRunner, name: string): Promise<void> {
  await run(queryRunner, (s) => {
    const insert = `INSERT INTO ${s.tables.index} (name, isolating) VALUES (${s.value(name)}, 1)`;
    return s.dialect.family === 'mysql'
      ? `${insert} ON DUPLICATE KEY UPDATE isolating = 1`
      : `${insert} ON CONFLICT (name) DO UPDATE SET isolating = 1`;
  });
}

/** Ends the isolation of an index where no row of the entity is under suspicion any more. */
export async function endIsolation(queryRunner: QueryRunner, name: string, entity: string): Promise<void> {
  await run(
    queryRunner,
    (s) =>
      `UPDATE ${s.tables.index} SET isolating = 0, in_flight = NULL WHERE name = ${s.value(name)} AND isolating = 1
       AND NOT EXISTS (SELECT 1 FROM ${s.tables.outbox} suspect WHERE suspect.piece > 0
       AND suspect.state IN ('retrying', 'backend_accepted') AND suspect.entity = ${s.value(entity)})`,
  );
}
