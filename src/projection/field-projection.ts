import type { JsonObject, JsonValue } from '../document/json.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { EntityClass } from '../metadata/declaration.js';
import type { FieldStep } from '../metadata/field-steps.js';
import type { SearchField } from '../metadata/search-metadata.js';
import type { ValueKind } from '../metadata/value-kind.js';
import { columnValueToJson, toJson } from './json-value.js';
import { wrapThrown } from './wrap-thrown.js';

/** Puts one member into the document that it is given, read from the owner. */
type Member = (owner: Record<string, unknown>, into: Record<string, JsonValue>) => void;

interface Branch {
  readonly step: FieldStep;
  readonly path: string;
  readonly name: string;
  readonly kind: ValueKind;
  readonly utc: boolean;
  /** The subclasses whose records have the property, or null where every record has it. */
  readonly subclasses: readonly EntityClass[] | null;
  readonly branches: Branch[];
}

/** Compiles the declared fields of an entity into one function from a record to its document's data. */
export function compileFields(entity: string, fields: readonly SearchField[]): (record: object) => JsonObject {
  const root: Branch[] = [];
  for (const field of fields) {
    let level = root;
    field.steps.forEach((step, at) => {
      const name = step.serialization.name ?? step.property;
      let branch = level.find((other) => other.step.property === step.property);
      if (branch === undefined) {
        const path = field.steps
          .slice(0, at + 1)
          .map(({ property }) => property)
          .join('.');
        // Below the record itself, whose class is known, there is nothing that only a subclass has.
        const subclasses = at === 0 ? field.subclasses : null;
        branch = { step, path, name, kind: field.kind, utc: field.utc, subclasses, branches: [] };
        level.push(branch);
      }
      level = branch.branches;
    });
  }
  const members = root.map((branch) => compileBranch(entity, branch));
  return (record) => objectOf(members, record as Record<string, unknown>);
}

function objectOf(members: readonly Member[], owner: Record<string, unknown>): JsonObject {
  const data: Record<string, JsonValue> = {};
  for (const member of members) member(owner, data);
  return Object.freeze(data);
}

function compileBranch(entity: string, branch: Branch): Member {
  const { step, name, kind, utc } = branch;
  const read = compileRead(entity, branch);
  const members = branch.branches.map((below) => compileBranch(entity, below));
  const toObject = (value: unknown): JsonValue =>
    value === null || value === undefined
      ? null
      : typeof value === 'object'
        ? objectOf(members, value as Record<string, unknown>)
        : toJson(value);
  const toObjects = (value: unknown): JsonValue =>
    Array.isArray(value) ? Object.freeze(value.map(toObject)) : toObject(value);

  const jsonFrom = (owner: Record<string, unknown>): JsonValue => {
    const value = read(owner);
    if (step.kind !== 'value') return toObjects(value);
    if (kind === 'exact' && isRounded(value)) throw valueRounded(entity, branch.path);
    return columnValueToJson(value, kind, utc);
  };
  const what = `The value of ${branch.path} of a ${entity}`;
  return (owner, into) => {
    into[name] = wrapThrown(entity, what, () => jsonFrom(owner));
  };
}

function compileRead(entity: string, branch: Branch): (owner: Record<string, unknown>) => unknown {
  const { step, subclasses } = branch;
  const { property, serialization } = step;
  const relation = step.kind === 'toOne' || step.kind === 'toMany';
  // TypeORM keeps what a lazy relation has loaded beside it; reading the property itself would send a query.
  const slot = step.lazy ? `__${property}__` : property;
  const lacks = (owner: object) => subclasses !== null && !subclasses.some((subclass) => owner instanceof subclass);

  const readRaw = (owner: Record<string, unknown>): unknown => {
    const value = owner[slot];
    if (value !== undefined && !(relation && value instanceof Promise)) return value;
    if (step.optional || lacks(owner)) return null;
    throw relation ? relationNotLoaded(entity, branch.path) : fieldMissing(entity, firstValueOf(branch).path);
  };
  const { transforms } = serialization;
  if (transforms.length === 0) return readRaw;
  return (owner) => transforms.reduce((value, transform) => transform(value, owner), readRaw(owner));
}

const firstValueOf = (branch: Branch): Branch =>
  branch.step.kind === 'embedded' && branch.branches[0] ? firstValueOf(branch.branches[0]) : branch;

/** Whether a double stands for an integer that doubles do not tell from its neighbours. */
const isRounded = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);

const valueRounded = (entity: string, path: string) =>
  new ScrypathError({
    code: 'PROJECTION_FAILED',
    entity,
    happened: `The value of ${path} of a ${entity} came as a number beyond 2^53, so it is rounded already.`,
    remedy: 'Let the database driver give such numbers as text, or store them as text.',
  });

const fieldMissing = (entity: string, path: string) =>
  new ScrypathError({
    code: 'PROJECTION_FAILED',
    entity,
    happened: `A ${entity} has no value, not even null, for its declared field ${path}.`,
    remedy: 'Load the whole record before syncing it, or give its key to syncKeys.',
  });

const relationNotLoaded = (entity: string, path: string) =>
  new ScrypathError({
    code: 'RELATION_NOT_LOADED',
    entity,
    happened: `The projection of ${entity} reads the relation ${path}, which is not loaded on the record given.`,
    remedy: `Load it (relations: { ${path.split('.')[0]}: true }), or give the record's key to syncKeys.`,
  });
