import {
  type EntityManager,
  type EntityMetadata,
  type FindOptionsWhere,
  type ObjectLiteral,
  type SelectQueryBuilder,
} from 'typeorm';
import type { DocumentKey } from '../document/search-document.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { inHalves, isOfDatabase } from './in-halves.js';
import { type Keyset, keysetOf } from './keyset.js';
import { OrderedRows } from './ordered-rows.js';
import { readRecords } from './record-reader.js';
import { attachRelated, ownRowsQuery, type ReadPlan, ROOT_ALIAS, readPlanOf } from './related-records.js';

/** Conditions as TypeORM's find methods take them. */
export type RecordWhere = FindOptionsWhere<ObjectLiteral> | FindOptionsWhere<ObjectLiteral>[];

/** A part of the key's order, by the first column of the primary key: above `above`, and at most `upTo`. */
export interface KeyRange {
  readonly above: string | null;
  readonly upTo: string | null;
}

export interface PageOptions {
  /** Begin behind this key; null begins at the first. */
  readonly after: DocumentKey | null;
  /** End with this key, itself included. */
  readonly until?: DocumentKey | null;
  readonly range?: KeyRange;
  /** Rows of a page. */
  readonly limit: number;
  /** Only records that match, as TypeORM's find methods take it. */
  readonly where?: RecordWhere | undefined;
  /** Runs the reading of each page: for a connection that takes one thing at a time, and for taking the time. */
  readonly around?: <T>(read: () => Promise<T>) => Promise<T>;
}

/** Some records in the order of their primary key. */
export interface RecordPage {
  readonly records: readonly { readonly key: DocumentKey; readonly record: object }[];
  /** Records that the application's own code failed to load: a listener, a transformer, a key that is none. */
  readonly unreadable: readonly { readonly key: DocumentKey; readonly error: unknown }[];
  /** Where the page ends; the next begins behind it. */
  readonly lastKey: DocumentKey;
}

/**
 * Every record of an entity, page by page in the order of its full primary key, with the relations that its projection
 * needs. A page is one query for the rows with all that is one to one or many to one, and one for each relation to many;
 * no page costs more than the one before, and only one is in memory. Records are what `readRecords` gives; soft-deleted
 * rows are not there. It is no snapshot: each page is as its rows are at that moment.
 */
export async function* recordPages(
  manager: EntityManager,
  metadata: SearchMetadata,
  options: PageOptions,
): AsyncGenerator<RecordPage, void, undefined> {
  const reader = new PageReader(manager, metadata, options);
  const { around = (read) => read(), limit } = options;
  const ask = (after: DocumentKey | null): Promise<Rows> => {
    const asked = around(() => reader.rows(after));
    // Whoever gets there awaits it; until then it is nobody's.
    asked.catch(() => undefined);
    return asked;
  };
  let { after } = options;
  let next = ask(after);
  try {
    for (;;) {
      const rows = await next;
      if (rows.raw.length === 0) return;
      const { lastKey } = rows;
      const isLast = rows.raw.length < limit;
      // The database reads on while records are made of these rows.
      if (lastKey !== null && !isLast) next = ask(lastKey);
      const from = after;
      const page = await around(() => reader.page(rows, from));
      if (page === null) return;
      yield page;
      after = page.lastKey;
      if (lastKey === null) next = ask(after);
      else if (isLast) return;
    }
  } finally {
    // The connection is not left to whoever comes next while it is still at work.
    await next.catch(() => undefined);
  }
}

/** Rows of a page as the driver gives them. */
interface Rows {
  readonly raw: readonly ObjectLiteral[];
  readonly query: SelectQueryBuilder<ObjectLiteral>;
  /** The key of the last row; null where the application's code fails with it, and nothing can go on behind it yet. */
  readonly lastKey: DocumentKey | null;
}

class PageReader {
  readonly #entity: EntityMetadata;
  readonly #plan: ReadPlan;
  readonly #keyset: Keyset;
  readonly #hears: boolean;

  constructor(
    readonly manager: EntityManager,
    readonly metadata: SearchMetadata,
    readonly options: PageOptions,
  ) {
    this.#entity = manager.dataSource.getMetadata(metadata.target);
    this.#plan = readPlanOf(metadata, this.#entity);
    this.#keyset = keysetOf(metadata, this.#entity, ROOT_ALIAS);
    this.#hears = hearsOfLoads(manager, this.#entity, metadata.relations);
  }

  async rows(after: DocumentKey | null): Promise<Rows> {
    const query = this.#page(ownRowsQuery(this.manager, this.#entity, this.#plan), after);
    const [sql, parameters] = query.getQueryAndParameters();
    const given = (await this.manager.query(sql, parameters)) as ObjectLiteral[];
    // Out of the driver's list: what `pg` gives by a promise, every page, stays in memory until the whole heap is collected.
    // So the rows go with their page: of 600,000 a sixth as much grew old, and the peak was 113 MB instead of 147.
    const raw = given.splice(0);
    return { raw, query, lastKey: this.#lastKeyOf(query, raw) };
  }

  #lastKeyOf(query: SelectQueryBuilder<ObjectLiteral>, raw: readonly ObjectLiteral[]): DocumentKey | null {
    try {
      const [last] = this.#recordsOf(query, raw.slice(-1));
      return last === undefined ? null : this.metadata.key.of(last);
    } catch {
      return null;
    }
  }

