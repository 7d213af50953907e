import type { FailedWork, Scrypath } from '../../index.js';
import { CliError } from '../cli-error.js';

/** Pages that are looked through for one id. */
const PAGES = 20;
const LIMIT = 1_000;
const SHOWN = 10;

/**
 * The failed work with an id.
 * @returns null where there is more than is looked through, and it was not among that
 * @throws CliError `WORK_UNKNOWN` with the first ids that there are
 */
export async function failedItem(scrypath: Scrypath, id: string): Promise<FailedWork | null> {
  const first: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < PAGES; page += 1) {
    const found = await scrypath.failedWork({ limit: LIMIT, ...(after !== null && { after }) });
    const item = found.items.find((one) => one.id === id);
    if (item !== undefined) return item;
    first.push(...found.items.slice(0, SHOWN - first.length).map((one) => one.id));
    if (found.next === null) throw unknownWork(id, first);
    after = found.next;
  }
  return null;
}

export const unknownWork = (id: string, known: readonly string[]) =>
  new CliError({
    code: 'WORK_UNKNOWN',
    happened: `There is no failed work with the id ${JSON.stringify(id.slice(0, 80))}.`,
    remedy: known.length === 0 ? 'There is none at all.' : 'List it with scrypath failed.',
    known,
  });
