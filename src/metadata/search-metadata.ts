import type { EntityMetadata } from 'typeorm';
import type { EntityClass, ProjectionHook } from './declaration.js';
import type { FanOutHook } from './fan-out-hook.js';
import type { FieldStep } from './field-steps.js';
import type { IndexSettings } from './index-settings.js';
import type { RecordKey } from './record-key.js';
import type { SyncMode } from './sync-mode.js';
import type { ValueKind } from './value-kind.js';

/** One declared field of an entity. */
export interface SearchField {
  /** Property path from the entity; what filters, sorts and facets name. */
  readonly path: string;
  /** Dotted path in the document; differs from `path` where class-transformer's `@Expose` renames. */
  readonly name: string;
  readonly kind: ValueKind;
  /** Whether one document can hold several values. */
  readonly list: boolean;
  /** Whether a `Date` stands for its UTC day in a column of days; else for its local one. */
  readonly utc: boolean;
  /** Place in the order of importance for full text, 0 first, or null. */
  readonly priority: number | null;
  readonly filterable: boolean;
  readonly facet: boolean;
  /** Whether a filter may ask for values above or below one. */
  readonly comparable: boolean;
  readonly sortable: boolean;
  /** The way from a record to the value; empty for a field that only the hook knows. */
  readonly steps: readonly FieldStep[];
  /** The subclasses that have the property, or null where every record has it. The field is null in the others. */
  readonly subclasses: readonly EntityClass[] | null;
}

/** A column that TypeORM leaves out of a query by itself (`select: false`), though a declared field needs it. */
export interface HiddenColumn {
  /** Path from the entity to the relation whose rows have the column, or null where the entity's own rows do. */
  readonly relation: string | null;
  /** Property path of the column in its own entity. */
  readonly property: string;
}

/** A column of the entity's own that every query reads. */
export interface PlainColumn {
  readonly path: string;
  /** The subclass that has the column, or null where every record has it. */
  readonly subclass: EntityClass | null;
}

/** Everything that Scrypath knows of one entity. Frozen; belongs to one `Scrypath` instance. */
export interface SearchMetadata {
  /** The entity's name in TypeORM. */
  readonly entity: string;
  readonly target: EntityMetadata['target'];
  /** Full name of the index: `<prefix>_<index>`. */
  readonly indexName: string;
  readonly prefix: string | null;
  readonly index: string;
  /** `custom`: a projection hook makes the documents. */
  readonly source: 'fields' | 'custom';
  readonly hook: ProjectionHook | null;
  readonly when: ((record: object) => boolean) | null;
  readonly mode: SyncMode | null;
  /** Property path of the soft-delete date, or null where the entity has none. */
  readonly deletedAt: string | null;
  readonly key: RecordKey;
  readonly keyFields: readonly string[];
  readonly fields: readonly SearchField[];
  /** Paths of the searchable fields, most important first. */
  readonly searchable: readonly string[];
  readonly filterable: readonly string[];
  readonly sortable: readonly string[];
  readonly facets: readonly string[];
  /** Relations that a projection reads, outermost first. */
  readonly relations: readonly string[];
  /** Columns that a declared field needs and that a query must select by name. */
  readonly hiddenColumns: readonly HiddenColumn[];
  /** Columns that a record of the entity has a value for, null included, unless it was loaded or made in part. */
  readonly plainColumns: readonly PlainColumn[];
  /** Property paths that the code of the projection reads, or null where they are not declared and it may read any. */
  readonly dependsOn: readonly string[] | null;
  /** Declared dependencies on records of other entities, in their order. */
  readonly fanOut: readonly FanOutHook[];
  /** Version of the projection, from 1. */
  readonly version: number;
  /** What the index is told. */
  readonly settings: IndexSettings;
}

/**
 * The document attribute below which fields of kind `exact` have their place for comparing and sorting, since an engine
 * compares numbers as doubles: text whose order is the order of the values.
 */
export const ORDER_ATTRIBUTE = '_order';

/** The document path that a filter or sort of the field names. */
export const comparedName = (field: SearchField): string =>
  field.kind === 'exact' ? `${ORDER_ATTRIBUTE}.${field.name}` : field.name;
