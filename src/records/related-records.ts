import type { EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { HiddenColumn, SearchMetadata } from '../metadata/search-metadata.js';

/** A relation that is read along with the rows that hold it. */
interface Joined {
  /** Path from the entity. */
  readonly path: string;
  /** Path of the relation before, or of the rows that the query is for. */
  readonly parent: string;
  readonly property: string;
}

/**
 * What one query reads: rows, and all that is one to one of them or many to one. Every relation to many begins a query of
 * its own, so that rows do not multiply.
 */
export interface ReadPlan {
  /** Path of the rows from the entity; empty for its own. */
  readonly path: string;
  readonly joined: readonly Joined[];
  readonly hidden: readonly HiddenColumn[];
  readonly toMany: readonly ToManyPlan[];
}

export interface ToManyPlan {
  readonly relation: RelationMetadata;
  /** Names from the rows of the query before to the owners of the relation, one a relation. */
  readonly ownerSteps: readonly RelationMetadata[];
  /** The entity that the relation is declared on, as the query before reads it. */
  readonly owner: EntityMetadata;
  readonly rows: ReadPlan;
}

/** The alias of the entity's own rows. */
export const ROOT_ALIAS = 'record';
const OWNER = 'owner';
const MANY = 'related';
/** Databases limit the parameters of a statement. */
const OWNERS_A_QUERY = 2_000;

interface Place {
  readonly path: string;
  readonly parent: string;
  readonly relation: RelationMetadata;
  readonly owner: EntityMetadata;
}

/** Decides which of the declared relations are joined, and which are read by queries of their own. */
export function readPlanOf(metadata: SearchMetadata, entity: EntityMetadata): ReadPlan {
  const places = placesOf(metadata.relations, entity);
  const opens = (place: Place) =>
    (place.relation.isOneToMany || place.relation.isManyToMany) &&
    // Without a property there is nothing to tell owners apart by.
    place.owner.primaryColumns.every((column) => !column.isVirtual);
  const opening = new Set(places.filter(opens).map(({ path }) => path));
  const homeOf = (path: string): string => {
    for (let at: string | undefined = path; at; at = places.find((place) => place.path === at)?.parent)
      if (opening.has(at)) return at;
    return '';
  };
  const planOf = (path: string): ReadPlan => ({
    path,
    joined: places
      .filter((place) => !opening.has(place.path) && homeOf(place.path) === path)
      .map(({ path: joined, parent, relation }) => ({ path: joined, parent, property: relation.propertyPath })),
    hidden: metadata.hiddenColumns.filter(({ relation }) => homeOf(relation ?? '') === path),
    toMany: places
      .filter((place) => opening.has(place.path) && homeOf(place.parent) === path)
      .map((place) => ({
        relation: place.relation,
        owner: place.owner,
        ownerSteps: stepsBetween(places, path, place.parent),
        rows: planOf(place.path),
      })),
  });
  return planOf('');
}

function placesOf(relations: readonly string[], entity: EntityMetadata): Place[] {
  const places: Place[] = [];
  for (const path of relations) {
    const before = places.filter((place) => path.startsWith(`${place.path}.`)).at(-1);
    const owner = before === undefined ? entity : before.relation.inverseEntityMetadata;
    const property = before === undefined ? path : path.slice(before.path.length + 1);
    const relation = owner.findRelationWithPropertyPath(property)!;
    places.push({ path, parent: before?.path ?? '', relation, owner });
  }
  return places;
}

function stepsBetween(places: readonly Place[], from: string, to: string): RelationMetadata[] {
  const steps: RelationMetadata[] = [];
  for (let at = to; at !== from; ) {
    const place = places.find(({ path }) => path === at)!;
    steps.unshift(place.relation);
    at = place.parent;
  }
  return steps;
}

/** The query of an entity's own rows, without a condition. Listeners are not told: the records are not whole yet. */
export function ownRowsQuery(
  manager: EntityManager,
  entity: EntityMetadata,
  plan: ReadPlan,
): SelectQueryBuilder<ObjectLiteral> {
  const query = manager.createQueryBuilder<ObjectLiteral>(entity.target, ROOT_ALIAS).callListeners(false);
  addJoined(query, plan, ROOT_ALIAS);
  return query;
}

function addJoined(query: SelectQueryBuilder<ObjectLiteral>, plan: ReadPlan, alias: string): void {
  const aliases = new Map([[plan.path, alias]]);
  plan.joined.forEach(({ path, parent, property }, at) => {
    aliases.set(path, `joined${at}`);
    query.leftJoinAndSelect(`${aliases.get(parent)}.${property}`, `joined${at}`);
  });
  // Declared columns that TypeORM leaves out of a query by itself.
  for (const { relation, property } of plan.hidden) query.addSelect(`${aliases.get(relation ?? '')}.${property}`);
}

/** Reads the relations to many of the rows, each by queries of its own, and puts them where they belong. */
export async function attachRelated(
  manager: EntityManager,
  plan: ReadPlan,
  rows: readonly ObjectLiteral[],
): Promise<void> {
  for (const toMany of plan.toMany) {
    const owners = toMany.ownerSteps.reduce<readonly ObjectLiteral[]>(
      (before, step) => before.flatMap((row) => related(step, row)),
      rows,
    );
    if (owners.length > 0) await attachMany(manager, toMany, owners);
  }
}

function related(step: RelationMetadata, row: ObjectLiteral): readonly ObjectLiteral[] {
  const value: unknown = step.getEntityValue(row);
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value as ObjectLiteral];
}

