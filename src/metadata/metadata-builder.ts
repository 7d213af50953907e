import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import {
  type Declaration,
  declarationOf,
  declaresIndex,
  type EntityClass,
  type FieldFact,
  type SearchableOptions,
} from './declaration.js';
import { checkOptions } from './declaration-check.js';
import { declaredSettings, settingsFieldProblems } from './declared-settings.js';
import { fanOutHooksOf } from './fan-out-hook.js';
import { type FieldStep, followPath } from './field-steps.js';
import { indexNameOf, isIndexName, snakeCase } from './index-name.js';
import { readPath } from './read-path.js';
import { recordKeyOf } from './record-key.js';
import { type HiddenColumn, type PlainColumn, type SearchField, type SearchMetadata } from './search-metadata.js';
import { storedKindOf } from './value-kind.js';

/** The metadata of one entity, or every mistake in its declaration. */
export type BuiltMetadata =
  | { readonly metadata: SearchMetadata; readonly problems: readonly [] }
  | { readonly metadata: null; readonly problems: readonly string[] };

export interface IndexDefaults {
  readonly prefix: string | null;
}

/** Turns a declaration and TypeORM's metadata into the metadata of one index. Collects mistakes; throws none. */
export function buildMetadata(
  entity: EntityMetadata,
  declaration: Declaration,
  defaults: IndexDefaults,
): BuiltMetadata {
  const problems = declaration.misuses.map((misuse) => `${entity.name}: ${misuse}`);
  const { options, problems: wrongOptions } = checkOptions(declaration.entity);
  problems.push(...wrongOptions.map((problem) => `${entity.name}: ${problem}.`));
  const index = options.index ?? snakeCase(entity.name);
  const prefix = options.prefix ?? defaults.prefix;
  const indexName = indexNameOf(prefix, index);
  if (!isIndexName(indexName))
    problems.push(`${entity.name}: "${indexName}" cannot be an index name; use 1 to 400 of A-Z a-z 0-9 _ -.`);

  const subclasses = subclassFacts(entity, declaration);
  const facts = [...declaration.fields, ...embeddedFacts(entity), ...subclasses.map(({ fact }) => fact)];
  if (facts.length === 0 && declaration.hook === null)
    problems.push(`${entity.name}: nothing is declared; put @Searchable, @Filterable or @Sortable on a property.`);
  const owners = new Map<string, EntityMetadata[]>();
  for (const { fact, owner } of subclasses) owners.set(fact.path, [...(owners.get(fact.path) ?? []), owner]);
  for (const { path } of declaration.fields) owners.delete(path);
  const hiddenColumns: HiddenColumn[] = [];
  const fields = fieldsOf(entity, facts, owners, declaration, hiddenColumns, problems);
  for (const path of options.dependsOn ?? []) checkDependency(entity, path, hiddenColumns, problems);
  const relations = relationsOf(entity, fields, options, declaration.hook !== null, problems);
  const fanOut = fanOutHooksOf(entity, options.fanOut ?? [], problems);
  if (entity.primaryColumns.length === 0)
    problems.push(
      `${entity.name}: it has no primary key, so its documents have no key; declare one with @PrimaryColumn.`,
    );
  const exact = fields.find((field) => field.kind === 'exact' && (field.filterable || field.sortable));
  if (exact && declaration.hook !== null && !fields.some((field) => field.priority !== null))
    problems.push(
      `${entity.name}.${exact.path}: exact numbers have a text of their own in the index, which a search of every field looks in; declare the searchable fields.`,
    );
  problems.push(...keyProblems(entity));
  if (options.settings)
    problems.push(
      ...settingsFieldProblems(options.settings, fields, declaration.hook !== null).map(
        (problem) => `${entity.name}: settings.${problem}.`,
      ),
    );
  if (problems.length > 0) return { metadata: null, problems };

  const searchable = fields.filter((field) => field.priority !== null).sort((a, b) => a.priority! - b.priority!);
  const key = recordKeyOf(entity);
  const metadata: SearchMetadata = {
    entity: entity.name,
    target: entity.target,
    indexName,
    prefix,
    index,
    source: declaration.hook === null ? 'fields' : 'custom',
    hook: declaration.hook,
    when: (options.when as ((record: object) => boolean) | undefined) ?? null,
    mode: options.mode ?? null,
    deletedAt: entity.deleteDateColumn?.propertyPath ?? null,
    key,
    keyFields: key.fields,
    fields: Object.freeze(fields),
    searchable: Object.freeze(searchable.map((field) => field.path)),
    filterable: pathsWith(fields, (field) => field.filterable),
    sortable: pathsWith(fields, (field) => field.sortable),
    facets: pathsWith(fields, (field) => field.facet),
    relations: Object.freeze(relations),
    hiddenColumns: Object.freeze(hiddenColumns),
    plainColumns: plainColumnsOf(entity),
    dependsOn: options.dependsOn ? Object.freeze([...options.dependsOn]) : null,
    fanOut,
    version: options.version ?? 1,
    settings: declaredSettings(fields, searchable, declaration.hook !== null, options.settings),
  };
  return { metadata: Object.freeze(metadata), problems: [] };
}

