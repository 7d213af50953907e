import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { encodeKey } from '../document/key-encoding.js';
import type { MarkRule } from '../fan-out/mark-rule.js';
import { keyColumnOf } from '../metadata/key-column.js';
import type { DirtyKey } from '../outbox/outbox-row.js';
import { storedKeyOf } from '../outbox/stored-key.js';
import type { NeededMarks } from './needed-marks.js';
import type { BuilderWrite } from './write-builder.js';

/**
 * The keys that an update dirties, where they stand in the primary keys that TypeORM gave it, so that no query is needed;
 * else null.
 */
export function keysOfIdentifiers(needed: NeededMarks, write: BuilderWrite): DirtyKey[] | null {
  if (write.identifiers.length === 0 || needed.before.length > 0) return null;
  const keys: DirtyKey[] = [];
  for (const rule of needed.after)
    for (const identifier of write.identifiers) {
      const recordKey = keyOf(rule, write.table, identifier);
      if (recordKey === null) return null;
      keys.push({ entity: rule.marks, recordKey });
    }
  return keys;
}

function keyOf({ key, lookup }: MarkRule, table: EntityMetadata, identifier: ObjectLiteral): string | null {
  if (lookup.length > 0) return null;
  const parts = key.map((column) => {
    const own = table.primaryColumns.find(({ databaseName }) => databaseName === column.databaseName);
    const value: unknown = own?.getEntityValue(identifier);
    return own === undefined || value === undefined || value === null ? null : keyColumnOf(own).text(value);
  });
  if (!parts.every((part) => typeof part === 'string')) return null;
  return storedKeyOf(encodeKey(parts));
}
