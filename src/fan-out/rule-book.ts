import type { EntityMetadata } from 'typeorm';
import type { MarkRule } from './mark-rule.js';
import { isSameColumn } from './table.js';

/** Rules by table; two that lead to the same key become one. */
export class RuleBook {
  readonly #rules = new Map<string, MarkRule[]>();

  of(table: EntityMetadata): readonly MarkRule[] {
    return this.#rules.get(table.tablePath) ?? [];
  }

  add(table: EntityMetadata, rule: MarkRule): void {
    const rules = this.#rules.get(table.tablePath) ?? [];
    const at = rules.findIndex((other) => isSameWay(other, rule));
    if (at < 0) rules.push(rule);
    else rules[at] = merged(rules[at]!, rule);
    this.#rules.set(table.tablePath, rules);
  }
}

function isSameWay(a: MarkRule, b: MarkRule): boolean {
  return (
    a.marks === b.marks &&
    a.erasedByDelete === b.erasedByDelete &&
    a.only?.values.join('\0') === b.only?.values.join('\0') &&
    a.key.length === b.key.length &&
    a.key.every((column, at) => isSameColumn(column, b.key[at]!)) &&
    a.lookup.length === b.lookup.length &&
    a.lookup.every(
      ({ table, on }, at) =>
        table.tablePath === b.lookup[at]!.table.tablePath &&
        on.length === b.lookup[at]!.on.length &&
        on.every(
          ({ from, to }, pair) =>
            isSameColumn(from, b.lookup[at]!.on[pair]!.from) && isSameColumn(to, b.lookup[at]!.on[pair]!.to),
        ),
    )
  );
}

function merged(a: MarkRule, b: MarkRule): MarkRule {
  return { ...a, insert: a.insert || b.insert, delete: a.delete || b.delete, update: bothUpdates(a.update, b.update) };
}

function bothUpdates(a: MarkRule['update'], b: MarkRule['update']): MarkRule['update'] {
  if (a === 'any' || b === 'any') return 'any';
  if (a === 'none') return b;
  return b === 'none' ? a : new Set([...a, ...b]);
}
