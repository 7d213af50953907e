import { checkedKey } from '../backend/names.js';
import type { DocumentKey } from '../document/search-document.js';
import type { Part } from './parts.js';

/** Bodies of `delete-batch`: JSON arrays of keys, none above `maxBytes`. */
export function keyPayloads(index: string, keys: readonly DocumentKey[], maxBytes: number): Part<string>[] {
  const payloads: Part<string>[] = [];
  let group: string[] = [];
  let size = 2;
  const close = () => payloads.push({ body: `[${group.join(',')}]`, count: group.length });
  for (const key of keys) {
    const text = `"${checkedKey(key, index)}"`;
    const bytes = text.length + 1;
    if (size + bytes > maxBytes && group.length > 0) {
      close();
      group = [];
      size = 2;
    }
    group.push(text);
    size += bytes;
  }
  if (group.length > 0) close();
  return payloads;
}
