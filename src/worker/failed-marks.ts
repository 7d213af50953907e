import { hearsOfFailures, workFailed } from '../telemetry/event.js';
import { reasonOf } from './failure.js';
import type { RowMark } from './row-marks.js';

/** The name of the entity whose documents a row is for: of a dependency, its owner's. */
const entityOf = (name: string): string => name.split('>', 1)[0]!;

/** Tells of rows that failed, behind the transaction that says so. What was not even tried has not failed. */
export function tellFailures(
  marks: readonly RowMark[],
  rows: readonly { readonly id: string; readonly entity: string }[],
) {
  if (!hearsOfFailures()) return;
  const entities = new Map(rows.map(({ id, entity }) => [id, entityOf(entity)]));
  for (const mark of marks) {
    const byEntity = new Map<string, number>();
    for (const id of mark.ids) {
      const entity = entities.get(id);
      if (entity !== undefined) byEntity.set(entity, (byEntity.get(entity) ?? 0) + 1);
    }
    for (const [entity, count] of byEntity) tellFailure(mark, entity, count);
  }
}

/** The same of rows of one entity, as many as were written. */
export function tellFailure(mark: RowMark, entity: string, rows: number): void {
  if (!hearsOfFailures() || (mark.kind !== 'again' && mark.kind !== 'discarded') || mark.errorClass === null) return;
  const state = mark.kind === 'again' ? 'retrying' : 'discarded';
  workFailed(state, { entity: entityOf(entity), ...reasonOf(mark.errorClass), rows });
}
