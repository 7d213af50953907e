import type { SearchService, VerifyProgress } from '../../index.js';
import { plural } from '../parts.js';
import type { Progress } from '../progress.js';

/** Rows of an entity, as far as they can be counted: how long a comparison will be. */
export async function rowsOf(service: SearchService<object, unknown>, signal: AbortSignal): Promise<number | null> {
  const { rows } = await service.status({ signal });
  return rows.observed ? rows.value : null;
}

/** Tells how far a comparison has got. */
export const comparing =
  (progress: Progress, entity: string, total: number | null) =>
  ({ reading, rows, documents, differences }: VerifyProgress): void =>
    progress.at({
      step: `compare ${entity}: ${reading}`,
      rows: reading === 'records' ? rows : documents,
      total,
      ...(differences > 0 && { beside: plural(differences, 'difference') }),
    });
