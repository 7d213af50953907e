import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { valueKindOf } from './value-kind.js';

/** What a property path reads of a table. */
export interface PathRead {
  /** Path of the relation whose rows are read; empty for the entity's own. */
  readonly relation: string;
  /** The columns; `any` of the entity where it ends at a relation; null where the path is no column: a getter, or nothing. */
  readonly columns: readonly ColumnMetadata[] | 'any' | null;
}

/** Follows a property path through relations and embeddeds to what it reads. */
export function readPath(entity: EntityMetadata, path: string): PathRead {
  const names = path.split('.');
  let at = entity;
  let relation = '';
  let prefix = '';
  for (const [index, name] of names.entries()) {
    const property = prefix + name;
    const next = at.findRelationWithPropertyPath(property);
    const column = at.findColumnWithPropertyPathStrict(property);
    if (next) {
      at = next.inverseEntityMetadata;
      relation = names.slice(0, index + 1).join('.');
      prefix = '';
    } else if (at.findEmbeddedWithPropertyPath(property)) prefix = `${property}.`;
    else {
      const ends = index === names.length - 1 || (column && holdsObjects(column));
      return { relation, columns: column && ends ? [column] : null };
    }
  }
  if (prefix === '') return { relation, columns: 'any' };
  return { relation, columns: at.columns.filter(({ propertyPath }) => propertyPath.startsWith(prefix)) };
}

const holdsObjects = (column: ColumnMetadata): boolean => ['json', 'open'].includes(valueKindOf(column));
