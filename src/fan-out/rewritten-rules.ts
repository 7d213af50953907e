import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { CASCADE_LEVELS, wayBack } from './erased-rules.js';
import type { ForeignKeys } from './foreign-keys.js';
import { type LookupStep, type MarkRule, touches } from './mark-rule.js';
import type { RuleBook } from './rule-book.js';
import { isSameColumn } from './table.js';

/**
 * What the database does to other tables when columns that foreign keys refer to are changed. Rows of a junction that
 * follow join the same records as before.
 */
export function rewrittenRules(
  changed: EntityMetadata,
  declared: RuleBook,
  foreignKeys: ForeignKeys,
  endOf: (marks: string) => EntityMetadata,
): readonly MarkRule[] {
  const rules: MarkRule[] = [];
  const follow = (
    table: EntityMetadata,
    columns: readonly ColumnMetadata[] | null,
    chain: readonly LookupStep[],
  ): void => {
    for (const { step, onUpdate } of foreignKeys.to(table)) {
      const referenced = step.on.map(({ from }) => from);
      const concerns = columns === null || referenced.some((one) => columns.some((other) => isSameColumn(one, other)));
      if (!concerns || onUpdate === 'refuse' || (onUpdate === 'cascade' && step.table.isJunction)) continue;
      const steps = [...chain, step];
      if (steps.length > CASCADE_LEVELS) continue;
      const rewritten = step.on.map(({ to }) => to);
      const update = new Set(steps[0]!.on.map(({ from }) => from));
      for (const rule of declared.of(step.table).filter((one) => touches(one, rewritten))) {
        const back = wayBack(rule, steps, endOf(rule.marks));
        const { marks } = rule;
        if (back !== null)
          rules.push({ marks, ...back, insert: false, delete: false, update, erasedByDelete: false, only: null });
      }
      if (onUpdate === 'cascade') follow(step.table, rewritten, steps);
    }
  };
  follow(changed, null, []);
  return rules;
}
