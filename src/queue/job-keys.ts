import { ScrypathError } from '../errors/scrypath-error.js';
import { type DirtyKey, ENTITY_MAX_LENGTH, RECORD_KEY_MAX_LENGTH } from '../outbox/outbox-row.js';

/** What a job holds: keys by the name of their entity. */
export interface JobData {
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

/** Keys of one job. A bulk write of 100,000 rows is a thousand jobs, and a lost worker gives back few. */
export const KEYS_PER_JOB = 100;

/**
 * The jobs of one call of `enqueue`; a key given twice is in them once.
 * @throws ScrypathError `KEY_INVALID` for a key that the outbox could not take
 */
export function jobsOf(keys: Iterable<DirtyKey>): JobData[] {
  const distinct = distinctKeys(keys);
  const jobs: JobData[] = [];
  for (let start = 0; start < distinct.length; start += KEYS_PER_JOB)
    jobs.push(jobOf(distinct.slice(start, start + KEYS_PER_JOB)));
  return jobs;
}

function jobOf(keys: readonly DirtyKey[]): JobData {
  // Without a prototype: an entity may be called as a member of Object is.
  const byEntity = Object.create(null) as Record<string, string[]>;
  for (const { entity, recordKey } of keys) {
    if (entity.length > ENTITY_MAX_LENGTH || recordKey.length > RECORD_KEY_MAX_LENGTH) throw keyTooLong();
    byEntity[entity] ??= [];
    byEntity[entity].push(recordKey);
  }
  return { keys: byEntity };
}

const keyTooLong = () =>
  new ScrypathError({
    code: 'KEY_INVALID',
    happened: `The name of an entity takes at most ${ENTITY_MAX_LENGTH} characters in a job, a key ${RECORD_KEY_MAX_LENGTH}.`,
  });

/** The keys of a job, or null where its data is not what {@link jobsOf} makes: somebody else's job. */
export function keysOf(data: unknown): DirtyKey[] | null {
  const byEntity = (data as Partial<JobData> | null | undefined)?.keys;
  if (typeof byEntity !== 'object' || byEntity === null) return null;
  const entries = Object.entries(byEntity);
  const sound = entries.every(([, recordKeys]) => Array.isArray(recordKeys) && recordKeys.every(isText));
  if (!sound) return null;
  return entries.flatMap(([entity, recordKeys]) => recordKeys.map((recordKey) => ({ entity, recordKey })));
}

const isText = (value: unknown): boolean => typeof value === 'string';

export function distinctKeys(keys: Iterable<DirtyKey>): DirtyKey[] {
  const distinct = new Map<string, DirtyKey>();
  for (const { entity, recordKey } of keys) distinct.set(`${entity}\0${recordKey}`, { entity, recordKey });
  return [...distinct.values()];
}
