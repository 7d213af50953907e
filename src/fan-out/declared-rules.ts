import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import type { ForeignKeys } from './foreign-keys.js';
import type { MarkRule } from './mark-rule.js';
import { type ProjectedColumns, projectedColumnsOf } from './projected-columns.js';
import { linksOf, type RelationLink, reversed } from './relation-way.js';
import { columnOf, rowsOf, shortened, tableOf } from './table.js';

/** A rule, and the table whose changes it is about. */
export interface TableRule {
  readonly table: EntityMetadata;
  readonly rule: MarkRule;
}

/** What the outbox calls the documents that hold the row at a path; the entity itself for the empty path. */
export const markNameOf = (metadata: SearchMetadata, path: string): string =>
  path === '' ? metadata.entity : `${metadata.entity}>${path}`;

export const hookNameOf = (metadata: SearchMetadata, at: number): string => markNameOf(metadata, `fanOut:${at}`);

/** The relations that the projection of an entity follows, each once, outermost first. */
export function declaredLinks(entity: EntityMetadata, metadata: SearchMetadata): readonly RelationLink[] {
  const links = metadata.relations.flatMap((path) => linksOf(entity, path));
  return [...new Map(links.map((link) => [link.path, link])).values()];
}

/** The rules that follow from what an entity declares, before what foreign keys of the database do by themselves. */
export function declaredRules(
  entity: EntityMetadata,
  metadata: SearchMetadata,
  foreignKeys: ForeignKeys,
): readonly TableRule[] {
  const projected = projectedColumnsOf(entity, metadata);
  return [
    ruleOf(entity, { ...marksOwn(metadata.entity, entity), insert: true, delete: true, update: projected('') }),
    ...declaredLinks(entity, metadata).flatMap((link) => linkRules(metadata, link, projected(link.path), foreignKeys)),
    ...metadata.fanOut.map(({ from, columns }, at) => {
      const changed = entity.dataSource.getMetadata(from);
      const update = columns === null ? 'any' : columnsNamed(changed, columns);
      return ruleOf(changed, { ...marksOwn(hookNameOf(metadata, at), changed), insert: true, delete: true, update });
    }),
  ];
}

type GivenRule = Omit<MarkRule, 'erasedByDelete' | 'only'>;

const ruleOf = (changed: EntityMetadata, given: GivenRule): TableRule => ({
  table: tableOf(changed),
  rule: { ...given, erasedByDelete: false, only: rowsOf(changed) },
});

const keyOf = (entity: EntityMetadata): readonly ColumnMetadata[] => entity.primaryColumns.map(columnOf);
const marksOwn = (marks: string, entity: EntityMetadata) => ({ marks, key: keyOf(entity), lookup: [] });

function linkRules(
  metadata: SearchMetadata,
  link: RelationLink,
  projected: ProjectedColumns,
  foreignKeys: ForeignKeys,
): readonly TableRule[] {
  const { path, parent, near, far, steps, junction } = link;
  const marksNear = (over: RelationLink['steps']) => ({
    marks: markNameOf(metadata, parent),
    ...shortened({ key: keyOf(near), lookup: reversed(near, over) }),
  });
  const linked = { insert: true, delete: true };
  if (link.heldBy === 'far') return [ruleOf(far, { ...marksNear(steps), ...linked, update: projected })];

  const joined =
    junction === null
      ? []
      : [ruleOf(junction, { ...marksNear(steps.slice(0, 1)), ...linked, update: keysOf(junction) })];
  // Where the database keeps references whole, nobody refers to a row before it is there, nor after it is gone.
  const loose = !foreignKeys.enforces(steps.at(-1)!);
  const content = { ...marksOwn(markNameOf(metadata, path), far), insert: loose, delete: loose, update: projected };
  const referenced = steps.at(-1)!.on.map(({ to }) => to);
  // A worker finds those who refer to a row by its key; by another column only as long as the row has its value.
  const byOther = loose && !referenced.every(({ isPrimary }) => isPrimary);
  const before = { ...marksNear(steps), ...linked, update: new Set(referenced) };
  return [...joined, ruleOf(far, content), ...(byOther ? [ruleOf(far, before)] : [])];
}

const keysOf = (junction: EntityMetadata): ReadonlySet<ColumnMetadata> =>
  new Set([...junction.ownerColumns, ...junction.inverseColumns].map(columnOf));

function columnsNamed(entity: EntityMetadata, paths: readonly string[]): ReadonlySet<ColumnMetadata> {
  const counts = (column: ColumnMetadata) =>
    column.isPrimary || column.isDeleteDate || column.isDiscriminator || paths.includes(column.propertyPath);
  return new Set(entity.columns.filter(counts).map(columnOf));
}
