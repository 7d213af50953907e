import { createRequire } from 'node:module';

/** One class-transformer `@Transform`, as a function of the value and its object. */
export type ValueTransform = (value: unknown, owner: object) => unknown;

/** What class-transformer's decorators say of one property when an instance becomes plain. */
export interface PropertySerialization {
  readonly excluded: boolean;
  /** The name given by `@Expose({ name })`, or null. */
  readonly name: string | null;
  readonly transforms: readonly ValueTransform[];
}

interface Options {
  readonly name?: string;
  readonly groups?: readonly string[];
  readonly toClassOnly?: boolean;
  readonly toPlainOnly?: boolean;
}
interface Fact {
  readonly options?: Options;
}
interface TransformFact extends Fact {
  readonly transformFn: (params: object) => unknown;
}
/** The part of class-transformer's metadata storage that is read here. */
interface Storage {
  findTransformMetadatas(target: object, property: string, type: number): readonly TransformFact[];
  findExposeMetadata(target: object, property: string): Fact | undefined;
  getExposedProperties(target: object, type: number): readonly string[];
  getExcludedProperties(target: object, type: number): readonly string[];
  getStrategy(target: object): 'excludeAll' | 'exposeAll' | 'none';
}

const CLASS_TO_PLAIN = 1;
const UNTOUCHED: PropertySerialization = Object.freeze({ excluded: false, name: null, transforms: [] });

let storage: Storage | null | undefined;

// Where the package is not installed nobody can have used its decorators.
function storageOf(): Storage | null {
  if (storage === undefined) {
    try {
      storage = (createRequire(__filename)('class-transformer/cjs/storage') as { defaultMetadataStorage: Storage })
        .defaultMetadataStorage;
    } catch {
      storage = null;
    }
  }
  return storage;
}

const inGroups = (options: Options | undefined) => (options?.groups?.length ?? 0) > 0;

/**
 * Reads `@Exclude`, `@Expose` and `@Transform` of a property once, so that a projection need not run
 * `instanceToPlain` for every record. As there, facts bound to groups do not count when no group is asked for.
 */
export function serializationOf(owner: object | null, property: string): PropertySerialization {
  const facts = storageOf();
  if (facts === null || owner === null) return UNTOUCHED;
  const expose = facts.findExposeMetadata(owner, property);
  const exposed = facts.getExposedProperties(owner, CLASS_TO_PLAIN).includes(property);
  const excluded =
    facts.getExcludedProperties(owner, CLASS_TO_PLAIN).includes(property) ||
    (facts.getStrategy(owner) === 'excludeAll' && !exposed) ||
    inGroups(expose?.options);
  const transforms = facts
    .findTransformMetadatas(owner, property, CLASS_TO_PLAIN)
    .filter(({ options }) => !inGroups(options))
    .map(
      ({ transformFn }): ValueTransform =>
        (value, obj) =>
          transformFn({ value, key: property, obj, type: CLASS_TO_PLAIN, options: {} }),
    );
  const name = exposed ? (expose?.options?.name ?? null) : null;
  return excluded || name !== null || transforms.length > 0 ? { excluded, name, transforms } : UNTOUCHED;
}