async function attachMany(manager: EntityManager, toMany: ToManyPlan, owners: readonly ObjectLiteral[]): Promise<void> {
  const { relation, owner: entity, rows } = toMany;
  const identify = identityOf(entity.primaryColumns);
  const byKey = new Map<string, ObjectLiteral[]>();
  for (const owner of owners) {
    const key = identify(owner);
    const same = byKey.get(key);
    if (same === undefined) byKey.set(key, [owner]);
    else same.push(owner);
  }
  const distinct = [...byKey.values()].map(([first]) => first!);
  const found: ObjectLiteral[] = [];
  for (let start = 0; start < distinct.length; start += OWNERS_A_QUERY)
    found.push(...(await readOwners(manager, toMany, distinct.slice(start, start + OWNERS_A_QUERY))));
  const children = found.flatMap((owner) => related(relation, owner));
  await attachRelated(manager, rows, children);
  const lists = new Map(found.map((owner) => [identify(owner), relation.getEntityValue(owner) as unknown]));
  for (const [key, same] of byKey) {
    // One that is not among those found has none.
    const list = lists.has(key) ? lists.get(key) : [];
    // The relation is that of another subclass.
    if (!Array.isArray(list)) continue;
    same.forEach((owner, at) => {
      // As if each had been read for itself: a listener that changes a record must not change it twice.
      relation.setEntityValue(owner, at === 0 ? list : list.map((row: ObjectLiteral) => copyOf(row, relation, rows)));
    });
  }
}

/** The owners' keys alone, with what is related; TypeORM puts it together as it does for every other query. */
function readOwners(
  manager: EntityManager,
  { relation, owner, rows }: ToManyPlan,
  owners: readonly ObjectLiteral[],
): Promise<ObjectLiteral[]> {
  const query = manager.createQueryBuilder<ObjectLiteral>(owner.target, OWNER).callListeners(false);
  const discriminator = owner.discriminatorColumn ? [owner.discriminatorColumn] : [];
  query.select([...owner.primaryColumns, ...discriminator].map((column) => `${OWNER}.${column.propertyPath}`));
  const link = discriminator.length === 0 ? linkOf(query, relation) : null;
  if (link === null) {
    query.leftJoinAndSelect(`${OWNER}.${relation.propertyPath}`, MANY);
    whereOwners(query, owner.primaryColumns, owners);
  } else {
    query.innerJoinAndSelect(`${OWNER}.${relation.propertyPath}`, MANY);
    whereKeys(query, link(), owner.primaryColumns[0]!, owners);
  }
  addJoined(query, rows, MANY);
  return query.getMany();
}

/**
 * The column of the related rows, or of the join table, that holds the owner's key. The condition stands on it where it
 * can: by the owners' own keys PostgreSQL reads the whole table of related rows for each page.
 */
function linkOf(query: SelectQueryBuilder<ObjectLiteral>, relation: RelationMetadata): (() => string) | null {
  const { driver } = relation.entityMetadata.dataSource;
  const { primaryColumns } = relation.entityMetadata;
  const columns = relation.isOneToMany
    ? relation.inverseRelation!.joinColumns
    : relation.isOwning
      ? relation.joinColumns
      : relation.inverseRelation!.inverseJoinColumns;
  const [column] = columns;
  if (columns.length !== 1 || primaryColumns.length !== 1) return null;
  if (column!.referencedColumn?.databaseName !== primaryColumns[0]!.databaseName) return null;
  return () => {
    const alias = relation.isOneToMany ? MANY : query.expressionMap.joinAttributes[0]!.junctionAlias;
    return `${driver.escape(alias)}.${driver.escape(column!.databaseName)}`;
  };
}

