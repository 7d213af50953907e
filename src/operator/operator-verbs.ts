import { ScrypathError } from '../errors/scrypath-error.js';
import { newToken, tokenOf } from '../outbox/mark-id.js';
import type { Rebuild } from '../reindex/rebuild.js';
import type { SettingName } from '../settings/setting-values.js';
import type { SyncSite } from '../sync/sync-verbs.js';
import type { VerifySite } from '../verify/verify-site.js';
import type { ApplyOptions, OperatorVerbs } from './apply-action.js';
import { discardedIds } from './discarded-work.js';
import { mendKeys } from './mend-keys.js';

/** Rows of discarded work that one call retries. */
const RETRIED = 1_000;

/** The service of an entity, as far as actions call it. */
export interface ActingService {
  backfill(options: {
    readonly signal?: AbortSignal;
  }): Promise<{ readonly documents: number; readonly replayed: number }>;
  reindex(options: { readonly signal?: AbortSignal }): Promise<Rebuild>;
  rebuild(): Promise<Rebuild | null>;
  applySettings(options: ApplyOptions): Promise<{ readonly applied: readonly SettingName[] }>;
}

/** The verbs of one entity for its actions: they do nothing that a person could not do by the verbs of the service. */
export function operatorVerbsOf(
  service: ActingService,
  sync: SyncSite,
  verifySite: () => VerifySite,
  retry: (id: string) => Promise<boolean>,
): OperatorVerbs {
  return {
    backfill: (signal) => service.backfill(signal ? { signal } : {}),
    reindex: async (signal) => (await service.reindex(signal ? { signal } : {})).audit,
    applySettings: (options) => service.applySettings(options),
    rebuild: async (step, signal) => {
      const rebuild = await service.rebuild();
      if (rebuild === null) throw gone(sync);
      return rebuild[step](signal ? { signal } : {});
    },
    mend: async (keys, { timeoutMs, signal }) => {
      const token = newToken();
      const mended = await mendKeys(sync, keys, { token, timeoutMs, signal });
      if (sync.outbox !== null && mended.count > 0)
        await sync.outbox.delivery.wait([token], { ...COMPLETED, timeoutMs, signal });
      return mended;
    },
    retry: async ({ timeoutMs, signal }) => {
      const { delivery } = sync.outbox!;
      const names = [sync.metadata.entity, ...(verifySite().outbox?.dependencies ?? [])];
      const found = await discardedIds(await delivery.sender.source.aside('look'), names, RETRIED + 1);
      const ids = found.slice(0, RETRIED);
      let retried = 0;
      for (const id of ids) if (await retry(id)) retried += 1;
      delivery.committed();
      const problem = await codeThatEnds(() =>
        delivery.wait([...new Set(ids.map(tokenOf))], { ...COMPLETED, timeoutMs, signal }),
      );
      return { retried, more: found.length > ids.length, problem };
    },
  };
}

const COMPLETED = { goal: 'completed', failFast: false, drains: false } as const;

/** What was given up again, or takes longer, is no failure of the retry. */
async function codeThatEnds(wait: () => Promise<unknown>): Promise<string | null> {
  try {
    await wait();
    return null;
  } catch (error) {
    if (ScrypathError.is(error, 'WORK_DISCARDED') || ScrypathError.is(error, 'WORK_TIMEOUT')) return error.code;
    throw error;
  }
}

const gone = ({ metadata }: SyncSite) =>
  new ScrypathError({
    code: 'REBUILD_STATE',
    entity: metadata.entity,
    index: metadata.indexName,
    happened: `The rebuild of ${metadata.entity} has come to its end meanwhile.`,
    remedy: 'Look again with reconcile().',
  });
