import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import { decodeKey } from '../document/key-encoding.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { storedKindOf } from '../metadata/value-kind.js';
import { keysetOf } from '../records/keyset.js';
import type { KeyRange } from '../records/record-pages.js';
import { ROOT_ALIAS } from '../records/related-records.js';

const WHOLE: KeyRange = Object.freeze({ above: null, upTo: null });

/**
 * Ranges of the primary key's first column that together hold every row: of about equal width where it is a whole number
 * or a UUID, else one range of everything. Gaps in the numbers make ranges of unequal size.
 */
export async function keyRanges(
  manager: EntityManager,
  metadata: SearchMetadata,
  parts: number,
): Promise<readonly KeyRange[]> {
  if (parts <= 1) return [WHOLE];
  const entity = manager.dataSource.getMetadata(metadata.target);
  const column = entity.primaryColumns[0]!;
  if (isUuid(column)) return between(uuidBorders(parts));
  if (!/int|serial/i.test(String(column.type)) && column.type !== Number) return [WHOLE];
  if (!['number', 'exact'].includes(storedKindOf(column)) || column.transformer !== undefined) return [WHOLE];
  const [first, last] = [await end(manager, metadata, entity, 'ASC'), await end(manager, metadata, entity, 'DESC')];
  return first === null || last === null ? [WHOLE] : between(numberBorders(first, last, parts));
}

type Column = EntityMetadata['primaryColumns'][number];

const isUuid = (column: Column): boolean =>
  column.type === 'uuid' || (column.isGenerated && column.generationStrategy === 'uuid');

/** The first or last number of the first column: one look at the index. */
async function end(
  manager: EntityManager,
  metadata: SearchMetadata,
  entity: EntityMetadata,
  order: 'ASC' | 'DESC',
): Promise<bigint | null> {
  const query = manager.createQueryBuilder<ObjectLiteral>(entity.target, ROOT_ALIAS).callListeners(false);
  keysetOf(metadata, entity, ROOT_ALIAS).orderBy(query, order);
  const [row] = await query.limit(1).getMany();
  return row === undefined ? null : BigInt(decodeKey(metadata.key.of(row))[0]!);
}

/** The last number of each range but the last one. */
export function numberBorders(first: bigint, last: bigint, parts: number): readonly string[] {
  const width = last - first;
  const borders = Array.from({ length: parts - 1 }, (_, at) => first + (width * BigInt(at + 1)) / BigInt(parts));
  return [...new Set(borders.filter((border) => border < last).map(String))];
}

/** UUIDs that divide all there are; their first digits count only. */
export function uuidBorders(parts: number): readonly string[] {
  const groups = '-ffff-ffff-ffff-ffffffffffff';
  return Array.from({ length: parts - 1 }, (_, at) => {
    const head = Math.floor((2 ** 32 * (at + 1)) / parts) - 1;
    return `${head.toString(16).padStart(8, '0')}${groups}`;
  });
}

const between = (borders: readonly string[]): readonly KeyRange[] =>
  [null, ...borders].map((above, at) => ({ above, upTo: borders[at] ?? null }));
