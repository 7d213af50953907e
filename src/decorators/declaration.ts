import 'reflect-metadata';
import type { IndexSettings } from '../backend/index-settings.js';
import type { SyncMode } from '../sync/sync-mode.js';

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
  /** Settings of the index that do not follow from the declared fields. */
  readonly settings?: ExtraSettings;
}

/** Index settings that no decorator implies. */
export type ExtraSettings = Omit<
  IndexSettings,
  'searchableAttributes' | 'filterableAttributes' | 'sortableAttributes' | 'displayedAttributes'
>;

/** One decorator on one property, as written. `paths` is empty where it speaks of the property itself. */
export interface FieldFact {
  readonly role: 'searchable' | 'filterable' | 'sortable';
  readonly property: string;
  readonly paths: readonly string[];
  readonly facet: boolean;
}

/** Everything that a class declares, its ancestors' facts first. Frozen. */
export interface Declaration {
  /** The options of `@Searchable` on the class, or null where the class has no index. */
  readonly entity: SearchableOptions | null;
  readonly fields: readonly FieldFact[];
  /** Name of the method that `@SearchDocument` marks. */
  readonly hook: string | null;
  /** Decorators that were used in a way that means nothing. */
  readonly misuses: readonly string[];
}

type Class = abstract new (...args: never[]) => unknown;

interface OwnFacts {
  entity: SearchableOptions | null;
  fields: FieldFact[];
  hooks: string[];
  misuses: string[];
}

// Shared between two copies of the package, which `import` and `require` from different places may load.
const FACTS = Symbol.for('scrypath:declaration');

/** Lets a decorator record one fact on a class. */
export function declare(target: object, record: (facts: OwnFacts) => void): void {
  const own = Reflect.getOwnMetadata(FACTS, target) as OwnFacts | undefined;
  const facts: OwnFacts = own ?? { entity: null, fields: [], hooks: [], misuses: [] };
  if (own === undefined) Reflect.defineMetadata(FACTS, facts, target);
  record(facts);
}

/**
 * What a class declares by decorators, needing no DataSource. Facts of base classes come first; options on the class win
 * over those of its base classes.
 * @example declarationOf(Movie).fields.filter((field) => field.role === 'filterable');
 */
export function declarationOf(entity: Class): Declaration {
  const lineage: OwnFacts[] = [];
  for (let at: object | null = entity; at !== null; at = Object.getPrototypeOf(at)) {
    const own = Reflect.getOwnMetadata(FACTS, at) as OwnFacts | undefined;
    if (own) lineage.unshift(own);
  }
  const options = lineage.map((facts) => facts.entity).filter((facts) => facts !== null);
  const hooks = lineage.flatMap((facts) => facts.hooks);
  return Object.freeze({
    entity: options.length === 0 ? null : Object.freeze(Object.assign({}, ...options) as SearchableOptions),
    fields: Object.freeze(lineage.flatMap((facts) => facts.fields)),
    hook: hooks.at(-1) ?? null,
    misuses: Object.freeze(lineage.flatMap((facts) => facts.misuses)),
  });
}

/** Whether `@Searchable` stands on this very class, not on one of its base classes. */
export function declaresIndex(entity: Class): boolean {
  return (Reflect.getOwnMetadata(FACTS, entity) as OwnFacts | undefined)?.entity != null;
}

/** Records a role of a property, or that the decorator stands where it means nothing. */
export function declareField(
  target: object,
  property: PropertyKey | undefined,
  fact: Omit<FieldFact, 'property'>,
  decorator: string,
): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  declare(owner, (facts) => {
    if (typeof property !== 'string' || typeof target === 'function') {
      facts.misuses.push(`@${decorator} stands on ${String(property ?? 'the class')}: put it on an instance property.`);
    } else {
      facts.fields.push(Object.freeze({ ...fact, property, paths: Object.freeze([...fact.paths]) }));
    }
  });
}
