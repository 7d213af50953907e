import type { DataSource, EntityMetadata } from 'typeorm';
import { rawWritesOf } from './raw-write.js';
import type { UnresolvedWrite } from './unresolved.js';
import { isExempt } from './without-capture.js';

/** In the name of the outbox's table, whatever its schema and prefix. */
const OUTBOX = 'scrypath_outbox';

/** Watches the SQL that a DataSource sends for writes that no builder made. */
export class RawWrites {
  readonly #dataSource: DataSource;
  readonly #isWatched: (table: EntityMetadata) => boolean;
  readonly #unresolved: (write: UnresolvedWrite) => void;
  /** Texts of SQL that capture knows of, and how many times they are under way. */
  readonly #announced = new Map<string, number>();
  /** Names of entities by the name of their table; null until it is asked for. */
  #entities: ReadonlyMap<string, string> | null = null;

  constructor(
    dataSource: DataSource,
    isWatched: (table: EntityMetadata) => boolean,
    unresolved: (write: UnresolvedWrite) => void,
  ) {
    this.#dataSource = dataSource;
    this.#isWatched = isWatched;
    this.#unresolved = unresolved;
  }

  /** Tells that the text is no raw write, until the function returned is called. */
  announce(sql: string): () => void {
    this.#announced.set(sql, (this.#announced.get(sql) ?? 0) + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = this.#announced.get(sql)! - 1;
      if (left > 0) this.#announced.set(sql, left);
      else this.#announced.delete(sql);
    };
  }

  /** Looks at a statement that has succeeded. */
  see(sql: string): void {
    // Most statements are these: a SELECT alone names no table that it writes, and marks are our own.
    if (sql.includes(OUTBOX) || /^\s*select\b[^;]*$/i.test(sql) || this.#announced.has(sql)) return;
    const told = new Set<string>();
    for (const { statement, table } of rawWritesOf(sql)) {
      const entity = this.#entitiesByTable().get(table.toLowerCase());
      if (entity === undefined || told.has(entity)) continue;
      told.add(entity);
      if (isExempt(entity, (reason) => this.#unresolved({ statement: 'without_capture', entity, reason }))) continue;
      this.#unresolved({ statement, entity });
    }
  }

  /** The metadata has changed. */
  forget(): void {
    this.#entities = null;
  }

  #entitiesByTable(): ReadonlyMap<string, string> {
    this.#entities ??= new Map(
      this.#dataSource.entityMetadatas
        .filter((metadata) => this.#isWatched(metadata))
        // The root of a table that subclasses share comes last, and stays.
        .sort((a, b) => b.inheritanceTree.length - a.inheritanceTree.length)
        .map(({ tableName, name }) => [tableName.toLowerCase(), name]),
    );
    return this.#entities;
  }
}
