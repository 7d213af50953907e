import type { QueryRunner } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { changedParts, contractOf } from '../metadata/contract.js';
import { planSettings } from '../settings/index-settings-plan.js';
import { MAX_LISTED, type VerifyOptions, verifyIndex } from '../verify/verify-index.js';
import type { Difference } from '../verify/verify-report.js';
import { readContract } from '../worker/contracts.js';
import { readIndexStates } from '../worker/index-state.js';
import { unfinishedRebuilds } from '../worker/rebuilds.js';
import type { ContentDrift, ContractDrift, CountDrift, DriftReport } from './drift-report.js';
import { signalsOf } from './drift-signals.js';
import { connected, NO_OUTBOX, type Observed, observe, observed, part, unobserved } from './observed.js';
import type { OperatorSite } from './operator-site.js';
import { visibilityOf } from './rebuild-visibility.js';
import { countRows } from './row-counts.js';
import { type Backlog, NOTHING, readWorkFacts } from './work-facts.js';

export interface DriftOptions extends Pick<VerifyOptions, 'maxListed' | 'pageSize' | 'signal' | 'onProgress'> {
  /** Whether every row and every document is compared; default true. Without it only numbers are. */
  readonly content?: boolean;
}

type Seen = Omit<DriftReport, 'signals' | 'clean'>;

/**
 * Compares an index with its database and its declarations, and changes nothing. What cannot be looked at does not fail it:
 * the report says why.
 */
export async function readDrift(site: OperatorSite, options: DriftOptions = {}): Promise<DriftReport> {
  const { signal } = options;
  signal?.throwIfAborted();
  const at = new Date().toISOString();
  const { entity, indexName: index } = site.metadata;
  const connection = await connected(() => site.connect(), signal);
  const withDatabase = <T>(look: (queryRunner: QueryRunner) => Promise<T>): Promise<Observed<T>> =>
    connection.observed ? observe(() => look(connection.value.queryRunner), signal) : Promise.resolve(connection);
  const withOutbox = <T>(look: (queryRunner: QueryRunner) => Promise<T>): Promise<Observed<T>> =>
    site.hasOutbox ? withDatabase(look) : Promise.resolve(NO_OUTBOX);
  try {
    const info = await observe(() => site.backend.indexes.get(index, { signal }), signal);
    const isMissing = info.observed && info.value === null;
    const orMissing = <T>(look: () => Promise<Observed<T>>) =>
      isMissing ? Promise.resolve(unobserved('There is no live index.')) : look();
    const known = await withOutbox(async (queryRunner) => (await readIndexStates(queryRunner, [index])).get(index));
    const liveIndex = part(info, (found) => {
      if (found === null) return 'missing';
      const before = known.observed ? (known.value?.createdAt ?? null) : null;
      return before === null || before === found.createdAt ? 'live' : 'replaced';
    });
    const settings = await orMissing(() =>
      observe(() => planSettings(site.backend, site.metadata, signal ? { signal } : {}), signal),
    );
    const contract = await orMissing<ContractDrift>(async () => {
      if (!info.observed) return info;
      return flat(await withOutbox((queryRunner) => contractDrift(queryRunner, site, info.value!.createdAt)));
    });
    const rebuild = part(await withOutbox((queryRunner) => unfinishedRebuilds(queryRunner, entity)), ([row = null]) =>
      visibilityOf(index, row),
    );
    const content = await orMissing(() => contentDrift(site, options));
    const backlog = part(await withOutbox(readWorkFacts), (facts) => facts.backlog.get(entity)?.states ?? NOTHING);
    const counts = await orMissing(() => countDrift(site, { content, backlog, withDatabase, signal }));
    const discarded = part(backlog, (states) => states.discarded);
    return reportOf(
      { entity, index, at, content, counts, settings, contract, discarded, liveIndex, rebuild },
      { asked: options, hasOutbox: site.hasOutbox },
    );
  } finally {
    if (connection.observed) await connection.value.end().catch(() => undefined);
  }
}

