import type { TaskError } from './task.js';

/**
 * Codes of the reference engine for a failure that lies in the documents, beside those that say it by their beginning.
 * A conflict of primary keys is none: it lies in the index, and no document is to be given up for it.
 */
const OF_DOCUMENTS = new Set([
  'missing_document_id',
  'max_fields_limit_exceeded',
  'too_many_vectors',
  'malformed_payload',
  'missing_payload',
  'payload_too_large',
]);
const OF_DOCUMENTS_BY_BEGINNING = ['invalid_document_', 'invalid_vector', 'immutable_'];

/** These begin like a failure of a document and are about a request that names none. */
const OF_REQUESTS =
  /^invalid_document_(filter|sort|ids|limit|offset|retrieve_vectors|csv_delimiter|use_network|edition_)/;

/** Computing vectors fails for a document that lacks them, which it names, and for a service that is away. */
const OF_EITHER = 'vector_embedding_error';

/** Whether a failed task lies in the documents sent, by the code and the type that the engine gave it. */
export function failureKind(code: string, document: string | null, type = 'invalid_request'): TaskError['kind'] {
  if (type !== 'invalid_request') return 'engine';
  if (code === OF_EITHER) return document === null ? 'engine' : 'document';
  const named = OF_DOCUMENTS.has(code) || OF_DOCUMENTS_BY_BEGINNING.some((beginning) => code.startsWith(beginning));
  return named && !OF_REQUESTS.test(code) ? 'document' : 'engine';
}