/** Without those that TypeORM may leave undefined on a record that it has just saved whole. */
function plainColumnsOf(entity: EntityMetadata): readonly PlainColumn[] {
  const subclasses = new Set<unknown>(subclassesOf(entity).map(({ target }) => target));
  const isPlain = (column: ColumnMetadata) =>
    column.isSelect &&
    !column.isVirtual &&
    !column.isVirtualProperty &&
    !column.isDeleteDate &&
    !column.isDiscriminator &&
    column.generatedType === undefined &&
    // Which subclass has an embedded, TypeORM does not tell of its columns.
    (subclasses.size === 0 || column.embeddedMetadata === undefined);
  return Object.freeze(
    entity.columns.filter(isPlain).map(({ propertyPath: path, target }) => ({
      path,
      subclass: subclasses.has(target) ? (target as EntityClass) : null,
    })),
  );
}

/**
 * Primary keys that a program cannot name exactly: it reads them rounded, and finds no row under what it read.
 * JavaScript dates have milliseconds; a single-precision number is not the double that it is read as.
 */
function keyProblems(entity: EntityMetadata): string[] {
  const { type: database } = entity.dataSource.options;
  const isPostgres = database === 'postgres' || database === 'cockroachdb';
  const singles = isPostgres ? ['real', 'float4'] : ['mysql', 'mariadb'].includes(database) ? ['float'] : [];
  return entity.primaryColumns.flatMap((column) => {
    const at = `${entity.name}.${column.propertyPath}`;
    const digits = column.precision ?? (isPostgres ? 6 : 0);
    if (storedKindOf(column) === 'date' && digits > 3)
      return [`${at}: a primary key with ${digits} digits of a second is read back with 3; give it precision: 3.`];
    return singles.includes(String(column.type))
      ? [`${at}: a primary key of single precision cannot be read back exactly; use double precision.`]
      : [];
  });
}

const pathsWith = (fields: readonly SearchField[], has: (field: SearchField) => boolean) =>
  Object.freeze(fields.filter(has).map((field) => field.path));

/** Facts declared inside embedded classes hold wherever the class is embedded. */
function embeddedFacts(entity: EntityMetadata): FieldFact[] {
  return entity.allEmbeddeds.flatMap(({ type, propertyPath }) =>
    typeof type === 'function'
      ? declarationOf(type as unknown as EntityClass).fields.map((fact) => ({
          ...fact,
          path: `${propertyPath}.${fact.path}`,
        }))
      : [],
  );
}

interface SubclassFact {
  readonly fact: FieldFact;
  readonly owner: EntityMetadata;
}

/** The index of a single-table root holds its subclasses too, so their fields are fields of it. */
function subclassFacts(entity: EntityMetadata, declaration: Declaration): SubclassFact[] {
  const known = new Set(declaration.fields.map(roleAndPath));
  return subclassesOf(entity).flatMap((owner) => {
    if (typeof owner.target !== 'function') return [];
    const facts = declarationOf(owner.target as EntityClass).fields.filter((fact) => !known.has(roleAndPath(fact)));
    return facts.map((fact) => ({ fact, owner }));
  });
}

