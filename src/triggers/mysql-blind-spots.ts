import type { DataSource } from 'typeorm';
import type { Rules, WatchedTable } from './watched-table.js';

/** What MySQL and MariaDB change without firing a trigger, and no trigger of another table makes up for. */
export function mysqlBlindSpots(
  { entityMetadatas }: DataSource,
  rules: Rules,
  tables: readonly WatchedTable[],
): readonly string[] {
  if (tables.length === 0) return [];
  const deep = entityMetadatas.filter((entity) => rules.deepCascadesOf(entity).length > 0);
  return [
    'TRUNCATE fires no trigger: call markAllDirty() after it.',
    ...new Set(
      deep.map(
        ({ tablePath }) =>
          `A delete from ${tablePath} can cascade through more tables than triggers look through: call markDirty() for what is beyond.`,
      ),
    ),
  ];
}
