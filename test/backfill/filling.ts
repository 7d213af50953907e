import type { Backend } from 'scrypath';
import type { DataSource } from 'typeorm';
import { type BackfillCall, type BackfillSite, runBackfill } from '../../src/backfill/backfill';
import { type FillLog, MemoryFillLog } from '../../src/backfill/fill-state';
import { type BackfillReport, backfillReportOf } from '../../src/backfill/report';
import type { Patience } from '../../src/backfill/shipping';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { projectionOf } from '../../src/projection/projection';
import type { Item } from './entities';

export const IMPATIENT: Patience = { tries: 3, pauseMs: 5, outageMs: 200, lateMs: 1_000 };

export interface Place {
  readonly dataSource: DataSource;
  readonly backend: Backend;
}

/** Runs a backfill, and counts what is projected of it. */
export async function fill(
  { dataSource, backend }: Place,
  metadata: SearchMetadata,
  { log = new MemoryFillLog(), ...call }: Partial<BackfillCall> & { log?: FillLog } = {},
) {
  const seen: string[] = [];
  const projection = projectionOf(metadata);
  const site: BackfillSite = {
    ...{ backend, metadata, log, manager: dataSource.manager },
    projection: {
      ...projection,
      eligible: (record) => {
        seen.push(metadata.key.of(record));
        return projection.eligible(record);
      },
    },
  };
  let report: BackfillReport | null;
  let error: unknown = null;
  try {
    report = await runBackfill(site, { index: metadata.indexName, patience: IMPATIENT, ...call });
  } catch (thrown) {
    error = thrown;
    report = backfillReportOf(thrown);
  }
  return { report, error, seen };
}

/** Keys of all documents in the index, in order. */
export async function keysIn(backend: Backend, index: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of backend.documents.scan(index)) keys.push(...page.map(({ key }) => key));
  return keys.sort();
}

export const items = (count: number, of: (id: number) => Partial<Item> = () => ({})) =>
  [...Array(count).keys()].map((id) => ({ id, name: `item ${id}`, ...of(id) }));

/** Many rows, in statements that every database takes. */
export async function insertAll(dataSource: DataSource, entity: new () => object, rows: readonly object[]) {
  for (let start = 0; start < rows.length; start += 2_000)
    await dataSource
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(rows.slice(start, start + 2_000) as never)
      .updateEntity(false)
      .execute();
}
