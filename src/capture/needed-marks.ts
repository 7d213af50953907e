import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { type MarkRule, touches } from '../fan-out/mark-rule.js';
import type { BuilderWrite } from './write-builder.js';

/** The rules that a write calls for, by when their keys can be read. */
export interface NeededMarks {
  /** Rules whose keys are those from before the write. */
  readonly before: readonly MarkRule[];
  /** Rules whose keys are those from after the write, or the same before and after. */
  readonly after: readonly MarkRule[];
}

/** Decides which keys a write dirties, and when to read them. A write that touches no column of a rule dirties none. */
export function neededMarks(rules: readonly MarkRule[], write: BuilderWrite): NeededMarks {
  const { kind, onConflict, touched } = write;
  const updates = kind === 'update' || onConflict === 'update';
  const updated = updates ? rules.filter((rule) => touches(rule, touched)) : [];
  switch (kind) {
    case 'insert': {
      const inserted = rules.filter((rule) => rule.insert || updated.includes(rule));
      return { before: updated.filter((rule) => moves(rule, touched)), after: inserted };
    }
    case 'update':
      return { before: updated.filter((rule) => moves(rule, touched)), after: updated };
    case 'delete':
      return { before: rules.filter((rule) => rule.delete), after: [] };
  }
}

/** The columns of the changed row that a rule reads. */
export const readColumns = ({ key, lookup, only }: MarkRule): readonly ColumnMetadata[] => [
  ...(lookup[0]?.on.map(({ from }) => from) ?? key),
  ...(only === null ? [] : [only.column]),
];

/** Whether setting these columns may lead the rule to another key than before. */
function moves(rule: MarkRule, touched: readonly ColumnMetadata[]): boolean {
  const names = new Set(touched.map(({ databaseName }) => databaseName));
  return readColumns(rule).some(({ databaseName }) => names.has(databaseName));
}