const roleAndPath = (fact: FieldFact) => `${fact.role} ${fact.path}`;
const subclassesOf = (entity: EntityMetadata): EntityMetadata[] =>
  entity.childEntityMetadatas.flatMap((child) => [child, ...subclassesOf(child)]);

function fieldsOf(
  entity: EntityMetadata,
  facts: readonly FieldFact[],
  subclassOwners: ReadonlyMap<string, readonly EntityMetadata[]>,
  declaration: Declaration,
  hiddenColumns: HiddenColumn[],
  problems: string[],
): SearchField[] {
  const byPath = groupByPath(facts);
  const searchables = facts.filter((fact) => fact.role === 'searchable').map((fact) => fact.path);
  const fields: SearchField[] = [];

  for (const [path, roles] of byPath) {
    const has = (role: FieldFact['role']) => roles.some((fact) => fact.role === role);
    const owners = subclassOwners.get(path);
    const way = roles.every((fact) => fact.ofHook)
      ? { steps: [], kind: 'open' as const, list: false, column: null, hidden: null }
      : followPath(owners?.[0] ?? entity, path);
    if ('remedy' in way) {
      problems.push(`${entity.name}.${path} (@${decoratorsOf(roles)}): ${way.happened}; ${way.remedy}.`);
      continue;
    }
    // What class-transformer excludes must not reach an engine, whatever else is declared for it.
    if (way.steps.some((step) => step.serialization.excluded)) continue;
    addHidden(way.hidden, hiddenColumns);
    const name = way.steps.length === 0 ? path : way.steps.map(nameOfStep).join('.');
    fields.push(
      Object.freeze({
        path,
        name,
        kind: kindIn(declaration, way.kind),
        list: way.list,
        utc: way.column?.utc ?? false,
        priority: has('searchable') ? searchables.indexOf(path) : null,
        filterable: has('filterable'),
        facet: roles.some((fact) => fact.facet),
        comparable: roles.every((fact) => fact.role !== 'filterable' || fact.comparison),
        sortable: has('sortable'),
        steps: Object.freeze(way.steps),
        subclasses: owners ? Object.freeze(owners.map(({ target }) => target as EntityClass)) : null,
      }),
    );
  }
  problems.push(...nameProblems(entity, fields));
  return fields;
}

// A hook may give a field another type than the column's; only where it says how values compare does the column count.
const kindIn = (declaration: Declaration, kind: SearchField['kind']): SearchField['kind'] =>
  declaration.hook === null || kind === 'exact' ? kind : 'open';

const nameOfStep = (step: FieldStep) => step.serialization.name ?? step.property;
const decoratorsOf = (roles: readonly FieldFact[]) =>
  [...new Set(roles.map((fact) => fact.role[0]!.toUpperCase() + fact.role.slice(1)))].join(', @');

function groupByPath(facts: readonly FieldFact[]): Map<string, FieldFact[]> {
  const groups = new Map<string, FieldFact[]>();
  for (const fact of facts) groups.set(fact.path, [...(groups.get(fact.path) ?? []), fact]);
  return groups;
}

const ENGINE_FIELDS = ['_geo', '_geojson', '_vectors'];

function nameProblems(entity: EntityMetadata, fields: readonly SearchField[]): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  const ways = new Map<string, string>();
  for (const { path, name, steps } of fields) {
    if (steps.length > 0) problems.push(...branchProblems(entity, path, name, ways));
    const at = `${entity.name}.${path}`;
    if (name.startsWith('_') && !ENGINE_FIELDS.includes(name.split('.')[0]!))
      problems.push(
        `${at}: the document name "${name}" begins with "_", as ${KEY_ATTRIBUTE} does; rename it with @Expose.`,
      );
    for (const [other, otherPath] of seen) {
      if (other === name)
        problems.push(
          `${at}: ${entity.name}.${otherPath} has the document name "${name}" too; rename one with @Expose.`,
        );
      else if (other.startsWith(`${name}.`) || name.startsWith(`${other}.`))
        problems.push(
          `${at}: "${name}" and "${other}" (${entity.name}.${otherPath}) cannot both be in a document; declare one of them.`,
        );
    }
    seen.set(name, path);
  }
  return problems;
}

