import type { DocumentKey } from '../document/search-document.js';
import { PAGE_SIZE } from './differences.js';
import { Suspects } from './suspects.js';
import type { Difference } from './verify-report.js';
import { timingOf, type VerifySite } from './verify-site.js';

/** As `verifyIndex`, of some keys alone: what differs for certain, and what was under way for too long. */
export async function differencesOfKeys(
  site: VerifySite,
  index: string,
  keys: Iterable<DocumentKey>,
  signal?: AbortSignal,
): Promise<readonly Difference[]> {
  const connection = await site.connect();
  try {
    const { queryRunner } = connection;
    const suspects = new Suspects({ site, index, queryRunner, timing: timingOf(site), pageSize: PAGE_SIZE, signal });
    for (const key of keys) suspects.add(key);
    return await suspects.settle();
  } finally {
    await connection.end();
  }
}
