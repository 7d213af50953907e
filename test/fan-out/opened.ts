import type { DataSource, DataSourceOptions, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { type FanOut, fanOutOf } from '../../src/fan-out/fan-out';
import type { LookupStep, MarkRule } from '../../src/fan-out/mark-rule';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import type { SearchMetadata } from '../../src/metadata/search-metadata';

export interface Built {
  readonly fanOut: FanOut;
  readonly metadatas: readonly SearchMetadata[];
}

/** What the declarations of all entities of a DataSource come to. */
export function build(dataSource: DataSource): Built {
  const metadatas = new MetadataRegistry(dataSource, [], { prefix: null }).all();
  return { fanOut: fanOutOf(dataSource, metadatas), metadatas };
}

export type Entities = NonNullable<DataSourceOptions['entities']>;

/** A rule in one line: `Movie by id: insert, delete, update of title year`. */
export function shown(rule: MarkRule): string {
  const on = [
    ...(rule.insert ? ['insert'] : []),
    ...(rule.delete ? ['delete'] : []),
    ...(rule.update === 'none' ? [] : [`update of ${columnsOf(rule.update)}`]),
  ];
  const via = rule.lookup.map((step) => ` via ${shownStep(step)}`).join('');
  const only = rule.only === null ? '' : ` where ${rule.only.column.databaseName} in ${rule.only.values.join(' ')}`;
  return `${rule.marks} by ${names(rule.key)}${via}: ${on.join(', ')}${only}${rule.erasedByDelete ? ' (erased)' : ''}`;
}

const shownStep = ({ table, on }: LookupStep) =>
  `${table.tableName}[${on.map(({ from, to }) => `${to.databaseName}=${from.databaseName}`).join(' ')}]`;
const columnsOf = (update: 'any' | ReadonlySet<ColumnMetadata>) =>
  update === 'any' ? 'any' : names([...update].sort((a, b) => (a.databaseName < b.databaseName ? -1 : 1)));
const names = (columns: readonly ColumnMetadata[]) => columns.map(({ databaseName }) => databaseName).join(' ');

/** The rules of an entity's table, or of a junction's, in lines. */
export function rulesOf(dataSource: DataSource, { fanOut }: Built, entity: (new () => object) | string): string[] {
  return fanOut.rulesOf(tableNamed(dataSource, entity)).map(shown).sort();
}

export function tableNamed(dataSource: DataSource, entity: (new () => object) | string): EntityMetadata {
  return typeof entity === 'string'
    ? dataSource.entityMetadatas.find(({ tableName }) => tableName === entity)!
    : dataSource.getMetadata(entity);
}
