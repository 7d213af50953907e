import { DocSet } from './doc-set.js';
import type { FacetColumn } from './facet-column.js';

/** Adds every document that shares a value of `column` with `doc`, itself included where it has one. */
function addSharing(column: FacetColumn, doc: number, into: DocSet): void {
  const texts = column.stringsOf(doc).map(({ value }) => column.textOf(value));
  const numbers = new Set(column.numbersOf(doc));
  if (texts.length === 0 && numbers.size === 0) return;
  into.union(column.withAnyOf(texts, numbers, into.limit));
}

/** Of the documents that share a value, the first one; a document without a value is kept. */
export function distinctDocs(
  column: FacetColumn,
  candidates: DocSet,
): { readonly remaining: DocSet; readonly excluded: DocSet } {
  const remaining = DocSet.empty(candidates.limit);
  const excluded = DocSet.empty(candidates.limit);
  candidates.forEach((doc) => {
    if (excluded.has(doc)) return;
    addSharing(column, doc, excluded);
    remaining.add(doc);
  });
  return { remaining, excluded };
}
