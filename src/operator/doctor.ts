import type { DataSource, QueryRunner } from 'typeorm';
import type { Backend } from '../backend/backend.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { failureReason } from '../queue/failure-reason.js';
import { examineDatabase, examineOutbox, examineRecords } from './doctor-database.js';
import { examineEngine } from './doctor-engine.js';
import { type Finding, ok, problem, unknown, warning } from './finding.js';
import type { LookOptions, StatusSite } from './status.js';

/** What a look at a whole installation came to. Frozen. */
export interface DoctorReport {
  /** When it was looked at, ISO 8601. */
  readonly at: string;
  /** Whether no problem was found. What could not be looked at is none; it is among the findings. */
  readonly healthy: boolean;
  readonly findings: readonly Finding[];
}

/** What a doctor works with. */
export interface DoctorSite extends StatusSite {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  /** Throws what is wrong with the declarations. */
  metadatas(): readonly SearchMetadata[];
  /** Number of shards that are configured; null without an outbox. */
  readonly shards: number | null;
  /** Compares the triggers; null where capture does not stand on them. */
  readonly triggers:
    | (() => Promise<{
        readonly missing: readonly string[];
        readonly changed: readonly string[];
        readonly extra: readonly string[];
      }>)
    | null;
  readonly unresolvedWrites: number;
}

/**
 * Looks at connections, versions, permissions, tables, triggers, the queue, workers and indexes, and says of each what is
 * wrong and what to do. It changes nothing and never rejects for what it looks at.
 */
export async function examineAll(site: DoctorSite, { signal }: LookOptions = {}): Promise<DoctorReport> {
  signal?.throwIfAborted();
  const at = new Date().toISOString();
  const { metadatas, findings: declared } = declarationsOf(site);
  const [engine, database, triggers, queue] = await Promise.all([
    examineEngine(site.backend, metadatas, signal),
    withConnection(site, async (queryRunner) => [
      ...(await examineDatabase(queryRunner, site.dataSource)),
      ...(await examineRecords(queryRunner, metadatas)),
      ...(site.shards === null ? [] : await examineOutbox(queryRunner, site.shards, site.backend, metadatas)),
    ]),
    site.triggers === null ? [] : examineTriggers(site.triggers),
    site.queue === null ? [] : examineQueue(site.queue),
  ]);
  signal?.throwIfAborted();
  const findings = [...declared, ...database, ...triggers, ...captureOf(site), ...queue, ...engine];
  return Object.freeze({
    at,
    healthy: findings.every(({ state }) => state !== 'problem'),
    findings: Object.freeze(findings),
  });
}

function declarationsOf(site: DoctorSite): {
  readonly metadatas: readonly SearchMetadata[];
  readonly findings: readonly Finding[];
} {
  try {
    const metadatas = site.metadatas();
    return {
      metadatas,
      findings: [
        ok('declarations', {
          happened: `${metadatas.length === 1 ? '1 entity has' : `${metadatas.length} entities have`} an index.`,
        }),
      ],
    };
  } catch (error) {
    const mistakes = ScrypathError.is(error) && error.problems.length > 0 ? error.problems : [failureReason(error)];
    const remedy = 'Correct the declaration.';
    return { metadatas: [], findings: mistakes.map((happened) => problem('declarations', { happened, remedy })) };
  }
}

async function withConnection(
  { connect }: DoctorSite,
  look: (queryRunner: QueryRunner) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const { queryRunner, end } = await connect();
    try {
      return await look(queryRunner);
    } finally {
      await end().catch(() => undefined);
    }
  } catch (error) {
    const happened = `The database could not be asked: ${failureReason(error)}.`;
    return [problem('database', { happened, remedy: 'Check that it runs, where, and the rights of its user.' })];
  }
}

async function examineTriggers(look: NonNullable<DoctorSite['triggers']>): Promise<readonly Finding[]> {
  try {
    const { missing, changed, extra } = await look();
    const remedy = 'Generate the migration of the triggers, and run it.';
    const findings = [
      ...missing.map((about) =>
        problem('triggers', { about, happened: 'It is not there: its writes go unseen.', remedy }),
      ),
      ...changed.map((about) =>
        problem('triggers', { about, happened: 'It is not the one that is declared.', remedy }),
      ),
      ...extra.map((about) => warning('triggers', { about, happened: 'Nothing asks for it any more.', remedy })),
    ];
    return findings.length > 0 ? findings : [ok('triggers', { happened: 'Every trigger is there.' })];
  } catch (error) {
    return [unknown('triggers', { happened: `They could not be compared: ${failureReason(error)}.` })];
  }
}

const captureOf = ({ unresolvedWrites }: DoctorSite): readonly Finding[] =>
  unresolvedWrites === 0
    ? []
    : [
        warning('capture', {
          happened: `${unresolvedWrites === 1 ? '1 write' : `${unresolvedWrites} writes`} since the start could not be resolved to keys.`,
          remedy: 'Mark what they changed dirty, or repair().',
        }),
      ];

async function examineQueue(queue: NonNullable<StatusSite['queue']>): Promise<readonly Finding[]> {
  try {
    const { failed } = await queue.stats();
    const about = queue.name;
    return failed === 0
      ? [ok('queue', { about, happened: 'It answers, and no job has failed.' })]
      : [
          warning('queue', {
            about,
            happened: `${failed === 1 ? '1 job has' : `${failed} jobs have`} failed.`,
            remedy: 'See failedWork(), and retry(id).',
          }),
        ];
  } catch (error) {
    const happened = `It could not be asked: ${failureReason(error)}.`;
    return [problem('queue', { about: queue.name, happened, remedy: 'Check that it runs, and where.' })];
  }
}
