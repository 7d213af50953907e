import type { EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { EntityClass } from './declaration.js';
import type { NamedSchema } from './metadata-registry.js';
import type { PrimaryKey } from './primary-key.js';

/**
 * Records whose documents change with a record of another entity, where no relation tells so: the other is named by a
 * value, or what it changes is decided by code.
 */
export interface FanOutOptions<E extends object = object> {
  /** The entity of the records that change: its name, or a function that returns its class, its schema or its name. */
  readonly from: string | (() => EntityClass | NamedSchema | string);
  /** Property paths of the columns that matter in an update; default: every column. Its key always does. */
  readonly columns?: readonly string[];
  /**
   * The primary keys of the records whose documents must be made again; all of them, or pages of them.
   * It runs in the worker after the change was committed, is given keys and never records, and finds a deleted record gone.
   * With many keys it is called again for each part that is worked off, so it must read them, not remember them.
   * @param changed primary keys of the changed records, each as an object of its fields: `{ id: 7 }`
   */
  readonly keys: FanOutKeys<E>;
}

export type FanOutKeys<E extends object = object> = (
  changed: readonly ObjectLiteral[],
  manager: EntityManager,
) => Promise<readonly PrimaryKey<E>[]> | AsyncIterable<readonly PrimaryKey<E>[]>;

/** A checked {@link FanOutOptions}. */
export interface FanOutHook {
  /** Name of the entity in TypeORM. */
  readonly from: string;
  /** Null: every column. */
  readonly columns: readonly string[] | null;
  readonly keys: FanOutKeys;
}

/** The hooks of a declaration, as far as they hold. What does not goes to `problems`. */
export function fanOutHooksOf(
  entity: EntityMetadata,
  options: readonly FanOutOptions[],
  problems: string[],
): readonly FanOutHook[] {
  const hooks = options.flatMap(({ from, columns, keys }, at): FanOutHook[] => {
    const found = entityNamed(entity, typeof from === 'function' ? from() : from);
    if (found === undefined) {
      problems.push(
        `${entity.name}: fanOut[${at}].from names no entity of the DataSource; give its class or its name.`,
      );
      return [];
    }
    const unknown = (columns ?? []).filter((path) => !found.columns.some(({ propertyPath }) => propertyPath === path));
    problems.push(
      ...unknown.map(
        (path) =>
          `${entity.name}: fanOut[${at}].columns names "${path}", which is no column of ${found.name}; known: ${found.columns.map(({ propertyPath }) => propertyPath).join(', ')}.`,
      ),
    );
    return [Object.freeze({ from: found.name, columns: columns ? Object.freeze([...columns]) : null, keys })];
  });
  return Object.freeze(hooks);
}

function entityNamed({ dataSource }: EntityMetadata, given: unknown): EntityMetadata | undefined {
  const options = (given as NamedSchema | null | undefined)?.options;
  return dataSource.entityMetadatas.find(
    ({ name, target }) =>
      given === name ||
      (typeof given === 'function' && given === target) ||
      (options !== undefined && options.name === name),
  );
}
