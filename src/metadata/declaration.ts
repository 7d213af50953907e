import 'reflect-metadata';
import { rolesProblems } from './declaration-check.js';
import type { ExtraSettings } from './extra-settings.js';
import type { FanOutOptions } from './fan-out-hook.js';
import type { FieldPath } from './field-path.js';
import { isPlainObject } from './given.js';
import type { SyncMode } from './sync-mode.js';

/** What a class declares about its index. */
export interface SearchableOptions<E extends object = object> {
  /** Name of the index, without prefix; default: the entity's name in snake_case. */
  readonly index?: string;
  /** Stands before the index name, joined by `_`; default: the prefix of the `Scrypath` instance. */
  readonly prefix?: string;
  /** Mode of the sync verbs for this entity; default: that of the `Scrypath` instance. */
  readonly mode?: SyncMode;
  /** Whether a record belongs in the index. A record for which it is false is removed from it. */
  readonly when?: (record: E) => boolean;
  /** Relations that `when` or the projection hook read, beyond those of the declared paths: `['director.country']`. */
  readonly relations?: readonly string[];
  /**
   * What the code of the projection reads: property paths, beyond those of the declared fields. A projection with code in
   * it (a hook, `when`, a getter, a `@Transform`, `@AfterLoad`, a generated column) may read any column, so with a queue
   * every update of the record or of a related one makes its document again; with this list only those that change one of
   * these columns. A path that ends at a relation stands for all of its columns. Relations on the paths are loaded. Keys,
   * foreign keys and the soft-delete date always count.
   */
  readonly dependsOn?: readonly (object extends E ? string : FieldPath<NoInfer<E>>)[];
  /** Records of other entities that documents depend on without a relation; see {@link FanOutOptions}. */
  readonly fanOut?: readonly FanOutOptions<NoInfer<E>>[];
  /**
   * Version of the projection, a whole number from 1; default 1. Raise it when the code of the projection changes: with a
   * queue, a worker that still has the older one leaves the work to those that have the newer.
   */
  readonly version?: number;
  /** Settings of the index that do not follow from the declared fields. */
  readonly settings?: ExtraSettings;
}

/**
 * What one field is for. `filterable: { facet: true }` also lets its values be counted; `{ comparison: false }` lets them be
 * equal to something, and not above or below it.
 */
export interface FieldRoles {
  readonly searchable?: boolean;
  readonly filterable?: boolean | { readonly facet?: boolean; readonly comparison?: boolean };
  readonly sortable?: boolean;
}

/** One role of one field. `path` leads from the entity: `title`, `director.name`. */
export interface FieldFact {
  readonly role: 'searchable' | 'filterable' | 'sortable';
  readonly path: string;
  readonly facet: boolean;
  /** Whether a filter may ask for values above or below one. */
  readonly comparison: boolean;
  /** Whether only the projection hook knows the field: it need not be a property of the entity. */
  readonly ofHook: boolean;
}

/** The method that makes the document, by its name, or a function of the record. */
export type ProjectionHook = string | ((record: object) => unknown);

/** Everything that an entity declares, the facts of base classes first. Frozen. */
export interface Declaration {
  /** The options of the entity's index, or null where it has none. */
  readonly entity: SearchableOptions | null;
  readonly fields: readonly FieldFact[];
  readonly hook: ProjectionHook | null;
  /** What the declaration itself has wrong: decorators that stand where they mean nothing, unknown members. */
  readonly misuses: readonly string[];
}

export type EntityClass<E = unknown> = abstract new (...args: never[]) => E;

interface OwnFacts {
  entity: SearchableOptions | null;
  fields: FieldFact[];
  hook: string | null;
  misuses: string[];
}

// Shared between two copies of the package, which two applications' dependencies may bring.
const FACTS = Symbol.for('scrypath:declaration');
const ownFactsOf = (target: object) => Reflect.getOwnMetadata(FACTS, target) as OwnFacts | undefined;

/** Lets a decorator record a fact on the class that it stands in. */
export function declare(target: object, record: (facts: OwnFacts) => void): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  let facts = ownFactsOf(owner);
  if (facts === undefined) {
    facts = { entity: null, fields: [], hook: null, misuses: [] };
    Reflect.defineMetadata(FACTS, facts, owner);
  }
  record(facts);
}

/**
 * What a class declares by decorators; needs no DataSource. Facts of base classes come first, and options on the class
 * win over those of its base classes.
 * @example declarationOf(Movie).fields.filter((field) => field.role === 'filterable');
 */
export function declarationOf(entity: EntityClass): Declaration {
  const lineage: OwnFacts[] = [];
  for (let at: object | null = entity; at !== null; at = Object.getPrototypeOf(at)) {
    const own = ownFactsOf(at);
    if (own) lineage.unshift(own);
  }
  const options = lineage.flatMap((facts) => facts.entity ?? []);
  return freezeDeclaration({
    entity: options.length === 0 ? null : (Object.assign({}, ...options) as SearchableOptions),
    fields: lineage.flatMap((facts) => facts.fields),
    hook: lineage.findLast((facts) => facts.hook !== null)?.hook ?? null,
    misuses: lineage.flatMap((facts) => facts.misuses),
  });
}

/** Whether `@Searchable` stands on this very class, not on one of its base classes. */
export function declaresIndex(entity: EntityClass): boolean {
  return ownFactsOf(entity)?.entity != null;
}

export function freezeDeclaration(declaration: Declaration): Declaration {
  return Object.freeze({
    entity: declaration.entity && Object.freeze({ ...declaration.entity }),
    fields: Object.freeze(declaration.fields.map((fact) => Object.freeze({ ...fact }))),
    hook: declaration.hook,
    misuses: Object.freeze([...declaration.misuses]),
  });
}

/** The facts of fields given as a table of roles, in its order. Mistakes in it go to `problems`. */
export function factsOf(fields: unknown, ofHook: boolean, at: string, problems: string[]): FieldFact[] {
  problems.push(...rolesProblems(fields, at));
  if (!isPlainObject(fields)) return [];
  return Object.entries(fields).flatMap(([path, given]) => {
    if (!isPlainObject(given)) return [];
    const { searchable, filterable, sortable } = given as FieldRoles;
    const facet = isPlainObject(filterable) && filterable.facet === true;
    const comparison = !isPlainObject(filterable) || filterable.comparison !== false;
    const roles = { searchable, filterable, sortable };
    return (['searchable', 'filterable', 'sortable'] as const)
      .filter((role) => Boolean(roles[role]))
      .map((role) => ({ role, path, facet: facet && role === 'filterable', comparison, ofHook }));
  });
}
