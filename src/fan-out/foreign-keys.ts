import type { EntityMetadata } from 'typeorm';
import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';
import type { LookupStep } from './mark-rule.js';
import { columnOf, isSameColumn, tableOf } from './table.js';

/** A foreign key in the database, seen from the row that it refers to. */
export interface ForeignKey {
  /** From the row referred to, to the rows that refer to it. */
  readonly step: LookupStep;
  readonly onDelete: 'cascade' | 'rewrite' | 'refuse';
  readonly onUpdate: 'cascade' | 'rewrite' | 'refuse';
}

/** The foreign keys that TypeORM makes, by the table that they refer to. */
export class ForeignKeys {
  readonly #byReferenced = new Map<string, ForeignKey[]>();

  constructor(entities: readonly EntityMetadata[]) {
    const seen = new Set<string>();
    for (const key of entities.flatMap(({ foreignKeys }) => foreignKeys)) {
      const { tablePath } = key.entityMetadata;
      const name = JSON.stringify([tablePath, key.columnNames, key.referencedTablePath, key.referencedColumnNames]);
      // Subclasses that share a table may repeat its keys.
      if (seen.has(name)) continue;
      seen.add(name);
      const into = this.#byReferenced.get(key.referencedEntityMetadata.tablePath) ?? [];
      this.#byReferenced.set(key.referencedEntityMetadata.tablePath, [...into, foreignKeyOf(key)]);
    }
  }

  /** The keys that refer to rows of the table. */
  to(table: EntityMetadata): readonly ForeignKey[] {
    return this.#byReferenced.get(table.tablePath) ?? [];
  }

  /** Whether the database refuses rows that would refer, by this step to the row referred to, to none. */
  enforces(step: LookupStep): boolean {
    return this.to(step.table).some(
      ({ step: { on } }) =>
        on.length === step.on.length &&
        step.on.every(({ from, to }) => on.some((pair) => isSameColumn(pair.to, from) && isSameColumn(pair.from, to))),
    );
  }
}

function foreignKeyOf(key: ForeignKeyMetadata): ForeignKey {
  const { columns, referencedColumns, onDelete, onUpdate, entityMetadata } = key;
  const on = columns.map((column, at) => ({ from: columnOf(referencedColumns[at]!), to: columnOf(column) }));
  return { step: { table: tableOf(entityMetadata), on }, onDelete: actionOf(onDelete), onUpdate: actionOf(onUpdate) };
}

const actionOf = (action: string | undefined): ForeignKey['onDelete'] =>
  action === 'CASCADE' ? 'cascade' : action?.startsWith('SET') ? 'rewrite' : 'refuse';
