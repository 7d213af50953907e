import type { EntityManager, EntityMetadata } from 'typeorm';
import { ScrypathError } from './errors/scrypath-error.js';
import type { Hydrate } from './hydration/hydrate.js';
import { hasMembers, isPlainObject, isThenable, kindOf } from './metadata/given.js';
import type { SearchMetadata } from './metadata/search-metadata.js';
import { SYNC_MODES } from './metadata/sync-mode.js';
import { queryInvalid } from './query/query-errors.js';
import type { ReindexOptions } from './reindex/reindex-options.js';
import { isMilliseconds, MILLISECONDS } from './worker/timing.js';

// What the types promise, held to for callers without them: a list that is none would be a sync of nothing, silently.

const SYNC_OPTIONS = ['mode', 'manager', 'timeoutMs', 'index', 'prefix', 'signal'];
const HYDRATE_OPTIONS = ['relations', 'select', 'manager', 'repository'];

/** @throws ScrypathError `OPTION_INVALID` where a record is no object */
export function checkRecord(entity: string, verb: string, given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || isThenable(given))
    throw argumentInvalid(
      entity,
      `${verb} was given ${kindOf(given)} as a record of ${entity}; a record is an object.`,
    );
}

/** @throws ScrypathError `OPTION_INVALID` where it is no list of records */
export function checkRecords(entity: string, verb: string, given: unknown): void {
  checkList(entity, verb, given, 'records');
  for (const record of given as unknown[]) checkRecord(entity, verb, record);
}

/** @throws ScrypathError `OPTION_INVALID` where it is no list; its elements are the key translation's to judge */
export function checkList(entity: string, verb: string, given: unknown, of: string): void {
  if (!Array.isArray(given))
    throw argumentInvalid(entity, `${verb} was given ${kindOf(given)}; it takes a list of ${of}.`);
}

/** @throws ScrypathError `OPTION_INVALID` where it is no list of document keys */
export function checkDocumentKeys(entity: string, verb: string, given: unknown): void {
  checkList(entity, verb, given, 'document keys');
  const stranger = (given as unknown[]).find((key) => typeof key !== 'string');
  if (stranger !== undefined || (given as unknown[]).includes(undefined))
    throw argumentInvalid(
      entity,
      `${verb} was given ${kindOf(stranger)} as a document key; one is text, as missingIds has it.`,
    );
}

/** @throws ScrypathError `OPTION_INVALID`, naming every option of a sync that does not hold */
export function checkSyncOptions(entity: string, given: unknown): void {
  if (!isPlainObject(given))
    throw argumentInvalid(entity, `The options of a sync of ${entity} are ${kindOf(given)}; they are an object.`);
  const { mode, manager, timeoutMs, signal } = given;
  const problems = Object.keys(given)
    .filter((name) => !SYNC_OPTIONS.includes(name))
    .map((name) => `${name} is no option`);
  if (mode !== undefined && !SYNC_MODES.includes(mode as never))
    problems.push(`mode is unknown; known: ${SYNC_MODES.join(', ')}`);
  if (timeoutMs !== undefined && !isMilliseconds(timeoutMs)) problems.push(`timeoutMs must be ${MILLISECONDS}`);
  if (manager !== undefined && !isManager(manager)) problems.push("manager must be TypeORM's EntityManager");
  if (signal !== undefined && !isSignal(signal)) problems.push('signal must be an AbortSignal');
  for (const name of ['index', 'prefix'] as const)
    if (given[name] !== undefined && typeof given[name] !== 'string') problems.push(`${name} must be text`);
  if (problems.length > 0)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      entity,
      happened: `A sync of ${entity} has options that are not valid: ${problems.join('; ')}.`,
      remedy: `Known: ${SYNC_OPTIONS.join(', ')}.`,
      problems,
    });
}

/** @throws ScrypathError `QUERY_INVALID` where the options of a search are no object, or say wrongly where it looks */
export function checkSearchOptions(metadata: SearchMetadata, given: unknown): void {
  if (!hasMembers(given))
    throw queryInvalid(metadata, `The options of a search are ${kindOf(given)}; they are an object.`);
  for (const name of ['index', 'prefix'] as const)
    if (given[name] !== undefined && typeof given[name] !== 'string')
      throw queryInvalid(metadata, `${name} is ${kindOf(given[name])}; it must be text.`);
  if (given.signal !== undefined && !isSignal(given.signal))
    throw queryInvalid(metadata, `signal is ${kindOf(given.signal)}; it must be an AbortSignal.`);
}

