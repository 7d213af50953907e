import type { DataSource, EntityMetadata } from 'typeorm';
import { touches } from '../../src/fan-out/mark-rule';
import { markSql } from '../../src/fan-out/mark-sql';
import { storedKeyOf } from '../../src/outbox/stored-key';
import { projectionOf } from '../../src/projection/projection';
import { readRecords } from '../../src/records/record-reader';
import type { Built } from './opened';
import { tableNamed } from './opened';

type Value = string | number | null;
type Values = Readonly<Record<string, Value>>;

/** One statement on one table; rows are found by equal columns. */
export type Write =
  | { readonly kind: 'insert'; readonly table: string; readonly row: Values }
  | { readonly kind: 'update'; readonly table: string; readonly where: Values; readonly set: Values }
  | { readonly kind: 'delete'; readonly table: string; readonly where: Values };

/** A program that writes by SQL, and marks by the rules what it dirties, as capture would. */
export class Writer {
  constructor(
    readonly dataSource: DataSource,
    readonly built: Built,
  ) {}

  async write(write: Write): Promise<void> {
    await this.dataSource.query(this.#statement(write));
  }

  /** Runs the write and returns the marks that the rules ask for: `Movie 1`, `Movie>director 7`. */
  async marks(write: Write): Promise<string[]> {
    const table = tableNamed(this.dataSource, write.table);
    const before = write.kind === 'insert' ? [] : await this.#found(table, write, write.where);
    await this.write(write);
    const after =
      write.kind === 'delete'
        ? []
        : await this.#found(table, write, write.kind === 'insert' ? write.row : { ...write.where, ...write.set });
    return [...new Set([...before, ...after])].sort();
  }

  /** The records that marks lead to, as a worker finds them, two by two. */
  async owners(marks: readonly string[]): Promise<string[]> {
    const owners = new Set<string>();
    for (const mark of marks) {
      const [name, key] = [mark.slice(0, mark.indexOf(' ')), mark.slice(mark.indexOf(' ') + 1)];
      const dependency = this.built.fanOut.dependencies.get(name);
      if (dependency === undefined) owners.add(mark);
      else
        for (const recordKey of await this.pages(name, key, 2).then((pages) => pages.flat()))
          owners.add(`${dependency.owner.entity} ${recordKey}`);
    }
    return [...owners].sort();
  }

  async pages(name: string, recordKey: string, limit: number): Promise<(readonly string[])[]> {
    const dependency = this.built.fanOut.dependencies.get(name)!;
    const pages: (readonly string[])[] = [];
    let after: string | null = null;
    do {
      const page = await dependency.page(this.dataSource.manager, recordKey, after, limit);
      pages.push(page.recordKeys);
      after = page.after;
    } while (after !== null);
    return pages;
  }

  /** All documents as they should stand in the indexes now, by `Entity key`. */
  async documents(): Promise<Map<string, string>> {
    const documents = new Map<string, string>();
    for (const metadata of this.built.metadatas) {
      const { eligible, document } = projectionOf(metadata);
      const records = await this.dataSource.getRepository<object>(metadata.target).find();
      const read = await readRecords(
        this.dataSource.manager,
        metadata,
        records.map((record) => metadata.key.of(record)),
      );
      for (const [key, record] of read)
        if (eligible(record)) documents.set(`${metadata.entity} ${storedKeyOf(key)}`, canonical(document(record).data));
    }
    return documents;
  }

  async #found(table: EntityMetadata, write: Write, where: Values): Promise<string[]> {
    const rules = this.built.fanOut.rulesOf(table).filter((rule) => {
      if (write.kind !== 'update') return rule[write.kind];
      return touches(
        rule,
        Object.keys(write.set).map((name) => table.findColumnWithDatabaseName(name)!),
      );
    });
    const marks: string[] = [];
    for (const rule of rules) {
      const { key, joins, notNull } = markSql(rule, 'changed');
      const rows: { k: string }[] = await this.dataSource.query(
        `SELECT ${key} AS k FROM ${this.#name(write.table)} changed${joins} WHERE ${notNull} AND ${this.#condition(where, 'changed.')}`,
      );
      marks.push(...rows.map(({ k }) => `${rule.marks} ${k}`));
    }
    return marks;
  }

  #statement(write: Write): string {
    const table = this.#name(write.table);
    switch (write.kind) {
      case 'insert':
        return `INSERT INTO ${table} (${Object.keys(write.row)
          .map((name) => this.#name(name))
          .join(', ')}) VALUES (${Object.values(write.row).map(literal).join(', ')})`;
      case 'update':
        return `UPDATE ${table} SET ${Object.entries(write.set)
          .map(([name, value]) => `${this.#name(name)} = ${literal(value)}`)
          .join(', ')} WHERE ${this.#condition(write.where)}`;
      case 'delete':
        return `DELETE FROM ${table} WHERE ${this.#condition(write.where)}`;
    }
  }

  #condition(where: Values, before = ''): string {
    return Object.entries(where)
      .map(([name, value]) => `${before}${this.#name(name)} ${value === null ? 'IS NULL' : `= ${literal(value)}`}`)
      .join(' AND ');
  }

  #name(name: string): string {
    return this.dataSource.driver.escape(name);
  }
}

const literal = (value: Value) => (typeof value === 'string' ? `'${value}'` : String(value));

/** Lists of related records have no order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    Array.isArray(inner) ? inner.map((one) => JSON.stringify(one)).sort() : inner,
  );
