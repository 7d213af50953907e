import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { LookupStep } from './mark-rule.js';
import { columnOf, subclassesOf, tableOf } from './table.js';

/** One relation of a declared path, and how rows of its two sides find each other. */
export interface RelationLink {
  /** Property path from the searched entity. */
  readonly path: string;
  /** That of the relation before it, empty for the searched entity itself. */
  readonly parent: string;
  /** The entity that declares the relation, and the one that it leads to. */
  readonly near: EntityMetadata;
  readonly far: EntityMetadata;
  /**
   * Which rows join the two: `near`, where the declaring side has the foreign key; `far`, where the other has; `junction`,
   * where a table between them has both.
   */
  readonly heldBy: 'near' | 'far' | 'junction';
  /** The tables from the declaring side to the other. */
  readonly steps: readonly LookupStep[];
  /** The table between them, where there is one. */
  readonly junction: EntityMetadata | null;
}

/** The relations on a path, outermost first. Properties of embeddeds belong to the name of the relation in them. */
export function linksOf(entity: EntityMetadata, path: string): readonly RelationLink[] {
  const links: RelationLink[] = [];
  const names = path.split('.');
  let near = entity;
  let start = 0;
  for (let end = 1; end <= names.length; end++) {
    const relation = relationOf(near, names.slice(start, end).join('.'));
    if (relation === undefined) continue;
    links.push(linkOf(relation, names.slice(0, end).join('.'), names.slice(0, start).join('.')));
    near = relation.inverseEntityMetadata;
    start = end;
  }
  return links;
}

/** A relation of the entity or of one of its subclasses. */
const relationOf = (entity: EntityMetadata, path: string): RelationMetadata | undefined =>
  [entity, ...subclassesOf(entity)]
    .map((one) => one.findRelationWithPropertyPath(path))
    .find((relation) => relation !== undefined);

function linkOf(relation: RelationMetadata, path: string, parent: string): RelationLink {
  const { entityMetadata: near, inverseEntityMetadata: far, junctionEntityMetadata: junction = null } = relation;
  const common = { path, parent, near, far };
  if (junction !== null) {
    const [ours, theirs] = relation.isManyToManyOwner
      ? [junction.ownerColumns, junction.inverseColumns]
      : [junction.inverseColumns, junction.ownerColumns];
    const steps = [toHolder(junction, ours), toReferenced(far, theirs)];
    return { ...common, heldBy: 'junction', steps, junction };
  }
  if (relation.isWithJoinColumn)
    return { ...common, heldBy: 'near', steps: [toReferenced(far, relation.joinColumns)], junction };
  const { joinColumns } = relation.inverseRelation!;
  return { ...common, heldBy: 'far', steps: [toHolder(far, joinColumns)], junction };
}

type Columns = RelationMetadata['joinColumns'];

const toReferenced = (table: EntityMetadata, foreignKey: Columns): LookupStep => ({
  table: tableOf(table),
  on: foreignKey.map((column) => ({ from: columnOf(column), to: columnOf(column.referencedColumn!) })),
});

const toHolder = (table: EntityMetadata, foreignKey: Columns): LookupStep => ({
  table: tableOf(table),
  on: foreignKey.map((column) => ({ from: columnOf(column.referencedColumn!), to: columnOf(column) })),
});

/** The same steps walked from their end to `start`. */
export function reversed(start: EntityMetadata, steps: readonly LookupStep[]): readonly LookupStep[] {
  return steps
    .map((step, at) => ({
      table: at === 0 ? tableOf(start) : steps[at - 1]!.table,
      on: step.on.map(({ from, to }) => ({ from: to, to: from })),
    }))
    .reverse();
}
