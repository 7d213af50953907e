import { createHash } from 'node:crypto';
import type { SearchMetadata } from './search-metadata.js';

/**
 * What documents are made by, in parts. `key`: the columns of the document key. `fields`: the declared fields, by path, name
 * and type. `projection`: whether a hook makes the documents and `when` chooses them, and the declared version of that code.
 * `settings`: what the index is told; a change of it alone leaves documents as they are.
 */
export const CONTRACT_PARTS = Object.freeze(['key', 'fields', 'projection', 'settings'] as const);
export type ContractPart = (typeof CONTRACT_PARTS)[number];

/** A hash of each part, as text: `key=… fields=… projection=… settings=…`. What code does it does not see: its version counts. */
export function contractOf(metadata: SearchMetadata): string {
  const { keyFields, fields, source, when, version, settings } = metadata;
  const parts: Readonly<Record<ContractPart, unknown>> = {
    key: keyFields,
    fields: fields
      .map(({ path, name, kind, list, utc }) => [path, name, kind, list, utc])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    projection: [source, when !== null, version],
    settings,
  };
  return CONTRACT_PARTS.map((part) => `${part}=${hashOf(parts[part])}`).join(' ');
}

/** The parts in which two contracts differ. */
export const changedParts = (before: string, now: string): readonly ContractPart[] => {
  const hashes = new Map(before.split(' ').map((part) => part.split('=', 2) as [string, string]));
  return now.split(' ').flatMap((part) => {
    const [name, hash] = part.split('=', 2) as [ContractPart, string];
    return hashes.get(name) === hash ? [] : [name];
  });
};

/** 64 bits of a hash of JSON in which the order of members does not show. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
