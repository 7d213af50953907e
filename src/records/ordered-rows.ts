import type { ObjectLiteral } from 'typeorm';
import type { Alias } from 'typeorm/query-builder/Alias.js';
import { RawSqlResultsToEntityTransformer } from 'typeorm/query-builder/transformer/RawSqlResultsToEntityTransformer.js';

/**
 * Makes records of rows that come in the order of their primary key, as TypeORM does. Rows of one record are neighbours
 * then, and need no text of their key to be found by: V8 keeps the text of each number in a cache, where it grows old, 24
 * bytes a row until the whole heap is collected.
 */
export class OrderedRows extends RawSqlResultsToEntityTransformer {
  protected override group(rows: ObjectLiteral[], alias: Alias): Map<string, ObjectLiteral[]> {
    // What is joined to a record is in its one row.
    if (rows.length === 1) return new Map([['', rows]]);
    if (alias !== this.expressionMap.mainAlias) return super.group(rows, alias);
    const names = alias.metadata.primaryColumns.map(({ databaseName }) => this.buildAlias(alias.name, databaseName));
    // Of a view TypeORM takes all columns for the key.
    if (names.length === 0 || alias.metadata.tableType === 'view') return super.group(rows, alias);
    const groups = new Map<number, ObjectLiteral[]>();
    let last: ObjectLiteral[] | undefined;
    for (const row of rows) {
      // Dates and bytes: two objects may be one key.
      if (names.some((name) => typeof row[name] === 'object' || row[name] === undefined))
        return super.group(rows, alias);
      if (last === undefined || names.some((name) => row[name] !== last![0]![name])) {
        last = [];
        groups.set(groups.size, last);
      }
      last.push(row);
    }
    // Only its values are looked at, so any keys will do.
    return groups as ReadonlyMap<unknown, ObjectLiteral[]> as Map<string, ObjectLiteral[]>;
  }
}
