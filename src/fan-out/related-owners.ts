import type { DataSource, EntityManager, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { encodeKey } from '../document/key-encoding.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import { keyColumnOf } from '../metadata/key-column.js';
import { type RecordKey, recordKeyOf } from '../metadata/record-key.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { escapePath } from '../outbox/attach.js';
import { documentKeyOf, storedKeyOf } from '../outbox/stored-key.js';
import { hasStoredText, storedColumnsSql } from '../outbox/stored-key-sql.js';
import type { Dependency, OwnerPage } from './owner-page.js';
import type { RelationLink } from './relation-way.js';
import { columnOf, isSameColumn, rowsOf, shortened, type Way } from './table.js';

const OWNER = 'owner';
const PAGE = 'page';

/** The owners that a path of relations leads to, read with one statement a page. */
export function relatedOwners(
  name: string,
  owner: SearchMetadata,
  entity: EntityMetadata,
  links: readonly RelationLink[],
): Dependency {
  const { far } = links.at(-1)!;
  const farKey = recordKeyOf(far);
  const query = new OwnerQuery(entity, links);
  const ownKey = keyReader(entity);
  return {
    name,
    owner,
    page: async (manager, recordKey, after, limit): Promise<OwnerPage> => {
      const changed = keyValues(far, farKey, recordKey);
      const behind = after === null ? [] : keyValues(entity, owner.key, after);
      if (changed === null || behind === null) return { recordKeys: [], after: null };
      const rows = await query.run(manager, changed, behind, limit);
      const recordKeys = rows.map(ownKey);
      return { recordKeys, after: recordKeys.length < limit ? null : recordKeys.at(-1)! };
    },
  };
}

/** The values of a stored key as the driver takes them, or null where no row can have it. */
function keyValues(entity: EntityMetadata, key: RecordKey, recordKey: string): readonly unknown[] | null {
  const idMap = key.tryIdMap(documentKeyOf(recordKey, key.fields.length));
  if (idMap === null) return null;
  const { driver } = entity.dataSource;
  return entity.primaryColumns.map((column) => driver.preparePersistentValue(column.getEntityValue(idMap), column));
}

type Row = Readonly<Record<string, unknown>>;

/** Reads the stored key of a row of the query. */
function keyReader(entity: EntityMetadata): (row: Row) => string {
  const { driver } = entity.dataSource;
  const parts = entity.primaryColumns.map((column, at) => {
    if (hasStoredText(column)) return (row: Row) => String(row[textName(at)]);
    const { text } = keyColumnOf(column);
    return (row: Row) => text(driver.prepareHydratedValue(row[columnName(at)], column)) ?? noKey(entity);
  });
  return (row) => storedKeyOf(encodeKey(parts.map((part) => part(row))));
}

function noKey({ name }: EntityMetadata): never {
  throw new ScrypathError({
    code: 'KEY_INVALID',
    entity: name,
    happened: `The primary key of a ${name} has a value that is no key.`,
  });
}

const columnName = (at: number) => `k${at}`;
const textName = (at: number) => `t${at}`;

/** A page of owners, by key: the statement and its parameters. */
class OwnerQuery {
  readonly #dataSource: DataSource;
  readonly #key: readonly ColumnMetadata[];
  readonly #way: Way;
  readonly #only: ReturnType<typeof rowsOf>;
  /** The owner's key in the tables that are read, as SQL. */
  readonly #own: readonly string[];
  readonly #tables: string;
  readonly #distinct: string;

  constructor(entity: EntityMetadata, links: readonly RelationLink[]) {
    this.#dataSource = entity.dataSource;
    this.#key = entity.primaryColumns;
    this.#only = rowsOf(entity);
    const wanted = links.at(-1)!.far.primaryColumns.map(columnOf);
    // Without the table at the end, where the one before has its key: the row itself may be gone.
    this.#way = shortened({ key: wanted, lookup: links.flatMap(({ steps }) => steps) });
    const inFirst = this.#only === null && links[0]!.heldBy !== 'near' ? this.#keyInFirst() : null;
    this.#own = inFirst ?? this.#key.map((column) => this.#column(column, OWNER));
    this.#tables = this.#from(inFirst === null ? entity : null);
    // By keys of its own an owner is found once, and so it is in one table whose key is the owner's and the changed row's.
    const once =
      links.every(({ heldBy }) => heldBy === 'near') || (links.length === 1 && this.#way.lookup.length === 1);
    this.#distinct = once ? '' : 'DISTINCT ';
  }

  run(manager: EntityManager, changed: readonly unknown[], after: readonly unknown[], limit: number): Promise<Row[]> {
    const parameters: unknown[] = [];
    const parameter: Parameter = (value) => {
      parameters.push(value);
      const at = parameters.length - 1;
      return this.#dataSource.driver.createParameter(`p${at}`, at);
    };
    return manager.query(this.#statement(parameter, changed, after, limit), parameters);
  }

  #statement(parameter: Parameter, changed: readonly unknown[], after: readonly unknown[], limit: number): string {
    const end = joined(this.#way.lookup.length - 1);
    const conditions = [
      ...this.#way.key.map((column, at) => `${this.#column(column, end)} = ${parameter(changed[at])}`),
      ...this.#own.map((column) => `${column} IS NOT NULL`),
    ];
    if (this.#only !== null) {
      const values = this.#only.values.map(parameter).join(', ');
      conditions.push(`${this.#column(this.#only.column, OWNER)} IN (${values})`);
    }
    if (after.length > 0) conditions.push(this.#behind(after, parameter));
    const keys = this.#key.map((column, at) => `${this.#own[at]} AS ${this.#name(column)}`).join(', ');
    const page =
      `SELECT ${this.#distinct}${keys} FROM ${this.#tables} WHERE ${conditions.join(' AND ')} ` +
      `ORDER BY ${this.#own.join(', ')} LIMIT ${limit}`;
    const order = this.#key.map((column) => this.#column(column, PAGE)).join(', ');
    // Texts outside of the page: for a DISTINCT of texts MariaDB reads all owners.
    return `SELECT ${this.#texts()} FROM (${page}) ${PAGE} ORDER BY ${order}`;
  }

  /** `a >= x AND (a > x OR (b >= y AND b > y))`: this form stays on the index of a composite key on every database. */
  #behind(after: readonly unknown[], parameter: Parameter, at = 0): string {
    const column = this.#own[at]!;
    if (at === this.#own.length - 1) return `${column} > ${parameter(after[at])}`;
    const [atLeast, greater] = [parameter(after[at]), parameter(after[at])];
    return `${column} >= ${atLeast} AND (${column} > ${greater} OR (${this.#behind(after, parameter, at + 1)}))`;
  }

  #texts(): string {
    const columns = this.#key.map((column, at) => `${this.#column(column, PAGE)} AS ${columnName(at)}`);
    const texts = this.#key.flatMap((column, at) =>
      hasStoredText(column) ? `${storedColumnsSql([column], PAGE)} AS ${textName(at)}` : [],
    );
    return [...columns, ...texts].join(', ');
  }

  /**
   * The owner's key as the first related table has it, or null. There it stands in an index beside what is looked for:
   * joined to the owner's table, MariaDB read three times as many rows for each page.
   */
  #keyInFirst(): readonly string[] | null {
    const pairs = this.#way.lookup[0]?.on ?? [];
    const columns = this.#key.map((column) => pairs.find(({ from }) => isSameColumn(from, column))?.to);
    if (!columns.every((column) => column !== undefined)) return null;
    return columns.map((column) => this.#column(column, joined(0)));
  }

  /** @param owner the owner's entity, or null where its table is not needed */
  #from(owner: EntityMetadata | null): string {
    const table = (path: string, alias: string) => `${escapePath(this.#dataSource, path)} ${alias}`;
    const tables = this.#way.lookup.map(({ table: { tablePath }, on }, at) => {
      if (owner === null && at === 0) return table(tablePath, joined(at));
      const pairs = on.map(({ from, to }) => `${this.#column(to, joined(at))} = ${this.#column(from, joined(at - 1))}`);
      return `${table(tablePath, joined(at))} ON ${pairs.join(' AND ')}`;
    });
    return [...(owner === null ? [] : [table(owner.tablePath, OWNER)]), ...tables].join(' JOIN ');
  }

  #column(column: ColumnMetadata, alias: string): string {
    return `${alias}.${this.#name(column)}`;
  }

  #name({ databaseName }: ColumnMetadata): string {
    return this.#dataSource.driver.escape(databaseName);
  }
}

type Parameter = (value: unknown) => string;

const joined = (at: number) => (at < 0 ? OWNER : `joined_${at}`);
