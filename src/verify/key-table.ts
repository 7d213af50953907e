import type { EntityManager, EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { DocumentKey } from '../document/search-document.js';
import { mergeDeep } from '../metadata/record-key.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { amongKeys, keyBatches } from '../records/record-reader.js';

type Row = Readonly<Record<string, unknown>>;

const RECORD = 'record';
const nameOf = (at: number) => `key${at}`;

/**
 * The primary keys of an entity's rows, without the rows: soft-deleted ones are not there, and no listener of the
 * application hears of it.
 */
export class KeyTable {
  readonly #manager: EntityManager;
  readonly #metadata: SearchMetadata;
  readonly #entity: EntityMetadata;
  readonly #columns: readonly ColumnMetadata[];
  /** The columns as SQL. */
  readonly #sql: readonly string[];

  constructor(manager: EntityManager, metadata: SearchMetadata) {
    this.#manager = manager;
    this.#metadata = metadata;
    this.#entity = manager.dataSource.getMetadata(metadata.target);
    this.#columns = this.#entity.primaryColumns;
    const { driver } = manager.dataSource;
    this.#sql = this.#columns.map(({ databaseName }) => `${driver.escape(RECORD)}.${driver.escape(databaseName)}`);
  }

  /** Those of the keys that rows have, as the database spells them. */
  async existing(keys: readonly DocumentKey[]): Promise<ReadonlySet<DocumentKey>> {
    const found = new Set<DocumentKey>();
    for (const batch of keyBatches(this.#metadata, keys)) {
      const idMaps = batch.flatMap((key) => this.#metadata.key.tryIdMap(key) ?? []);
      if (idMaps.length === 0) continue;
      for (const row of await this.#among(idMaps).getRawMany<Row>()) found.add(this.#keyOf(row));
    }
    return found;
  }

  #query(): SelectQueryBuilder<ObjectLiteral> {
    const query = this.#manager.createQueryBuilder<ObjectLiteral>(this.#entity.target, RECORD).select([]);
    this.#sql.forEach((column, at) => {
      query.addSelect(column, nameOf(at));
    });
    return query;
  }

  #among(idMaps: readonly ObjectLiteral[]): SelectQueryBuilder<ObjectLiteral> {
    const { driver } = this.#manager.dataSource;
    // As TypeORM does for a value of its own; parameters of a list it passes on as they are.
    const rows = idMaps.map((idMap) =>
      this.#columns.map((column): unknown => driver.preparePersistentValue(column.getEntityValue(idMap), column)),
    );
    const query = this.#query();
    if (this.#columns.length === 1)
      return query.where(amongKeys(this.#manager.dataSource, this.#sql[0]!), { keys: rows.flat() });
    const one = (_: unknown, row: number) =>
      this.#sql.map((column, at) => `${column} = :key${row}_${at}`).join(' AND ');
    const parameters = rows.flatMap((values, row) => values.map((value, at) => [`key${row}_${at}`, value] as const));
    return query.where(`(${rows.map(one).join(' OR ')})`, Object.fromEntries(parameters));
  }

  #keyOf = (row: Row): DocumentKey => {
    const { driver } = this.#manager.dataSource;
    const hydrated = (column: ColumnMetadata, at: number): unknown =>
      driver.prepareHydratedValue(row[nameOf(at)], column);
    const [first] = this.#columns;
    if (this.#columns.length === 1) return this.#metadata.key.from(hydrated(first!, 0));
    const maps = this.#columns.map((column, at) => column.createValueMap(hydrated(column, at))!);
    return this.#metadata.key.of(maps.reduce(mergeDeep));
  };
}