function whereKeys(
  query: SelectQueryBuilder<ObjectLiteral>,
  path: string,
  column: ColumnMetadata,
  owners: readonly ObjectLiteral[],
): void {
  const { driver } = column.entityMetadata.dataSource;
  const keys = owners.map((owner): unknown => driver.preparePersistentValue(column.getEntityValue(owner), column));
  query.where(`${path} IN (:...keys)`, { keys });
}

function whereOwners(
  query: SelectQueryBuilder<ObjectLiteral>,
  columns: readonly ColumnMetadata[],
  owners: readonly ObjectLiteral[],
): void {
  if (columns.length === 1) {
    whereKeys(query, `${OWNER}.${columns[0]!.propertyPath}`, columns[0]!, owners);
    return;
  }
  const { driver } = columns[0]!.entityMetadata.dataSource;
  const prepared = (owner: ObjectLiteral, column: ColumnMetadata): unknown =>
    driver.preparePersistentValue(column.getEntityValue(owner), column);
  const names = columns.map((column) => `${OWNER}.${column.propertyPath}`).join(', ');
  const parameters: ObjectLiteral = {};
  const tuples = owners.map((owner, row) => {
    const values = columns.map((column, at) => {
      parameters[`key_${row}_${at}`] = prepared(owner, column);
      return `:key_${row}_${at}`;
    });
    return `(${values.join(', ')})`;
  });
  query.where(
    `(${names}) IN (${isSqlite(columns[0]!) ? `VALUES ${tuples.join(', ')}` : tuples.join(', ')})`,
    parameters,
  );
}

const isSqlite = (column: ColumnMetadata): boolean =>
  column.entityMetadata.dataSource.options.type === 'better-sqlite3';

function identityOf(columns: readonly ColumnMetadata[]): (row: ObjectLiteral) => string {
  const [only] = columns;
  if (columns.length === 1) return (row) => textOf(only!.getEntityValue(row));
  return (row) => JSON.stringify(columns.map((column) => textOf(column.getEntityValue(row))));
}

const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

/** A record of its own with the same values, and with records of its own behind the relations that were read. */
function copyOf(row: ObjectLiteral, relation: RelationMetadata, plan: ReadPlan): ObjectLiteral {
  const read = pathsOf(plan);
  const copy = (value: ObjectLiteral, declared: EntityMetadata, path: string): ObjectLiteral => {
    const entity = declared.findInheritanceMetadata(value);
    const made: ObjectLiteral = Object.assign(entity.create() as ObjectLiteral, value);
    for (const { propertyPath, embeddedMetadata } of entity.columns)
      if (embeddedMetadata) copyEmbedded(made, value, propertyPath.split('.').slice(0, -1));
    for (const inner of entity.relations) {
      const at = `${path}.${inner.propertyPath}`;
      if (!read.some((other) => other === at || other.startsWith(`${at}.`))) continue;
      const held: unknown = inner.getEntityValue(value);
      if (Array.isArray(held))
        inner.setEntityValue(
          made,
          held.map((one: ObjectLiteral) => copy(one, inner.inverseEntityMetadata, at)),
        );
      else if (held) inner.setEntityValue(made, copy(held as ObjectLiteral, inner.inverseEntityMetadata, at));
    }
    return made;
  };
  return copy(row, relation.inverseEntityMetadata, plan.path);
}

const pathsOf = (plan: ReadPlan): string[] => [
  ...plan.joined.map(({ path }) => path),
  ...plan.toMany.flatMap(({ rows }) => [rows.path, ...pathsOf(rows)]),
];

/** Embedded objects along the path become objects of their own. */
function copyEmbedded(made: ObjectLiteral, value: ObjectLiteral, names: readonly string[]): void {
  let target = made;
  let source = value;
  for (const name of names) {
    const own: unknown = source[name];
    if (typeof own !== 'object' || own === null) return;
    if (target[name] === own)
      target[name] = Object.assign(Object.create(Object.getPrototypeOf(own) as object) as object, own);
    target = target[name] as ObjectLiteral;
    source = own as ObjectLiteral;
  }
}
