import type { StoredDocument } from '../backend/backend.js';
import type { JsonObject } from '../document/json.js';
import type { DocumentKey } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { Expected } from './expected-documents.js';
import { isSameJson } from './same-json.js';
import type { Difference } from './verify-report.js';

/** An engine keeps it beside the document, and does not show it with it. */
const VECTORS = '_vectors';

/** How the document of a key differs from what it shall be, or null where it does not. */
export function differenceOf(
  key: DocumentKey,
  expected: Expected | undefined,
  document: StoredDocument | undefined,
): Difference | null {
  if (expected?.kind === 'failed')
    return { kind: 'failed', key, reason: reasonOf(expected.error), error: expected.error };
  if (expected === undefined) return document === undefined ? null : { kind: 'extra', key };
  if (document === undefined) return { kind: 'missing', key };
  return isSameData(expected.document.data, document.data) ? null : { kind: 'stale', key };
}

function isSameData(expected: JsonObject, stored: JsonObject): boolean {
  if (!(VECTORS in expected) || VECTORS in stored) return isSameJson(expected, stored);
  const { [VECTORS]: _, ...shown } = expected;
  return isSameJson(shown, stored);
}

const reasonOf = (error: unknown): string => {
  if (ScrypathError.is(error)) return error.code;
  return error instanceof Error ? error.constructor.name : typeof error;
};

/** One look at a key: what differs, and the sight of both sides, to be compared with that of another look. */
export interface Look {
  readonly difference: Difference | null;
  readonly sight: string | null;
  /** Whether work of the key was under way before or after both sides were read. */
  readonly moving: boolean;
}

/**
 * What a look comes to, after the one before. A difference counts where nothing was under way in two looks, and both saw
 * the same two sides: between them the document would have come to agree, or at least have changed.
 */
export function verdictOf(look: Look, before: string | null): 'agrees' | 'differs' | 'again' {
  if (look.difference === null) return 'agrees';
  return !look.moving && before !== null && look.sight === before ? 'differs' : 'again';
}