/** Two relations or embeddeds with one name in the document would overwrite each other, whatever is taken of them. */
function branchProblems(entity: EntityMetadata, path: string, name: string, ways: Map<string, string>): string[] {
  const names = name.split('.');
  const properties = path.split('.');
  for (let length = 1; length < names.length; length++) {
    const branch = names.slice(0, length).join('.');
    const way = properties.slice(0, length).join('.');
    const other = ways.get(branch);
    if (other === undefined) ways.set(branch, way);
    else if (other !== way)
      return [
        `${entity.name}.${path}: ${entity.name}.${other} has the document name "${branch}" of ${entity.name}.${way} too; rename one with @Expose.`,
      ];
  }
  return [];
}

function relationsOf(
  entity: EntityMetadata,
  fields: readonly SearchField[],
  { relations: declared = [], dependsOn = [] }: SearchableOptions,
  hooked: boolean,
  problems: string[],
): string[] {
  const paths = new Set<string>();
  const add = (path: string) => {
    const names = path.split('.');
    for (let length = 1; length <= names.length; length++) {
      const prefix = names.slice(0, length).join('.');
      if (isRelationPath(entity, prefix)) paths.add(prefix);
    }
  };
  for (const field of fields) {
    field.steps.forEach((step, at) => {
      if (step.kind === 'toOne' || step.kind === 'toMany')
        add(
          field.steps
            .slice(0, at + 1)
            .map(({ property }) => property)
            .join('.'),
        );
    });
  }
  for (const path of declared) {
    if (isRelationPath(entity, path)) add(path);
    else
      problems.push(
        `${entity.name}: relations names "${path}", which is no relation; known: ${entity.relations.map((relation) => relation.propertyPath).join(', ') || 'none'}.`,
      );
  }
  for (const path of dependsOn) add(path);
  // A hook may count on what TypeORM's find methods load by themselves.
  if (hooked) for (const relation of entity.eagerRelations) add(relation.propertyPath);
  return [...paths].sort((a, b) => a.split('.').length - b.split('.').length);
}

/** A path of `dependsOn`: what is wrong with it, and the column that must be asked for by name. */
function checkDependency(entity: EntityMetadata, path: string, hidden: HiddenColumn[], problems: string[]): void {
  const way = followPath(entity, path);
  if (readPath(entity, path).columns === null) {
    const about =
      'remedy' in way ? `${way.happened}; ${way.remedy}` : 'it is a getter, no column; name the columns that it reads';
    problems.push(`${entity.name}: dependsOn names "${path}": ${about}.`);
  } else if (!('remedy' in way)) addHidden(way.hidden, hidden);
}

function addHidden(column: HiddenColumn | null, hidden: HiddenColumn[]): void {
  if (column === null) return;
  const isListed = hidden.some(
    ({ relation, property }) => relation === column.relation && property === column.property,
  );
  if (!isListed) hidden.push(Object.freeze(column));
}

function isRelationPath(entity: EntityMetadata, path: string): boolean {
  const names = path.split('.');
  let metadata = entity;
  let prefix = '';
  for (const name of names) {
    const relation = metadata.findRelationWithPropertyPath(prefix + name);
    if (relation) {
      metadata = relation.inverseEntityMetadata;
      prefix = '';
    } else if (metadata.findEmbeddedWithPropertyPath(prefix + name)) prefix += `${name}.`;
    else return false;
  }
  return prefix === '';
}

/** Whether an entity of the DataSource has an index of its own: declared on it, or on a base class that is no entity. */
export function hasOwnIndex(entity: EntityMetadata, isEntity: (target: unknown) => boolean): boolean {
  if (typeof entity.target !== 'function') return false;
  for (let at: object | null = entity.target; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (declaresIndex(at as unknown as EntityClass)) return true;
    const base: unknown = Object.getPrototypeOf(at);
    if (isEntity(base)) return false;
  }
  return false;
}
