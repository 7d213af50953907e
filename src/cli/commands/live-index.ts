import type { Observed, SearchService } from '../../index.js';
import { plural } from '../parts.js';

/** What is changed, with its numbers, for whoever is asked whether it should be. */
export interface LiveIndex {
  /** `the live index "movies" of Movie (3,000 documents, 3,200 rows)` */
  readonly named: string;
  readonly rows: string;
  /** The same as a number, which says how long it will take; null where it was not observed. */
  readonly total: number | null;
  /** The index beside it, where there is one. */
  readonly beside: { readonly target: string; readonly state: string } | null;
}

export async function liveIndexOf(service: SearchService<object, unknown>, signal: AbortSignal): Promise<LiveIndex> {
  const { entity, index, documents, rows, rebuild } = await service.status({ signal });
  const number = (figure: Observed<number>, one: string) =>
    figure.observed ? plural(figure.value, one) : `${one}s not observed`;
  const { target = null, state = null } = rebuild.observed ? rebuild.value : {};
  return {
    named: `the live index "${index}" of ${entity} (${number(documents, 'document')}, ${number(rows, 'row')})`,
    rows: number(rows, 'row'),
    total: rows.observed ? rows.value : null,
    beside: target === null || state === null ? null : { target, state },
  };
}
