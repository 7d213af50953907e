import type { JsonObject } from '../document/json.js';
import { FacetColumn } from './facet-column.js';
import { isDeclared, type ValueVisitor, visitValues } from './field-paths.js';

/** The columns of every field that filters, sorts, facets or the distinct rule may ask for. */
export class FacetColumns {
  private readonly columns = new Map<string, FacetColumn>();

  constructor(readonly patterns: ReadonlySet<string>) {}

  /** The column of a field; undefined where no document ever had the field. */
  of(field: string): FacetColumn | undefined {
    return this.columns.get(field);
  }

  get fields(): Iterable<string> {
    return this.columns.keys();
  }

  add(doc: number, document: JsonObject): void {
    if (this.patterns.size === 0) return;
    const visit: ValueVisitor = (path, value, inArray) => {
      if (!isDeclared(path, this.patterns)) return;
      let column = this.columns.get(path);
      if (column === undefined) {
        column = new FacetColumn();
        this.columns.set(path, column);
      }
      column.markExisting(doc);
      if (typeof value === 'number') column.addNumber(doc, value);
      else if (typeof value === 'string') column.addString(doc, value);
      else if (typeof value === 'boolean') column.addString(doc, String(value));
      else if (value === null && !inArray) column.markNull(doc);
    };
    visitValues(document, visit, visit);
  }

  remove(doc: number): void {
    for (const column of this.columns.values()) column.clear(doc);
  }
}
