import type { TaskError } from '../backend/task.js';
import type { SearchDocument } from '../document/search-document.js';
import { engineFailure, type Shipping } from './shipping.js';

/** The engine failed inside for what may be one of the documents. Other failures of the engine are nobody's fault. */
const MAY_BE_A_DOCUMENT = 'internal';
/** A document that failed alone may have failed for the sake of one that others sent. */
const TRIES_ALONE = 2;

/**
 * Sends documents whose task has failed, one part after the other, until all that can be are in the index: the document
 * that the engine named goes alone, else halves do. Nothing else of the backfill is in flight meanwhile.
 * @param refused told of each document that fails alone
 * @throws ScrypathError `TASK_FAILED` where it is the engine that fails
 */
export async function sendTheGood(
  shipping: Shipping,
  documents: readonly SearchDocument[],
  refused: (document: SearchDocument, error: TaskError) => void,
): Promise<void> {
  if (documents.length === 0) return;
  const ended = await shipping.sendAndWait(documents);
  if (ended.ok) return;
  const { error } = ended;
  if (error.kind === 'engine' && error.code !== MAY_BE_A_DOCUMENT) throw engineFailure(shipping.index, error);
  if (documents.length === 1) return sendAlone(shipping, documents[0]!, error, refused);
  const named = documents.findIndex(({ key }) => key === error.document);
  const middle = Math.ceil(documents.length / 2);
  const parts =
    named >= 0
      ? [documents.slice(named, named + 1), documents.toSpliced(named, 1)]
      : [documents.slice(0, middle), documents.slice(middle)];
  for (const part of parts) await sendTheGood(shipping, part, refused);
}

async function sendAlone(
  shipping: Shipping,
  document: SearchDocument,
  first: TaskError,
  refused: (document: SearchDocument, error: TaskError) => void,
): Promise<void> {
  let error = first;
  for (let tried = 1; error.document !== document.key && tried < TRIES_ALONE; tried += 1) {
    const ended = await shipping.sendAndWait([document]);
    if (ended.ok) return;
    error = ended.error;
  }
  refused(document, error);
}
