import { NEEDS_OUTBOX, notDivisible } from '../backfill/part-errors.js';
import { span } from '../telemetry/span.js';
import { OWNER } from '../worker/owner.js';
import {
  changeRebuild,
  insertRebuild,
  readRebuild,
  UNFINISHED_STATES,
  unfinishedRebuilds,
} from '../worker/rebuilds.js';
import { freshReport } from './audit.js';
import { OutboxReindex } from './outbox-reindex.js';
import { PlainReindex } from './plain-reindex.js';
import { Rebuild } from './rebuild.js';
import { running } from './rebuild-errors.js';
import { RebuildRecord } from './rebuild-record.js';
import type { RebuildSpan } from './rebuild-span.js';
import type { ReindexOptions } from './reindex-options.js';
import type { OutboxSite, ReindexSite } from './reindex-site.js';
import { targetName } from './target-index.js';

const hasOutbox = (site: ReindexSite): site is OutboxSite => site.outbox !== null;

/** Builds an index beside the live one, verifies it by content, and makes it the live one. */
export async function reindex(site: ReindexSite, options: ReindexOptions): Promise<Rebuild> {
  options.signal?.throwIfAborted();
  const { entity, indexName } = site.metadata;
  const facts: RebuildSpan = { entity, index: indexName, operation: 'reindex' };
  return span('scrypath:reindex', facts, async (context) => {
    const rebuild = await build(site, options);
    const { state, target } = rebuild.audit;
    Object.assign(context, { target, state });
    return rebuild;
  });
}

async function build(site: ReindexSite, options: ReindexOptions): Promise<Rebuild> {
  if (!hasOutbox(site)) {
    if (options.distribute) throw notDivisible(site.metadata.entity, 'reindex', [NEEDS_OUTBOX]);
    return PlainReindex.run(site, options);
  }
  const id = await begin(site, options);
  const record = await recordOf(site, id);
  const operations = new OutboxReindex(site, record!, options.settings);
  const rebuild = new Rebuild(operations, record!.audit);
  await operations.run(options);
  await rebuild.refresh();
  return rebuild;
}

/** A rebuild by its id; without one the entity's rebuild that has not come to its end. Null where there is none. */
export async function findRebuild(site: ReindexSite, id?: string): Promise<Rebuild | null> {
  if (!hasOutbox(site)) return PlainReindex.find(site, id);
  const aside = await site.outbox.delivery.sender.source.aside('look');
  const [unfinished] = id === undefined ? await unfinishedRebuilds(aside, site.metadata.entity) : [];
  const record = await recordOf(site, id ?? unfinished?.id);
  return record && new Rebuild(new OutboxReindex(site, record), record.audit);
}

/**
 * For whatever must not change the live index alone while another stands beside it.
 * @throws ScrypathError `REBUILD_RUNNING`
 */
export async function assertNoRebuild(site: ReindexSite): Promise<void> {
  if (!hasOutbox(site)) return;
  const aside = await site.outbox.delivery.sender.source.aside('look');
  const [unfinished] = await unfinishedRebuilds(aside, site.metadata.entity);
  if (unfinished) throw running(unfinished);
}

async function recordOf({ outbox, metadata }: OutboxSite, id: string | undefined): Promise<RebuildRecord | null> {
  const connection = () => outbox.delivery.sender.source.aside('look');
  const row = id === undefined ? null : await readRebuild(await connection(), id);
  return row === null || row.entity !== metadata.entity ? null : new RebuildRecord(connection, row);
}

/** The id of a new rebuild, or of the one to go on with. Every shard is held, so that of two who begin, one does. */
async function begin({ outbox, metadata }: OutboxSite, options: ReindexOptions): Promise<string> {
  const { entity, indexName } = metadata;
  return outbox.delivery.sender.source.fence('reindex', async (queryRunner) => {
    const [unfinished] = await unfinishedRebuilds(queryRunner, entity);
    if (unfinished && (!options.resume || unfinished.isAlive)) throw running(unfinished);
    if (unfinished) {
      await changeRebuild(queryRunner, unfinished.id, UNFINISHED_STATES, { owner: OWNER, seen: true });
      return unfinished.id;
    }
    const id = crypto.randomUUID();
    const report = JSON.stringify(freshReport(options));
    const target = targetName(indexName);
    await insertRebuild(queryRunner, { id, entity, live: indexName, target, writesLive: true, owner: OWNER, report });
    return id;
  });
}