/**
 * How hits become entities, or undefined where they do not.
 * @throws ScrypathError `QUERY_INVALID` where it cannot be done, before anything is sent
 */
export function hydrationOf(
  metadata: SearchMetadata,
  manager: EntityManager,
  given: unknown,
): Hydrate<object> | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return true;
  const wrong = (happened: string) =>
    queryInvalid(metadata, happened, `Known: true, or ${HYDRATE_OPTIONS.join(', ')}.`);
  if (!isPlainObject(given)) throw wrong(`hydrate is ${kindOf(given)}; it must be true or an object.`);
  const unknown = Object.keys(given).filter((name) => !HYDRATE_OPTIONS.includes(name));
  if (unknown.length > 0) throw wrong(`hydrate.${unknown.join(', hydrate.')} is no option.`);
  if (given.manager !== undefined && !isManager(given.manager))
    throw wrong("hydrate.manager must be TypeORM's EntityManager.");
  if (given.repository !== undefined && typeof (given.repository as { find?: unknown } | null)?.find !== 'function')
    throw wrong("hydrate.repository must be TypeORM's Repository.");
  const entity = manager.dataSource.getMetadata(metadata.target);
  const relations = [...new Set(entity.relations.map(({ propertyPath }) => propertyPath.split('.')[0]!))];
  checkNames(metadata, 'hydrate.relations', given.relations, relations);
  checkNames(metadata, 'hydrate.select', given.select, [...new Set([...columnNames(entity), ...relations])]);
  return given as Hydrate<object>;
}

const columnNames = (entity: EntityMetadata) =>
  entity.columns.filter((column) => !column.isVirtual).map(({ propertyPath }) => propertyPath.split('.')[0]!);

function checkNames(metadata: SearchMetadata, option: string, given: unknown, known: readonly string[]): void {
  if (given === undefined) return;
  if (!isPlainObject(given)) throw queryInvalid(metadata, `${option} is ${kindOf(given)}; it must be an object.`);
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw queryInvalid(
      metadata,
      `${option} names ${unknown.join(', ')}, which ${metadata.entity} does not have.`,
      `Known: ${known.join(', ') || 'none'}.`,
    );
}

const isManager = (given: unknown): boolean => {
  const { getRepository, createQueryBuilder } = (given ?? {}) as Record<string, unknown>;
  return typeof getRepository === 'function' && typeof createQueryBuilder === 'function';
};

const isSignal = (given: unknown): boolean => {
  const { aborted, addEventListener } = (given ?? {}) as Record<string, unknown>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
};

const isCount = (least: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= least;
const isBoolean = (value: unknown) => typeof value === 'boolean';
const REINDEX_OPTIONS: Readonly<
  Record<keyof ReindexOptions, readonly [holds: (value: unknown) => boolean, is: string]>
> = {
  cutover: [isBoolean, 'true or false'],
  settings: [isPlainObject, 'an object'],
  dropForeign: [isBoolean, 'true or false'],
  keepOld: [isBoolean, 'true or false'],
  maxFailures: [isCount(0), 'a whole number from 0'],
  batchSize: [isCount(1), 'a whole number from 1'],
  partitions: [isCount(1), 'a whole number from 1'],
  distribute: [isBoolean, 'true or false'],
  resume: [isBoolean, 'true or false'],
  signal: [isSignal, 'an AbortSignal'],
  onProgress: [(value) => typeof value === 'function', 'a function'],
};

/** @throws ScrypathError `OPTION_INVALID` naming every option of a reindex that does not hold */
export function checkReindexOptions(entity: string, given: unknown): ReindexOptions {
  if (!isPlainObject(given)) throw argumentInvalid(entity, 'The options of a reindex must be an object.');
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const problems = Object.entries(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(REINDEX_OPTIONS, name)) return [`${name} is not an option`];
    const [holds, is] = REINDEX_OPTIONS[name as keyof ReindexOptions];
    return holds(value) ? [] : [`${name} must be ${is}`];
  });
  if (problems.length === 0) return options;
  throw new ScrypathError({
    code: 'OPTION_INVALID',
    entity,
    happened: `A reindex of ${entity} has options that are not valid: ${problems.join('; ')}.`,
    remedy: `Known: ${Object.keys(REINDEX_OPTIONS).join(', ')}.`,
    problems,
  });
}

const argumentInvalid = (entity: string, happened: string) =>
  new ScrypathError({ code: 'OPTION_INVALID', entity, happened });