function reportOf(
  seen: Seen,
  { asked: { content = true }, hasOutbox }: { readonly asked: DriftOptions; readonly hasOutbox: boolean },
): DriftReport {
  const signals = signalsOf(seen);
  // What was not asked for, and what an instance without an outbox cannot have.
  const needed = [
    seen.settings,
    seen.liveIndex,
    ...(content ? [seen.content] : [seen.counts]),
    ...(hasOutbox ? [seen.contract, seen.discarded, seen.rebuild] : []),
  ];
  const clean = signals.length === 0 && needed.every((figure) => figure.observed);
  return Object.freeze({ ...seen, signals: Object.freeze(signals), clean });
}

const flat = <T>(figure: Observed<Observed<T>>): Observed<T> => (figure.observed ? figure.value : figure);

async function contentDrift(site: OperatorSite, options: DriftOptions): Promise<Observed<ContentDrift>> {
  const { content = true, maxListed = MAX_LISTED, pageSize, signal, onProgress } = options;
  if (!content) return unobserved('It was not asked for.');
  return observe(async () => {
    const report = await verifyIndex(site.verifySite(), {
      maxListed,
      ...(pageSize !== undefined && { pageSize }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    const { rows, documents, counts, seconds, differences } = report;
    return Object.freeze({ rows, documents, counts, seconds, differences: differences && listed(differences) });
  }, signal);
}

/** Without the errors: they may hold data. */
const listed = (differences: readonly Difference[]) =>
  Object.freeze(
    differences.map((one) =>
      Object.freeze(
        one.kind === 'failed' ? { kind: one.kind, key: one.key, reason: one.reason } : { kind: one.kind, key: one.key },
      ),
    ),
  );

async function contractDrift(
  queryRunner: QueryRunner,
  { metadata }: OperatorSite,
  indexCreated: string,
): Promise<Observed<ContractDrift>> {
  const before = await readContract(queryRunner, { entity: metadata.entity, indexCreated });
  if (before === null)
    return unobserved(
      'By which declarations its documents were made was not written down: it was there before. A repair() that finds nothing to mend writes it down, and so does a reindex.',
    );
  return observed(Object.freeze({ changed: Object.freeze(changedParts(before, contractOf(metadata))) }));
}

/** What is known by content is exact; else rows are counted, where each of them has a document and no work is under way. */
async function countDrift(
  { backend, metadata }: OperatorSite,
  given: {
    readonly content: Observed<ContentDrift>;
    readonly backlog: Observed<Backlog>;
    readonly withDatabase: <T>(look: (queryRunner: QueryRunner) => Promise<T>) => Promise<Observed<T>>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Observed<CountDrift>> {
  const { content, backlog, withDatabase, signal } = given;
  if (content.observed) {
    const { documents, counts } = content.value;
    return observed(Object.freeze({ documents, expected: documents - counts.extra + counts.missing }));
  }
  if (metadata.when !== null)
    return unobserved('`when` decides which rows have a document: only a comparison by content knows their number.');
  if (backlog.observed && backlog.value.enqueued + backlog.value.retrying + backlog.value.backend_accepted > 0)
    return unobserved('Work waits that will change the number of documents.');
  const rows = await withDatabase((queryRunner) => countRows(queryRunner, [metadata]));
  if (!rows.observed) return rows;
  return observe(async () => {
    const { documents } = await backend.indexes.stats(metadata.indexName, { signal });
    return Object.freeze({ documents, expected: rows.value.get(metadata.entity)! });
  }, signal);
}

/** @throws ScrypathError `OPTION_INVALID` */
export function checkedDriftOptions(entity: string, options: DriftOptions): DriftOptions {
  const { maxListed, pageSize, content } = options;
  const isCount = (value: unknown, least: number) =>
    value === undefined || (Number.isInteger(value) && Number(value) >= least);
  const problems = [
    ...(isCount(maxListed, 0) ? [] : ['maxListed must be a whole number from 0']),
    ...(isCount(pageSize, 1) ? [] : ['pageSize must be a whole number from 1']),
    ...(content === undefined || typeof content === 'boolean' ? [] : ['content must be true or false']),
  ];
  if (problems.length === 0) return options;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `The options of a look at the drift of ${entity} do not hold: ${problems.join('; ')}.`,
    problems,
  });
}
