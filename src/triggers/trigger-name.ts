import { createHash } from 'node:crypto';

/** Why a trigger is there; the last part of its name. */
export type Event = 'insert' | 'update' | 'delete' | 'truncate' | 'erase' | 'replace' | 'overwrite';

export const NAME_PREFIX = 'scrypath_';

/** PostgreSQL cuts a name there without a word; MySQL takes one more. */
const MAX_BYTES = 63;
const HASH_LENGTH = 8;

/** The name of a table's trigger: stable, and another for each table and event of a schema. */
export function triggerName(table: string, event: Event): string {
  const name = `${NAME_PREFIX}${table}_${event}`;
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const tail = `_${createHash('sha256').update(table).digest('hex').slice(0, HASH_LENGTH)}_${event}`;
  return cutTo(MAX_BYTES - tail.length, `${NAME_PREFIX}${table}`) + tail;
}

function cutTo(bytes: number, name: string): string {
  let cut = name;
  while (Buffer.byteLength(cut) > bytes) cut = [...cut].slice(0, -1).join('');
  return cut;
}
