import type { EntityMetadata } from 'typeorm';
import type { ForeignKeys } from './foreign-keys.js';
import { type LookupStep, type MarkRule, touches } from './mark-rule.js';
import type { RuleBook } from './rule-book.js';
import { columnOf, isSameColumn, shortened, type Way } from './table.js';

/** How many tables, one after another, a delete is followed through. A tree counts one for each of its levels. */
export const CASCADE_LEVELS = 5;

/**
 * A delete that goes further than rules follow it: where the lookup finds a row, keys are dirty that nobody marks.
 */
export interface DeepCascade extends Way {
  readonly only: null;
  /** What those keys are of. */
  readonly marks: readonly string[];
}

export interface ErasedRules {
  readonly rules: readonly MarkRule[];
  readonly deep: readonly DeepCascade[];
}

/**
 * What the database does to other tables when a row is deleted: foreign keys that delete along, or are set to null or to
 * their default. The rules of those tables, led back to the deleted row; once it is gone nobody finds them any more.
 * Where the default refers to another row, that row's owners are not marked.
 * @param endOf the entity whose keys a mark has
 */
export function erasedRules(
  deleted: EntityMetadata,
  declared: RuleBook,
  foreignKeys: ForeignKeys,
  endOf: (marks: string) => EntityMetadata,
): ErasedRules {
  const rules: MarkRule[] = [];
  const deep: DeepCascade[] = [];
  const follow = (table: EntityMetadata, chain: readonly LookupStep[]): void => {
    for (const { step, onDelete } of foreignKeys.to(table)) {
      if (onDelete === 'refuse') continue;
      const steps = [...chain, step];
      const cascades = onDelete === 'cascade';
      const rewritten = step.on.map(({ to }) => to);
      const concerned = declared.of(step.table).filter((rule) => (cascades ? rule.delete : touches(rule, rewritten)));
      if (steps.length > CASCADE_LEVELS) {
        const marks = cascades
          ? marksBeyond(step.table, declared, foreignKeys)
          : concerned.map(({ marks: name }) => name);
        if (marks.length > 0) deep.push({ key: step.table.primaryColumns, lookup: steps, only: null, marks });
        continue;
      }
      for (const rule of concerned) {
        const back = wayBack(rule, steps, endOf(rule.marks));
        if (back !== null) rules.push({ ...onDeleteOf(rule), ...back, erasedByDelete: back.lookup.length > 0 });
      }
      if (cascades) follow(step.table, steps);
    }
  };
  follow(deleted, []);
  return { rules, deep };
}

const onDeleteOf = ({ marks }: MarkRule) =>
  ({ marks, insert: false, delete: true, update: 'none', only: null }) as const;

/** From the row that is written to the key that a rule marks, or null where rules of that row say so already. */
export function wayBack(rule: MarkRule, steps: readonly LookupStep[], end: EntityMetadata): Way | null {
  const whole = [...steps, ...rule.lookup];
  const way = shortened({ key: rule.key, lookup: whole });
  const isKeyOfEnd = way.key.every((column, at) => isSameColumn(column, columnOf(end.primaryColumns[at]!)));
  // The key of a row that is written itself: its own rules say what becomes of those who hold it.
  return way.lookup.length < whole.length && isKeyOfEnd ? null : way;
}

/** All that deletes of rows of the table can dirty, however far they go. */
function marksBeyond(table: EntityMetadata, declared: RuleBook, foreignKeys: ForeignKeys): readonly string[] {
  const marks = new Set<string>();
  const seen = new Set<string>();
  const visit = (at: EntityMetadata): void => {
    if (seen.has(at.tablePath)) return;
    seen.add(at.tablePath);
    for (const rule of declared.of(at)) if (rule.delete) marks.add(rule.marks);
    for (const { step, onDelete } of foreignKeys.to(at)) {
      if (onDelete === 'cascade') visit(step.table);
      if (onDelete !== 'rewrite') continue;
      const rewritten = step.on.map(({ to }) => to);
      for (const rule of declared.of(step.table)) if (touches(rule, rewritten)) marks.add(rule.marks);
    }
  };
  visit(table);
  return [...marks];
}
