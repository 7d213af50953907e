import { contractOf } from '../metadata/contract.js';
import { planSettings } from '../settings/index-settings-plan.js';
import { readContract, writeContract } from '../worker/contracts.js';
import type { OperatorSite } from './operator-site.js';

/**
 * Notes that the documents of the live index were made by the declarations of this program, where nobody knew by which: the
 * index was there before its outbox, or was adopted. What proves it is a comparison of all of its content that finds nothing,
 * and settings as declared. The note is for the physical index that was compared: for another one, had the names been swapped
 * meanwhile, nothing is written.
 * @param compare resolves to whether all of it was compared, nothing differs and nothing is under way
 * @returns whether it was noted
 */
export async function noteProvenContract(site: OperatorSite, compare: () => Promise<boolean>): Promise<boolean> {
  const { backend, metadata, hasOutbox } = site;
  const { entity, indexName } = metadata;
  const created = async () => (await backend.indexes.get(indexName))?.createdAt ?? null;
  const before = hasOutbox ? await created().catch(() => null) : null;
  if (!(await compare()) || before === null) return false;
  try {
    const { queryRunner, end } = await site.connect();
    try {
      const index = { entity, indexCreated: before };
      if ((await readContract(queryRunner, index)) !== null) return false;
      if ((await planSettings(backend, metadata, {})).cost !== 'nothing') return false;
      if ((await created()) !== before) return false;
      await writeContract(queryRunner, index, contractOf(metadata));
      return true;
    } finally {
      await end();
    }
  } catch {
    // What was compared is reported all the same. Nobody knows the contract still, and drift() says so.
    return false;
  }
}
