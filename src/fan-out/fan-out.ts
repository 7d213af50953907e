import type { DataSource, EntityMetadata } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { ENTITY_MAX_LENGTH } from '../outbox/outbox-row.js';
import { declaredLinks, declaredRules, hookNameOf, markNameOf } from './declared-rules.js';
import { type DeepCascade, erasedRules } from './erased-rules.js';
import { ForeignKeys } from './foreign-keys.js';
import { hookOwners } from './hook-owners.js';
import type { MarkRule } from './mark-rule.js';
import type { Dependency } from './owner-page.js';
import { relatedOwners } from './related-owners.js';
import { linksOf } from './relation-way.js';
import { rewrittenRules } from './rewritten-rules.js';
import { RuleBook } from './rule-book.js';
import { tableOf } from './table.js';

/** Which documents a change of a row dirties, for every table of a DataSource. */
export interface FanOut {
  /**
   * The rules of a table: an entity's or a junction's, documents of its own included; none where nothing depends on it.
   * Subclasses that share a table share its rules. A view has none: rows change in the tables that it is made of, and a
   * `fanOut` hook can tell what that means for it.
   */
  rulesOf(table: EntityMetadata): readonly MarkRule[];
  /** Deletes of rows of the table that go on further than its rules follow them. */
  deepCascadesOf(table: EntityMetadata): readonly DeepCascade[];
  /** By the name that the outbox's rows have. */
  readonly dependencies: ReadonlyMap<string, Dependency>;
}

/**
 * What follows from the declarations and from TypeORM's relations and foreign keys. It asks the database nothing: what a
 * foreign key does there is taken to be what its metadata says.
 * @throws ScrypathError `DECLARATION_INVALID` where a path is too long for the outbox
 */
export function fanOutOf(dataSource: DataSource, metadatas: readonly SearchMetadata[]): FanOut {
  const { entityMetadatas } = dataSource;
  const foreignKeys = new ForeignKeys(entityMetadatas);
  const dependencies = new Map<string, Dependency>();
  const ends = new Map<string, EntityMetadata>();
  const declared = new RuleBook();
  for (const metadata of metadatas) {
    const entity = dataSource.getMetadata(metadata.target);
    ends.set(metadata.entity, entity);
    for (const [dependency, end] of dependenciesOf(entity, metadata)) {
      dependencies.set(checkedName(dependency), dependency);
      ends.set(dependency.name, end);
    }
    for (const { table, rule } of declaredRules(entity, metadata, foreignKeys))
      if (table.tableType !== 'view') declared.add(table, rule);
  }
  const deep = new Map<string, readonly DeepCascade[]>();
  const rules = new RuleBook();
  for (const table of new Map(entityMetadatas.map((entity) => [entity.tablePath, tableOf(entity)])).values()) {
    for (const rule of declared.of(table)) rules.add(table, rule);
    const endOf = (marks: string) => ends.get(marks)!;
    const erased = erasedRules(table, declared, foreignKeys, endOf);
    for (const rule of [...erased.rules, ...rewrittenRules(table, declared, foreignKeys, endOf)])
      rules.add(table, rule);
    deep.set(table.tablePath, erased.deep);
  }
  return {
    rulesOf: (table) => rules.of(table),
    deepCascadesOf: (table) => deep.get(table.tablePath) ?? [],
    dependencies,
  };
}

/** The dependencies of an entity's documents, each with the entity whose keys its marks have. */
function dependenciesOf(
  entity: EntityMetadata,
  metadata: SearchMetadata,
): readonly (readonly [Dependency, EntityMetadata])[] {
  const related = declaredLinks(entity, metadata).map(({ path, far }) => {
    const name = markNameOf(metadata, path);
    return [relatedOwners(name, metadata, entity, linksOf(entity, path)), far] as const;
  });
  const hooks = metadata.fanOut.map((hook, at) => {
    const changed = entity.dataSource.getMetadata(hook.from);
    return [hookOwners(hookNameOf(metadata, at), metadata, changed, hook), changed] as const;
  });
  return [...related, ...hooks];
}

function checkedName({ name, owner }: Dependency): string {
  if (name.length <= ENTITY_MAX_LENGTH) return name;
  const problem = `${owner.entity}: "${name}" takes more than ${ENTITY_MAX_LENGTH} characters, which the outbox cannot hold; shorten the path.`;
  throw new ScrypathError({
    code: 'DECLARATION_INVALID',
    happened: problem,
    problems: [problem],
    entity: owner.entity,
  });
}
