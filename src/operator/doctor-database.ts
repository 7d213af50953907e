import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { TABLES } from '../outbox/outbox-schema.js';
import { checkShardCount } from '../outbox/shard-count.js';
import { failureReason } from '../queue/failure-reason.js';
import { readIndexStates } from '../worker/index-state.js';
import { newestVersions } from '../worker/versions.js';
import { type Finding, ok, problem, unknown, warning } from './finding.js';
import { readWorkFacts } from './work-facts.js';

export async function examineDatabase(queryRunner: QueryRunner, dataSource: DataSource): Promise<readonly Finding[]> {
  await queryRunner.query('SELECT 1');
  const { type } = dataSource.options;
  const version = dataSource.driver.version;
  return [ok('database', { about: type, happened: version ? `It answers, and is ${version}.` : 'It answers.' })];
}

/** Whether the rows of each entity can be read, with every column that the entity has here. */
export async function examineRecords(
  queryRunner: QueryRunner,
  metadatas: readonly SearchMetadata[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { entity: about, target } of metadatas)
    try {
      await queryRunner.manager.createQueryBuilder(target, 'record').limit(1).getRawMany();
    } catch (error) {
      const happened = `Its rows cannot be read: ${failureReason(error)}.`;
      const remedy = 'Run the migrations of the DataSource, and check the rights of its user.';
      findings.push(problem('records', { about, happened, remedy }));
    }
  return findings.length > 0 ? findings : [ok('records', { happened: 'The rows of every entity can be read.' })];
}

/** The tables, who works, and what the database remembers of indexes and projections. */
export async function examineOutbox(
  queryRunner: QueryRunner,
  shards: number,
  backend: Backend,
  metadatas: readonly SearchMetadata[],
): Promise<readonly Finding[]> {
  const tables = await examineTables(queryRunner, shards);
  if (tables.some(({ state }) => state !== 'ok')) return tables;
  const looks = [
    () => examineWorkers(queryRunner),
    () => examineVersions(queryRunner, metadatas),
    () => examineIdentity(queryRunner, backend, metadatas),
  ];
  const findings: Finding[] = [...tables];
  for (const look of looks)
    findings.push(
      ...(await look().catch((error: unknown) => [
        unknown('tables', { happened: `Something could not be read of them: ${failureReason(error)}.` }),
      ])),
    );
  return findings;
}

const MIGRATE = 'Run the migration outboxMigration(), or call ensureOutbox(dataSource).';

async function examineTables(queryRunner: QueryRunner, shards: number): Promise<readonly Finding[]> {
  const { dataSource } = queryRunner;
  const findings: Finding[] = [];
  for (const name of Object.values(TABLES)) {
    const { tablePath, columns } = dataSource.getMetadata(name);
    const table = await queryRunner.getTable(tablePath);
    const there = new Set(table?.columns.map((column) => column.name.toLowerCase()));
    const lacking = columns
      .map(({ databaseName }) => databaseName)
      .filter((column) => !there.has(column.toLowerCase()));
    if (!table) findings.push(problem('tables', { about: tablePath, happened: 'It is not there.', remedy: MIGRATE }));
    else if (lacking.length > 0)
      findings.push(
        problem('tables', {
          about: tablePath,
          happened: `It lacks the columns ${lacking.join(', ')}: an older version made it.`,
          remedy: 'Generate a migration of the DataSource, and run it.',
        }),
      );
  }
  if (findings.length > 0) return findings;
  try {
    await checkShardCount(queryRunner.manager, shards);
  } catch (error) {
    if (!ScrypathError.is(error)) throw error;
    return [problem('tables', { happened: error.message, remedy: error.remedy ?? MIGRATE })];
  }
  return [ok('tables', { happened: 'The tables of the outbox are there.' })];
}

async function examineWorkers(queryRunner: QueryRunner): Promise<readonly Finding[]> {
  const { workers, backlog } = await readWorkFacts(queryRunner);
  const alive = workers.filter((worker) => worker.alive).length;
  const dead = workers.filter((worker) => !worker.alive);
  const states = [...backlog.values()].map((one) => one.states);
  const waiting = states.reduce((sum, { enqueued, retrying }) => sum + enqueued + retrying, 0);
  return [
    alive === 0 && waiting > 0
      ? problem('workers', {
          happened: `${waiting === 1 ? '1 row of work waits' : `${waiting} rows of work wait`}, and no worker is alive.`,
          remedy: 'Start one: scrypath.worker().start().',
        })
      : ok('workers', { happened: `${alive} ${alive === 1 ? 'is' : 'are'} alive.` }),
    ...dead.map(({ owner, seenAt }) =>
      warning('workers', {
        about: owner,
        happened: `It was last seen at ${seenAt}, and was not stopped.`,
        remedy: 'See why its process ended. Others have taken over its work.',
      }),
    ),
  ];
}

async function examineVersions(
  queryRunner: QueryRunner,
  metadatas: readonly SearchMetadata[],
): Promise<readonly Finding[]> {
  const newest = await newestVersions(queryRunner);
  return metadatas.flatMap(({ entity, version }) => {
    const started = newest.get(entity) ?? version;
    if (started <= version) return [];
    const happened = `Version ${started} of the projection was started; this program has ${version}, and leaves its rows alone.`;
    return [warning('projection', { about: entity, happened, remedy: 'Deploy the newer version everywhere.' })];
  });
}

async function examineIdentity(
  queryRunner: QueryRunner,
  { indexes }: Backend,
  metadatas: readonly SearchMetadata[],
): Promise<readonly Finding[]> {
  const states = await readIndexStates(
    queryRunner,
    metadatas.map(({ indexName }) => indexName),
  );
  const findings: Finding[] = [];
  for (const { indexName: about } of metadatas) {
    const known = states.get(about)?.createdAt ?? null;
    // What cannot be asked for, the look at the engine tells.
    const found = await indexes.get(about).catch(() => null);
    if (known !== null && found !== null && known !== found.createdAt)
      findings.push(
        problem('index', {
          about,
          happened: 'It is not the index that was written to: nothing is sent to it.',
          remedy: 'Call reindex(), or adoptIndex() and repair().',
        }),
      );
  }
  return findings;
}
