import type { FieldIds } from './document-fields.js';
import { isWithin } from './field-paths.js';

/** The importance of fields for full text: the lower the rank, the more a match counts. */
export class SearchableFields {
  private readonly ranks = new Map<number, number>();
  /** The rank of the least important declared field; null where every field is searched. */
  readonly lastRank: number | null;

  constructor(declared: readonly string[], fields: FieldIds) {
    const all = declared.includes('*');
    this.lastRank = all ? null : Math.max(0, declared.length - 1);
    for (const [id, name] of fields.names.entries()) {
      const rank = all ? 0 : declared.findIndex((pattern) => isWithin(name, pattern));
      if (rank !== -1) this.ranks.set(id, rank);
    }
  }

  rankOf(field: number): number | undefined {
    return this.ranks.get(field);
  }

  get ids(): Iterable<number> {
    return this.ranks.keys();
  }
}
