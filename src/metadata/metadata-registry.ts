import type { DataSource, EntityMetadata } from 'typeorm';
import { ScrypathError } from '../errors/scrypath-error.js';
import { type Declaration, declarationOf, type EntityClass } from './declaration.js';
import { kindOf } from './given.js';
import { type BuiltMetadata, buildMetadata, hasOwnIndex, type IndexDefaults } from './metadata-builder.js';
import type { SearchMetadata } from './search-metadata.js';

/** An `EntitySchema`, as far as it names its entity. */
export interface NamedSchema {
  readonly options: { readonly name: string; readonly target?: unknown };
}

/** What names an entity: its class, its schema, or its name in TypeORM. */
export type EntityName = EntityClass | NamedSchema | string;

/** An entity with a declaration that stands beside it. */
export interface DescribedEntity {
  readonly target: EntityClass | NamedSchema;
  readonly declaration: Declaration;
}

/** The search metadata of one `Scrypath` instance: built once for each entity, on first use. */
export class MetadataRegistry {
  readonly #dataSource: DataSource;
  readonly #listed: readonly (DescribedEntity | EntityClass)[];
  readonly #defaults: IndexDefaults;
  readonly #built = new Map<EntityMetadata, BuiltMetadata>();

  constructor(dataSource: DataSource, listed: readonly (DescribedEntity | EntityClass)[], defaults: IndexDefaults) {
    this.#dataSource = dataSource;
    this.#listed = listed;
    this.#defaults = defaults;
  }

  /** The metadata of one entity. Throws `ENTITY_UNKNOWN`, `DECLARATION_INVALID`, `DATA_SOURCE_NOT_READY`. */
  of(entity: EntityName): SearchMetadata {
    const known = namesEntity(entity) ? this.#find(entity) : undefined;
    if (!known || !this.#hasIndex(known))
      throw new ScrypathError({
        code: 'ENTITY_UNKNOWN',
        entity: nameOf(entity),
        happened: known
          ? `${known.name} has no index: neither @Searchable nor describe() declares one.`
          : namesEntity(entity)
            ? `${nameOf(entity)} is no entity of the DataSource.`
            : `${kindOf(entity)} names no entity.`,
        remedy: known
          ? 'Put @Searchable() on the class, or give a description in the option "entities".'
          : namesEntity(entity)
            ? 'Add it to the entities of the DataSource.'
            : 'Give a class or an EntitySchema. Of two files that import each other, one may see the class too early.',
      });
    const { metadata, problems } = this.#build(known);
    if (metadata === null) throw declarationInvalid(problems);
    return metadata;
  }

  /** The metadata of every entity with an index. Throws `DECLARATION_INVALID` with all mistakes of all of them. */
  all(): readonly SearchMetadata[] {
    const entities = this.#entities().filter((entity) => this.#hasIndex(entity));
    const built = entities.map((entity) => this.#build(entity));
    const problems = [...this.#strangers(), ...built.flatMap((one) => one.problems)];
    const metadatas = built.flatMap((one) => one.metadata ?? []);
    for (const [at, { entity, indexName }] of metadatas.entries()) {
      const twin = metadatas.slice(0, at).find((other) => other.indexName === indexName);
      if (twin) problems.push(`${entity}: the index "${indexName}" is that of ${twin.entity}; give one another name.`);
    }
    if (problems.length > 0) throw declarationInvalid(problems);
    return metadatas;
  }

  #build(entity: EntityMetadata): BuiltMetadata {
    let built = this.#built.get(entity);
    if (built === undefined) {
      const declaration = this.#described(entity)?.declaration ?? declarationOf(entity.target as EntityClass);
      built = buildMetadata(entity, declaration, this.#defaults);
      this.#built.set(entity, built);
    }
    return built;
  }

  #entities(): readonly EntityMetadata[] {
    if (!this.#dataSource.isInitialized)
      throw new ScrypathError({
        code: 'DATA_SOURCE_NOT_READY',
        happened: 'The DataSource is not initialized.',
        remedy: 'Await dataSource.initialize() first.',
      });
    return this.#dataSource.entityMetadatas;
  }

  #find(entity: EntityName): EntityMetadata | undefined {
    return this.#entities().find((known) => isOf(known, entity));
  }

  #hasIndex(entity: EntityMetadata): boolean {
    if (this.#described(entity)) return true;
    const isEntity = (target: unknown) => this.#dataSource.entityMetadatas.some((known) => known.target === target);
    return hasOwnIndex(entity, isEntity);
  }

  #described(entity: EntityMetadata): DescribedEntity | undefined {
    return this.#listed.filter(isDescribed).find(({ target }) => namesEntity(target) && isOf(entity, target));
  }

  /** Listed entities that the DataSource does not know, or that declare nothing. */
  #strangers(): string[] {
    return this.#listed.flatMap((listed) => {
      const target = isDescribed(listed) ? listed.target : listed;
      if (!namesEntity(target)) return [`describe() was given ${kindOf(target)}; it takes a class or an EntitySchema.`];
      const known = this.#find(target);
      if (!known) return [`${nameOf(target)}: it is no entity of the DataSource; add it to the DataSource's entities.`];
      return this.#hasIndex(known) ? [] : [`${known.name}: it declares no index; put @Searchable() on the class.`];
    });
  }
}

const isDescribed = (listed: DescribedEntity | EntityClass): listed is DescribedEntity => typeof listed !== 'function';

/** Whether a JavaScript caller, too, gave what can name an entity. */
const namesEntity = (given: unknown): given is EntityName =>
  typeof given === 'string' || typeof given === 'function' || isSchema(given);

const isSchema = (given: unknown): given is NamedSchema => {
  const options = (given as { options?: { name?: unknown } } | null | undefined)?.options;
  return typeof options === 'object' && options !== null && typeof options.name === 'string';
};

const isOf = (known: EntityMetadata, entity: EntityName): boolean => {
  if (typeof entity === 'string') return known.name === entity;
  if (typeof entity === 'function') return known.target === entity;
  return (
    known.name === entity.options.name ||
    (entity.options.target !== undefined && known.target === entity.options.target)
  );
};

const nameOf = (entity: EntityName): string => {
  if (typeof entity === 'string') return entity;
  if (typeof entity === 'function') return entity.name || 'a class without a name';
  return isSchema(entity) ? entity.options.name : kindOf(entity);
};

const declarationInvalid = (problems: readonly string[]) =>
  new ScrypathError({
    code: 'DECLARATION_INVALID',
    happened: `${problems.length} ${problems.length === 1 ? 'declaration does' : 'declarations do'} not hold:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    problems,
  });
