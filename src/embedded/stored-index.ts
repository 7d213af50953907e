import type { StoredDocument } from '../backend/backend.js';
import type { JsonObject } from '../document/json.js';
import { DocSet } from './doc-set.js';
import { FieldIds, registerFields, withKey, wordsOf } from './document-fields.js';
import { FacetColumns } from './facet-columns.js';
import { type CompleteSettings, changesExactWords, changesFacets, changesText, facetedPatterns } from './settings.js';
import type { SqliteDatabase, Statements } from './sqlite.js';
import { TextIndex } from './text-index.js';
import { Tokenizer } from './tokenizer.js';

/** A document on its way into an index. */
export interface WrittenDocument {
  readonly key: string;
  /** `data` as JSON. */
  readonly body: string;
}

/** The row of the table of indexes. */
export interface IndexRow {
  readonly id: number;
  readonly createdAt: string;
  readonly hasKey: boolean;
  readonly settings: CompleteSettings;
  readonly fields: readonly string[];
  /** Number of the full-text table in use; a rebuild makes the next one. */
  readonly textTable: number;
}

/** Documents written, read or re-indexed between two looks at the clock: at most so many, with so much JSON. */
const STEP = 100;
const STEP_CHARACTERS = 100_000;

/**
 * The documents of one index: the tables that keep them, and in memory what is derived from them. The long operations are
 * generators that yield wherever they may be interrupted; the tables and the derived state agree at every yield.
 */
