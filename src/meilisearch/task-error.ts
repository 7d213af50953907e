import { failureKind } from '../backend/failure-kind.js';
import type { TaskError } from '../backend/task.js';

/** The engine's account of why a task failed. */
export interface EngineTaskError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly type?: unknown;
}

export function toTaskError({ code, message, type }: EngineTaskError): TaskError {
  const document = documentNamedBy(String(message));
  return {
    code: String(code),
    message: String(message),
    document,
    kind: failureKind(String(code), document, typeof type === 'string' ? type : undefined),
  };
}

const KEY = '`("?)(?<key>[A-Za-z0-9_-]{1,511})\\1`';

/**
 * The sentences in which Meilisearch 1.50 names a document, each from its start to the key: what follows the key holds
 * values of the document, which may look like a sentence themselves.
 */
const SENTENCES = [
  `The \`_geo\` field in the document with the id: ${KEY} `,
  `Could not (?:find|parse) (?:latitude|longitude|latitude nor longitude) in the document with the id: ${KEY}\\.`,
  `Invalid vector dimensions in document with id ${KEY} in `,
  `The \`_vectors\` field in the document with id: ${KEY} is not `,
  `Bad embedder configuration in the document with id: ${KEY}\\. `,
  'Too many vectors for document with id (?<key>[A-Za-z0-9_-]{1,511}): ',
  `While embedding documents for embedder \`[^\`]*\`: no vectors provided for document ${KEY}`,
  `(?:user )?error: missing field in document ${KEY}: `,
].map((sentence) => new RegExp(`^(?:Index \`[A-Za-z0-9_-]*\`: )?${sentence}`));

function documentNamedBy(message: string): string | null {
  for (const sentence of SENTENCES) {
    const key = sentence.exec(message)?.groups?.key;
    if (key !== undefined) return key;
  }
  return null;
}
