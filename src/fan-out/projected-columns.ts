import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { readPath } from '../metadata/read-path.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { linksOf, type RelationLink } from './relation-way.js';
import { columnOf, subclassesOf, tableOf } from './table.js';

/** The columns of one table that a projection reads. */
export type ProjectedColumns = 'any' | ReadonlySet<ColumnMetadata>;

/**
 * What the projection of an entity reads of its own table and of those that its relations lead to: the columns of the
 * declared fields and of `dependsOn`; every column where code may look at any. Keys, foreign keys, the soft-delete date and
 * the column that tells subclasses apart always count.
 * @returns a function of a relation's path, empty for the entity's own table
 */
export function projectedColumnsOf(
  entity: EntityMetadata,
  metadata: SearchMetadata,
): (relation: string) => ProjectedColumns {
  const links = new Map(metadata.relations.flatMap((path) => linksOf(entity, path).map((link) => [link.path, link])));
  const entityAt = (relation: string) => (relation === '' ? entity : links.get(relation)!.far);
  const code = metadata.dependsOn === null ? pathsWithCode(entity, metadata, links) : [];
  const reads = [
    ...metadata.fields.filter(({ steps }) => steps.length > 0).map(({ path }) => path),
    ...(metadata.dependsOn ?? []),
  ].map((path) => readOf(entity, path));
  return (relation) => {
    if (code.some((path) => path === '' || path === relation || relation.startsWith(`${path}.`))) return 'any';
    const columns = alwaysRead(entityAt(relation), relation, [...links.values()]);
    for (const read of reads) {
      if (read.relation !== relation || read.columns === null) continue;
      // What a database computes changes with columns that only it knows.
      if (read.columns === 'any' || read.columns.some(isComputed)) return 'any';
      for (const column of read.columns) columns.add(columnOf(column));
    }
    return columns;
  };
}

/** As {@link readPath}, for properties of subclasses too. */
function readOf(entity: EntityMetadata, path: string): ReturnType<typeof readPath> {
  const reads = [entity, ...subclassesOf(entity)].map((one) => readPath(one, path));
  return reads.find(({ columns }) => columns !== null) ?? reads[0]!;
}

/** Relations whose records are read by code; empty for the entity itself. Code sees what is loaded below its record too. */
function pathsWithCode(
  entity: EntityMetadata,
  metadata: SearchMetadata,
  links: ReadonlyMap<string, RelationLink>,
): readonly string[] {
  if (metadata.hook !== null || metadata.when !== null || hasCode(entity)) return [''];
  const paths = [...links.values()].filter(({ far }) => hasCode(far)).map(({ path }) => path);
  for (const { path, steps } of metadata.fields) {
    const read = readOf(entity, path);
    if (read.columns === null) paths.push(read.relation);
    steps.forEach(({ serialization }, at) => {
      if (serialization.transforms.length > 0) paths.push(ownerPathOf(path, at, links));
    });
  }
  return paths;
}

/** The relation whose record has the property at a place of the path. */
function ownerPathOf(path: string, at: number, links: ReadonlyMap<string, RelationLink>): string {
  const names = path.split('.').slice(0, at);
  while (names.length > 0 && !links.has(names.join('.'))) names.pop();
  return names.join('.');
}

function hasCode(entity: EntityMetadata): boolean {
  const { subscribers } = entity.dataSource;
  return [entity, ...subclassesOf(entity)].some(
    (one) =>
      one.afterLoadListeners.length > 0 ||
      one.columns.some(isComputed) ||
      subscribers.some((subscriber) => subscriber.afterLoad !== undefined && listensTo(subscriber.listenTo?.(), one)),
  );
}

const listensTo = (target: unknown, entity: EntityMetadata): boolean =>
  target === undefined ||
  target === null ||
  target === entity.target ||
  entity.inheritanceTree.includes(target as never);

const isComputed = ({ asExpression, generatedType, isVirtualProperty }: ColumnMetadata): boolean =>
  asExpression !== undefined || generatedType !== undefined || isVirtualProperty;

function alwaysRead(entity: EntityMetadata, relation: string, links: readonly RelationLink[]): Set<ColumnMetadata> {
  const table = tableOf(entity);
  const isAlways = (column: ColumnMetadata) =>
    column.isPrimary || column.isDeleteDate || column.isDiscriminator || column.referencedColumn !== undefined;
  const columns = new Set(table.columns.filter(isAlways));
  // Columns that others refer to, where they are no primary key.
  for (const { path, parent, steps } of links) {
    if (parent === relation) for (const { from } of steps[0]!.on) columns.add(from);
    if (path === relation) for (const { to } of steps.at(-1)!.on) columns.add(to);
  }
  return columns;
}
