import { AsyncLocalStorage } from 'node:async_hooks';
import type { ReindexOptions } from 'scrypath';
import { FillParts, takePart } from '../../src/backfill/fill-parts';
import { fillPart } from '../../src/backfill/shared-fill';
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

const takers = new AsyncLocalStorage<SendingProcess>();
const { take } = FillParts.prototype;
/** Who fills is seen to be at work: each process knows what it has taken. */
FillParts.prototype.take = async function (this: FillParts) {
  const part = await take.call(this);
  if (part !== null) takers.getStore()?.fills.add(part);
  return part;
};

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
  const site = await siteOf(process);
  await takers.run(process, () => reindex(site, { resume: true, maxFailures: MAX_FAILURES, ...options }));
}

/** Does something with the rebuild that there is; nothing where there is none. */
export async function changeRebuildIn(process: SendingProcess, verb: Verb): Promise<void> {
  const rebuild = await findRebuild(await siteOf(process));
  await takers.run(process, async () => rebuild?.[verb]());
}

/** Fills the live index, or goes on where a backfill was killed. */
export async function backfillIn(process: SendingProcess, batchSize: number, distribute = false): Promise<void> {
  const site = await siteOf(process);
  const options = { resume: true, maxFailures: MAX_FAILURES, batchSize, distribute };
  const { indexName } = site.metadata;
  await takers.run(process, () => fillIndex({ ...site, delivery: process.delivery }, indexName, options));
}

/** Takes a range that somebody has divided, as a worker does beside its work, and fills it. */
export async function helpIn(process: SendingProcess, onPage?: () => Promise<void>): Promise<void> {
  const { backend, metadata, projection, dataSource, outbox } = await siteOf(process);
  const connection = () => outbox.delivery.sender.source.aside('look');
  const part = await takePart(connection, { entities: [metadata.entity] });
  if (part === null) return;
  process.fills.add(part);
  const reading = await readConnection(dataSource);
  try {
    await fillPart({ backend, metadata, projection, manager: reading.queryRunner.manager }, part, { onPage });
  } finally {
    await reading.end();
  }
}