  /** As the query builder does it behind its own queries. */
  #recordsOf({ expressionMap }: SelectQueryBuilder<ObjectLiteral>, raw: readonly ObjectLiteral[]): ObjectLiteral[] {
    const { dataSource, queryRunner } = this.manager;
    const transformer = new OrderedRows(expressionMap, dataSource.driver, [], queryRunner);
    return transformer.transform([...raw], expressionMap.mainAlias!) as ObjectLiteral[];
  }

  /** The records of the rows, or null where there are none any more. */
  async page(rows: Rows, after: DocumentKey | null): Promise<RecordPage | null> {
    try {
      return await this.#whole(rows);
    } catch (error) {
      if (isOfDatabase(error)) throw error;
      return this.#oneByOne(after, rows.lastKey);
    }
  }

  async #whole({ raw, query }: Rows): Promise<RecordPage> {
    const { key } = this.metadata;
    const entities = this.#recordsOf(query, raw);
    await attachRelated(this.manager, this.#plan, entities);
    const unreadable: { key: DocumentKey; error: unknown }[] = [];
    const records: { key: DocumentKey; record: object }[] = [];
    for (const record of entities) {
      const own = key.of(record);
      const failure = this.#hears ? await this.#tellLoaded(record) : null;
      // What hears of a load may change the key.
      if (failure === null) records.push({ key: this.#hears ? key.of(record) : own, record });
      else unreadable.push({ key: own, error: failure.error });
    }
    return { records, unreadable, lastKey: key.of(entities.at(-1)!) };
  }

  #page(query: SelectQueryBuilder<ObjectLiteral>, after: DocumentKey | null): SelectQueryBuilder<ObjectLiteral> {
    const { until, range, limit, where } = this.options;
    if (where !== undefined) query.setFindOptions({ where, loadEagerRelations: false });
    if (range && range.above !== null) this.#keyset.first(query, '>', range.above);
    if (range && range.upTo !== null) this.#keyset.first(query, '<=', range.upTo);
    if (after !== null) this.#keyset.behind(query, after);
    if (until !== undefined && until !== null) this.#keyset.upTo(query, until);
    this.#keyset.orderBy(query);
    return query.limit(limit);
  }

  /** As TypeORM tells of what it has loaded, and not before the record is whole. */
  async #tellLoaded(record: ObjectLiteral): Promise<{ readonly error: unknown } | null> {
    const runner = this.manager.queryRunner ?? this.manager.dataSource.createQueryRunner();
    try {
      await runner.broadcaster.broadcast('Load', this.#entity, [record]);
      return null;
    } catch (error) {
      return { error };
    } finally {
      if (this.manager.queryRunner === undefined) await runner.release();
    }
  }

  /** Where the application's code fails for one row, the keys are read alone, and halves keep it from the others. */
  async #oneByOne(after: DocumentKey | null, until: DocumentKey | null): Promise<RecordPage | null> {
    const query = this.manager.createQueryBuilder<ObjectLiteral>(this.#entity.target, ROOT_ALIAS).callListeners(false);
    query.select(this.#entity.primaryColumns.map((column) => `${ROOT_ALIAS}.${column.propertyPath}`));
    this.#page(query, after);
    // Up to where the next page begins, whatever was added meanwhile.
    if (until !== null) this.#keyset.upTo(query.limit(), until);
    const rows = await query.getMany();
    const keys = rows.map((row) => this.metadata.key.of(row));
    const lastKey = keys.at(-1);
    if (lastKey === undefined) return null;
    const unreadable: { key: DocumentKey; error: unknown }[] = [];
    const records: { key: DocumentKey; record: object }[] = [];
    await inHalves(
      keys,
      async (some) => {
        const read = await readRecords(this.manager, this.metadata, some);
        for (const key of some) if (read.has(key)) records.push({ key, record: read.get(key)! });
      },
      isOfDatabase,
      (key, error) => unreadable.push({ key, error }),
    );
    return { records, unreadable, lastKey };
  }
}

/** How many records match, soft-deleted ones not among them; more where conditions on relations multiply rows. */
export async function countRecords(
  manager: EntityManager,
  metadata: SearchMetadata,
  { after, range, where }: Omit<PageOptions, 'limit'>,
): Promise<number> {
  const entity = manager.dataSource.getMetadata(metadata.target);
  const keyset = keysetOf(metadata, entity, ROOT_ALIAS);
  const query = manager.createQueryBuilder<ObjectLiteral>(entity.target, ROOT_ALIAS);
  if (where !== undefined) query.setFindOptions({ where, loadEagerRelations: false });
  if (range && range.above !== null) keyset.first(query, '>', range.above);
  if (range && range.upTo !== null) keyset.first(query, '<=', range.upTo);
  if (after !== null) keyset.behind(query, after);
  const row = await query.select('COUNT(*)', 'n').getRawOne<{ n: string | number }>();
  return Number(row?.n ?? 0);
}

/** Whether anything listens to loads of the entity's records or of what is read with them. */
function hearsOfLoads(manager: EntityManager, entity: EntityMetadata, relations: readonly string[]): boolean {
  const { subscribers } = manager.dataSource;
  if (subscribers.some((subscriber) => subscriber.afterLoad !== undefined)) return true;
  const metadatas = new Set<EntityMetadata>([entity]);
  for (const path of relations) {
    let at: EntityMetadata | undefined = entity;
    let prefix = '';
    for (const name of path.split('.')) {
      const relation: EntityMetadata['relations'][number] | undefined = at?.findRelationWithPropertyPath(prefix + name);
      if (relation === undefined) prefix += `${name}.`;
      else {
        at = relation.inverseEntityMetadata;
        prefix = '';
        metadatas.add(at);
      }
    }
  }
  return [...metadatas].some((metadata) =>
    [metadata, ...metadata.childEntityMetadatas].some(({ afterLoadListeners }) => afterLoadListeners.length > 0),
  );
}
