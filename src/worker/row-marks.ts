import type { QueryRunner } from 'typeorm';
import { run } from '../outbox/statement.js';

/** What becomes of rows: written under the shard's lock by a sender, and by a settler where the rows are as it saw them. */
export type RowMark =
  /** The engine has accepted their documents: `tasks` is the text of {@link tasksText}. */
  | { readonly kind: 'accepted'; readonly ids: readonly string[]; readonly tasks: string }
  /** They are sent again. */
  | {
      readonly kind: 'again';
      readonly ids: readonly string[];
      /** When, in milliseconds on the database's clock; 0: at once. */
      readonly dueAt: number;
      readonly errorClass: string | null;
      /** A send counts only where it starts then or later; null: as it was. */
      readonly unknownUntil?: number;
      readonly piece?: number;
      readonly attempts?: number;
    }
  | {
      readonly kind: 'discarded';
      readonly ids: readonly string[];
      readonly errorClass: string;
      readonly attempts?: number;
    }
  /** Their work is done. */
  | { readonly kind: 'done'; readonly ids: readonly string[] }
  /** Of a dependency: its owners up to here are dirtied, and it goes on at once. */
  | { readonly kind: 'paged'; readonly ids: readonly string[]; readonly cursor: string };

/** Rows in one statement. */
const ROWS = 5_000;

/** How long a settler other than the sender leaves accepted rows to the sender. */
const ADOPT_AFTER_MS = 15_000;

/** @param seen only rows that are in this state, with these tasks: another settler may have been faster */
export async function writeMark(
  queryRunner: QueryRunner,
  mark: RowMark,
  seen?: { readonly tasks: string | readonly string[] },
): Promise<number> {
  let written = 0;
  for (let start = 0; start < mark.ids.length; start += ROWS) {
    const ids = mark.ids.slice(start, start + ROWS);
    const { affected } = await run(queryRunner, (s) => {
      const assignments = assignmentsOf(mark, (value) => s.value(value), s.dialect.nowMs);
      const { outbox } = s.tables;
      const head = assignments === null ? `DELETE FROM ${outbox}` : `UPDATE ${outbox} SET ${assignments.join(', ')}`;
      const where = `WHERE ${s.isIn('id', ids)}`;
      return `${head} ${where}${seen ? ` AND state = 'backend_accepted' AND ${s.isIn('tasks', [seen.tasks].flat())}` : ''}`;
    });
    written += affected;
  }
  return written;
}

/** Rows that count as done only by a send that starts in `ms` milliseconds or later. */
export async function postpone(queryRunner: QueryRunner, ids: readonly string[], ms: number): Promise<void> {
  for (let start = 0; start < ids.length; start += ROWS)
    await run(
      queryRunner,
      (s) =>
        `UPDATE ${s.tables.outbox} SET unknown_until = ${s.dialect.nowMs} + ${s.value(ms)}
         WHERE ${s.isIn('id', ids.slice(start, start + ROWS))}`,
    );
}

function assignmentsOf(mark: RowMark, value: (value: unknown) => string, nowMs: string): string[] | null {
  switch (mark.kind) {
    case 'done':
      return null;
    case 'accepted':
      // `due_at` says when somebody else may ask for the outcome.
      return [`state = 'backend_accepted'`, `tasks = ${value(mark.tasks)}`, `due_at = ${nowMs} + ${ADOPT_AFTER_MS}`];
    case 'paged':
      return [`tasks = ${value(mark.cursor)}`];
    case 'discarded':
      // `due_at` says when, so that only what is claimed later overtakes it.
      return [
        `state = 'discarded'`,
        `due_at = ${nowMs}`,
        `error_class = ${value(mark.errorClass)}`,
        'piece = 0',
        'tasks = NULL',
        ...(mark.attempts === undefined ? [] : [`attempts = ${value(mark.attempts)}`]),
      ];
    case 'again':
      return [
        `state = 'retrying'`,
        `due_at = ${value(mark.dueAt)}`,
        'tasks = NULL',
        `error_class = ${value(mark.errorClass)}`,
        ...(mark.unknownUntil === undefined ? [] : [`unknown_until = ${value(mark.unknownUntil)}`]),
        ...(mark.piece === undefined ? [] : [`piece = ${value(mark.piece)}`]),
        ...(mark.attempts === undefined ? [] : [`attempts = ${value(mark.attempts)}`]),
      ];
  }
}