export class StoredIndex {
  readonly id: number;
  readonly createdAt: string;
  settings: CompleteSettings;
  hasKey: boolean;
  text: TextIndex;
  facets: FacetColumns;
  private textTable: number;
  private readonly fields: FieldIds;
  private storedFields: number;
  private alive = DocSet.empty(0);
  /** One above the highest document id in use. */
  private end = 0;
  private count = 0;
  private capacity = 0;
  /** No id below this one is free. */
  private lowestFree = 0;
  private loading: Generator<void> | null = null;
  private loaded = false;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly statements: Statements,
    row: IndexRow,
  ) {
    this.id = row.id;
    this.createdAt = row.createdAt;
    this.settings = row.settings;
    this.hasKey = row.hasKey;
    this.fields = new FieldIds([...row.fields]);
    this.storedFields = row.fields.length;
    this.textTable = row.textTable;
    this.text = this.openText(row.textTable, row.settings);
    this.facets = new FacetColumns(facetedPatterns(row.settings));
  }

  private get table(): string {
    return `documents_${this.id}`;
  }

  private openText(number: number, settings: CompleteSettings): TextIndex {
    return new TextIndex(
      this.database,
      this.statements,
      `text_${this.id}_${number}`,
      settings,
      new Tokenizer(new Set(settings.stopWords)),
      this.fields,
    );
  }

  /** Makes the tables of a new index. */
  createTables(): void {
    this.database.exec(
      `CREATE TABLE ${this.table} (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)`,
    );
    this.text.createTables();
    this.loaded = true;
  }

  dropTables(): void {
    this.statements.forget(this.table);
    this.database.exec(`DROP TABLE ${this.table}`);
    this.text.dropTables();
  }

  get documents(): number {
    return this.count;
  }

  /** One above the highest document id: the limit of every `DocSet` about this index. */
  get limit(): number {
    return this.end;
  }

  get isLoaded(): boolean {
    return this.loaded;
  }

  /** Every field path that a document ever had. */
  get knownFields(): readonly string[] {
    return this.fields.names;
  }

  /** Every document, as a set that the caller may change. */
  everything(): DocSet {
    return this.alive.resized(this.end);
  }

  /** Reads what is derived from the tables. Several callers may drive it in turn. */
  load(): Generator<void> {
    this.loading ??= this.read();
    return this.loading;
  }

  private *read(): Generator<void> {
    try {
      yield* this.readTables();
      this.loaded = true;
    } finally {
      // What failed half-way starts anew.
      if (!this.loaded) this.loading = null;
    }
  }

  private *readTables(): Generator<void> {
    this.facets = new FacetColumns(this.facets.patterns);
    this.alive = DocSet.empty(0);
    this.capacity = 0;
    this.count = 0;
    this.end = 0;
    yield* this.text.load();
    const wantsFacets = this.facets.patterns.size > 0;
    const page = this.statements.of(
      `SELECT id, key, ${wantsFacets ? 'body' : "'{}'"} FROM ${this.table} WHERE id >= ? ORDER BY id LIMIT ${STEP * 5}`,
    );
    for (let from = 0; ; ) {
      const rows = page.all([from]) as [number, string, string][];
      for (const [id, key, body] of rows) {
        this.occupy(id);
        if (wantsFacets) this.facets.add(id, withKey(key, JSON.parse(body) as JsonObject));
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      from = last[0] + 1;
      yield;
    }
  }

  private occupy(id: number): void {
    if (id >= this.capacity) {
      this.capacity = Math.max(1024, this.capacity * 2, id + 1);
      this.alive = this.alive.resized(this.capacity);
    }
    this.alive.add(id);
    this.count += 1;
    this.end = Math.max(this.end, id + 1);
  }

  private release(id: number): void {
    this.alive.delete(id);
    this.count -= 1;
    this.lowestFree = Math.min(this.lowestFree, id);
  }

  /** The lowest id that no document has: what the reference gives out next. */
  private freeId(): number {
    if (this.count === this.end) return this.end;
    while (this.alive.has(this.lowestFree)) this.lowestFree += 1;
    return this.lowestFree;
  }

  private storedByKey(keys: readonly string[]): Map<string, { readonly id: number; readonly body: string }> {
    if (keys.length === 0) return new Map();
    const rows = this.statements
      .of(`SELECT key, id, body FROM ${this.table} WHERE key IN (SELECT value FROM json_each(?))`)
      .all([JSON.stringify(keys)]) as [string, number, string][];
    return new Map(rows.map(([key, id, body]) => [key, { id, body }]));
  }

  /** Writes documents; one that has the key of a stored one takes its place and its id. */
  *upsert(documents: readonly WrittenDocument[]): Generator<void> {
    this.hasKey = true;
    for (let start = 0, end = 0; start < documents.length; start = end) {
      let characters = 0;
      while (end < documents.length && end - start < STEP && characters < STEP_CHARACTERS) {
        characters += documents[end]!.body.length;
        end += 1;
      }
      this.write(documents.slice(start, end));
      yield;
    }
  }

  private write(documents: readonly WrittenDocument[]): void {
    const last = new Map<string, string>();
    for (const { key, body } of documents) last.set(key, body);
    const stored = this.storedByKey(this.count === 0 ? [] : [...last.keys()]);
    const replaced: { id: number; document: JsonObject }[] = [];
    const written: { id: number; document: JsonObject }[] = [];
    const rows: [number, string, string][] = [];
    for (const [key, body] of last) {
      const before = stored.get(key);
      if (before?.body === body) continue;
      if (before !== undefined) replaced.push({ id: before.id, document: withKey(key, JSON.parse(before.body)) });
      const id = before?.id ?? this.freeId();
      if (before === undefined) this.occupy(id);
      const document = withKey(key, JSON.parse(body) as JsonObject);
      registerFields(document, this.fields);
      written.push({ id, document });
      rows.push([id, key, body]);
    }
    if (rows.length === 0) return;
    this.forget(replaced);
    this.statements
      .of(`INSERT OR REPLACE INTO ${this.table} SELECT value->>0, value->>1, value->>2 FROM json_each(?)`)
      .run([JSON.stringify(rows)]);
    this.text.add(written.map(({ id, document }) => ({ id, words: this.wordsOf(document) })));
    for (const { id, document } of written) this.facets.add(id, document);
    // Rows of text are numbered by field, so the names belong into the same transaction.
    if (this.storedFields !== this.fields.names.length) this.save();
  }

  private wordsOf(document: JsonObject) {
    return wordsOf(document, this.settings.searchableAttributes, this.text.tokenizer);
  }

  private forget(documents: readonly { readonly id: number; readonly document: JsonObject }[]): void {
    if (documents.length === 0) return;
    this.text.remove(documents.map(({ id, document }) => ({ id, words: this.wordsOf(document) })));
    for (const { id } of documents) this.facets.remove(id);
  }

  /** Removes documents by key; keys without a document are passed over. */
  *remove(keys: readonly string[]): Generator<void> {
    for (let start = 0; start < keys.length; start += STEP) {
      const stored = this.storedByKey(keys.slice(start, start + STEP));
      const gone = [...stored].map(([key, { id, body }]) => ({ id, document: withKey(key, JSON.parse(body)) }));
      this.forget(gone);
      this.statements
        .of(`DELETE FROM ${this.table} WHERE id IN (SELECT value FROM json_each(?))`)
        .run([JSON.stringify(gone.map(({ id }) => id))]);
      for (const { id } of gone) this.release(id);
      yield;
    }
  }

  /** Takes new settings; what depends on them is made anew beside the old, and put in its place at the end. */
  *apply(settings: CompleteSettings): Generator<void> {
    const rebuildText = this.count > 0 && changesText(this.settings, settings);
    const rebuildFacets = this.count > 0 && changesFacets(this.settings, settings);
    const textTable = rebuildText ? this.textTable + 1 : this.textTable;
    const text = this.openText(textTable, settings);
    if (rebuildText) {
      text.dropTables();
      text.createTables();
    } else if (changesExactWords(this.settings, settings)) yield* text.load();
    else text.takeFrom(this.text);
    const facets = new FacetColumns(facetedPatterns(settings));
    if (rebuildText || rebuildFacets) {
      for (const page of this.pages(STEP)) {
        const documents = page.map(({ id, key, body }) => ({ id, document: withKey(key, JSON.parse(body)) }));
        if (rebuildText) {
          text.add(
            documents.map(({ id, document }) => ({
              id,
              words: wordsOf(document, settings.searchableAttributes, text.tokenizer),
            })),
          );
        }
        if (rebuildFacets) for (const { id, document } of documents) facets.add(id, document);
        yield;
      }
    }
    if (rebuildText) this.text.dropTables();
    this.text = text;
    this.textTable = textTable;
    if (rebuildFacets || this.count === 0) this.facets = facets;
    this.settings = settings;
  }

  private *pages(size: number): Generator<{ id: number; key: string; body: string }[]> {
    const page = this.statements.of(`SELECT id, key, body FROM ${this.table} WHERE id >= ? ORDER BY id LIMIT ?`);
    for (let from = 0; ; ) {
      const rows = page.all([from, size]) as [number, string, string][];
      if (rows.length === 0) return;
      from = rows.at(-1)![0] + 1;
      yield rows.map(([id, key, body]) => ({ id, key, body }));
    }
  }

  /** Documents from id `from` on, at most `size`, and where the next page starts; null when there are none. */
  scan(from: number, size: number): { readonly documents: StoredDocument[]; readonly next: number } | null {
    const rows = this.statements
      .of(`SELECT id, key, body FROM ${this.table} WHERE id >= ? ORDER BY id LIMIT ?`)
      .all([from, size]) as [number, string, string][];
    if (rows.length === 0) return null;
    return { documents: rows.map(([, key, body]) => ({ key, data: JSON.parse(body) })), next: rows.at(-1)![0] + 1 };
  }

  fetch(keys: readonly string[]): StoredDocument[] {
    return [...this.storedByKey(keys)].map(([key, { body }]) => ({ key, data: JSON.parse(body) }));
  }

  /** The documents with these ids, in this order. */
  documentsOf(ids: readonly number[]): StoredDocument[] {
    const rows = this.statements
      .of(`SELECT id, key, body FROM ${this.table} WHERE id IN (SELECT value FROM json_each(?))`)
      .all([JSON.stringify(ids)]) as [number, string, string][];
    const byId = new Map(rows.map(([id, key, body]) => [id, { key, data: JSON.parse(body) as JsonObject }]));
    return ids.map((id) => byId.get(id)!);
  }

  /** Writes the row of this index, where something that stands in it has changed. */
  save(): void {
    this.storedFields = this.fields.names.length;
    this.statements
      .of('UPDATE indexes SET settings = ?, fields = ?, has_key = ?, text_table = ? WHERE id = ?')
      .run([
        JSON.stringify(this.settings),
        JSON.stringify(this.fields.names),
        this.hasKey ? 1 : 0,
        this.textTable,
        this.id,
      ]);
  }
}
