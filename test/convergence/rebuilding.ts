import type { ReindexOptions } from 'scrypath';
import { fillIndex } from '../../src/fill-index';
import { findRebuild, reindex } from '../../src/reindex/reindex';
import type { OutboxSite } from '../../src/reindex/reindex-site';
import { readConnection } from '../../src/worker/background-runner';
import { LockedShards } from '../../src/worker/locked-shards';
import type { SendingProcess } from './sending-process';

/** What can be done with a rebuild that there is. */
export const VERBS = ['resume', 'cutover', 'rollback', 'finish', 'abandon'] as const;
export type Verb = (typeof VERBS)[number];

/** Documents that the engine refuses are no reason to stop. */
const MAX_FAILURES = 10;
const TIMEOUT_MS = 60_000;

/** What a process works with that fills and exchanges indexes: its own connections, its own way to the engine. */
async function siteOf({ site, delivery }: SendingProcess): Promise<OutboxSite> {
  const { work, backend, timing, logger } = site;
  const { metadata, projection } = work.documents.get('Book')!;
  const { source } = delivery.sender;
  const dataSource = source instanceof LockedShards ? await source.dataSource() : site.dataSource;
  const dependencies = [...work.dependencies].flatMap(([name, { owner }]) =>
    owner.entity === metadata.entity ? [name] : [],
  );
  return {
    ...{ backend, metadata, projection, dataSource, logger, timeoutMs: TIMEOUT_MS },
    verifySite: () => ({
      ...{ backend, metadata, projection, outbox: { dependencies } },
      connect: () => readConnection(dataSource),
    }),
    outbox: { delivery, timing },
  };
}

/** Goes on with the rebuild that there is, else begins one. */
export async function rebuildIn(process: SendingProcess, options: ReindexOptions): Promise<void> {
  await reindex(await siteOf(process), { resume: true, maxFailures: MAX_FAILURES, ...options });
}

/** Does something with the rebuild that there is; nothing where there is none. */
export async function changeRebuildIn(process: SendingProcess, verb: Verb): Promise<void> {
  await (await findRebuild(await siteOf(process)))?.[verb]();
}

/** Fills the live index, or goes on where a backfill was killed. */
export async function backfillIn(process: SendingProcess, batchSize: number): Promise<void> {
  const site = await siteOf(process);
  const options = { resume: true, maxFailures: MAX_FAILURES, batchSize };
  await fillIndex({ ...site, delivery: process.delivery }, site.metadata.indexName, options);
}
