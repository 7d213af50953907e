import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { HiddenColumn } from './search-metadata.js';
import { type PropertySerialization, serializationOf } from './serialization.js';
import { isArrayColumn, type ValueKind, valueKindOf } from './value-kind.js';

/** One property on the way from an entity to a field. */
export interface FieldStep {
  readonly property: string;
  /** `value` ends the way; `json` is inside a JSON column; the others lead on to an object or a list of objects. */
  readonly kind: 'value' | 'json' | 'embedded' | 'toOne' | 'toMany';
  /** Name of the class that has the property, for messages. */
  readonly owner: string;
  readonly lazy: boolean;
  /** Whether objects may lack the property, as what stands inside JSON may; then it is null. */
  readonly optional: boolean;
  readonly serialization: PropertySerialization;
}

export interface FieldWay {
  readonly steps: readonly FieldStep[];
  readonly kind: ValueKind;
  /** Whether the field can hold several values in one document. */
  readonly list: boolean;
  /** The column at the end, or null where the field is a getter or inside JSON. */
  readonly column: ColumnMetadata | null;
  /** Property paths of the relations on the way, outermost first. */
  readonly relations: readonly string[];
  /** The column on the way that TypeORM reads only where it is asked by name, or null. */
  readonly hidden: HiddenColumn | null;
}

/** A path that leads to no value; `remedy` says what would. */
export interface NoWay {
  readonly happened: string;
  readonly remedy: string;
}

/** Follows a declared path through columns, embeddeds, relations, JSON and getters of the entity. */
export function followPath(entity: EntityMetadata, path: string): FieldWay | NoWay {
  const names = path.split('.');
  const steps: FieldStep[] = [];
  const relations: string[] = [];
  let metadata = entity;
  let owner: object | null = classOf(entity.target);
  let prefix = '';
  let list = false;

  for (const [at, property] of names.entries()) {
    const propertyPath = prefix + property;
    const last = at === names.length - 1;
    const step = (kind: FieldStep['kind'], lazy = false, getter = false): FieldStep => ({
      property,
      kind,
      owner: nameOf(owner) ?? metadata.name,
      lazy,
      // A getter that looks through a null relation finds nothing to give.
      optional: getter,
      serialization: serializationOf(owner, property),
    });

    const relation = metadata.findRelationWithPropertyPath(propertyPath);
    if (relation) {
      if (last)
        return { happened: 'it is a relation', remedy: `name what to take of it: '${propertyNameIn(relation)}'` };
      const toMany = relation.isOneToMany || relation.isManyToMany;
      steps.push(step(toMany ? 'toMany' : 'toOne', relation.isLazy));
      relations.push(names.slice(0, at + 1).join('.'));
      list ||= toMany;
      metadata = relation.inverseEntityMetadata;
      owner = classOf(metadata.target);
      prefix = '';
      continue;
    }
    const embedded = metadata.findEmbeddedWithPropertyPath(propertyPath);
    if (embedded) {
      if (last) return { happened: 'it is an embedded object', remedy: 'name the property in it to take' };
      steps.push(step('embedded'));
      list ||= embedded.isArray;
      owner = classOf(embedded.type);
      prefix = `${propertyPath}.`;
      continue;
    }
    const column = metadata.findColumnWithPropertyPathStrict(propertyPath);
    if (column) {
      const kind = valueKindOf(column);
      list ||= isArrayColumn(column);
      const hidden = column.isSelect ? null : { relation: relations.at(-1) ?? null, property: propertyPath };
      if (last) return { steps: [...steps, step('value')], kind, list, column, relations, hidden };
      if (kind !== 'json' && kind !== 'open')
        return { happened: `${property} is a plain column`, remedy: `it has no ${names.slice(at + 1).join('.')}` };
      steps.push(step('json'), ...jsonSteps(names.slice(at + 1), propertyPath));
      return { steps, kind: 'open', list, column: null, relations, hidden };
    }
    if (isGetter(owner, property)) {
      steps.push(step(last ? 'value' : 'json', false, true), ...(last ? [] : jsonSteps(names.slice(at + 1), property)));
      return { steps, kind: 'open', list, column: null, relations, hidden: null };
    }
    return {
      happened: `${nameOf(owner) ?? metadata.name} has no property ${property}`,
      remedy: `known: ${propertiesOf(metadata, prefix).join(', ')}`,
    };
  }
  return { happened: 'the path is empty', remedy: 'name a property' };
}

const jsonSteps = (names: readonly string[], owner: string): FieldStep[] =>
  names.map((property, at) => ({
    property,
    kind: at === names.length - 1 ? 'value' : 'json',
    owner,
    lazy: false,
    optional: true,
    serialization: serializationOf(null, property),
  }));

const classOf = (target: unknown): object | null => (typeof target === 'function' ? target : null);
const nameOf = (owner: object | null): string | null => (typeof owner === 'function' ? owner.name : null);

function isGetter(owner: object | null, property: string): boolean {
  let at: object | null = typeof owner === 'function' ? (owner.prototype as object) : null;
  for (; at !== null; at = Object.getPrototypeOf(at))
    if (Object.getOwnPropertyDescriptor(at, property)?.get !== undefined) return true;
  return false;
}

function propertyNameIn({ inverseEntityMetadata }: { inverseEntityMetadata: EntityMetadata }): string {
  const columns = inverseEntityMetadata.columns.filter((column) => !column.isPrimary && !column.relationMetadata);
  return (columns[0] ?? inverseEntityMetadata.primaryColumns[0])?.propertyPath ?? 'name';
}

function propertiesOf(metadata: EntityMetadata, prefix: string): string[] {
  const paths = [...metadata.columns.filter((column) => !column.isVirtual), ...metadata.relations].map(
    (property) => property.propertyPath,
  );
  const below = paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split('.')[0]!);
  return [...new Set(below)];
}
