import type { FieldIds } from './document-fields.js';
import { compareText } from './facet-text.js';
import { isWithin } from './field-paths.js';
import { countMark, decodedWord, fieldOfTextRow, isMark, PostingsReader, rowText, textRowOf } from './postings.js';
import type { CompleteSettings } from './settings.js';
import type { SqliteDatabase, Statements } from './sqlite.js';
import type { FieldWords, Tokenizer } from './tokenizer.js';
import { Vocabulary } from './vocabulary.js';

/** The words of one document, by field path. */
export interface DocumentWords {
  readonly id: number;
  readonly words: ReadonlyMap<string, FieldWords>;
}

const LOADED_WORDS = 5000;

/**
 * The words of an index: which documents have them, in which field and where. The occurrences are in an FTS5 table, one row
 * for one field of one document; the distinct words are in memory.
 */
export class TextIndex {
  readonly vocabularyTable: string;
  private readonly termTable: string;
  /** Words of fields that typos may match. */
  tolerant = new Vocabulary();
  /** Words of fields where typos are switched off, and numbers where those are. */
  exact = new Vocabulary();
  postings: PostingsReader;
  /** The words of each synonym, by the words that it stands for, which are joined by NUL. */
  readonly synonyms: ReadonlyMap<string, readonly (readonly string[])[]>;
  /** Words of a query that are not searched with typos. */
  readonly exactWords: ReadonlySet<string>;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly statements: Statements,
    readonly table: string,
    private readonly settings: CompleteSettings,
    readonly tokenizer: Tokenizer,
    readonly fields: FieldIds,
  ) {
    this.vocabularyTable = `${table}_words`;
    this.termTable = `${table}_terms`;
    this.synonyms = this.readSynonyms();
    this.exactWords = new Set(settings.typoTolerance.disableOnWords);
    this.postings = new PostingsReader(statements, this.vocabularyTable, this.termTable);
  }

  private readSynonyms(): ReadonlyMap<string, readonly (readonly string[])[]> {
    const originals = new Map<string, string[]>();
    for (const [word, synonyms] of Object.entries(this.settings.synonyms)) {
      const key = this.wordsIn(word).join('\0');
      if (key !== '') originals.set(key, [...(originals.get(key) ?? []), ...synonyms]);
    }
    const read = new Map<string, readonly (readonly string[])[]>();
    for (const [key, synonyms] of originals) {
      const words = [...new Set(synonyms)].sort(compareText).map((synonym) => this.wordsIn(synonym));
      const known = words.filter((list) => list.length > 0);
      if (known.length > 0) read.set(key, known);
    }
    return read;
  }

  createTables(): void {
    // Words come ready-made, between spaces: every printable character belongs to a word.
    const characters = `!""#$%&''''()*+,-./:;<=>?@[\\]^_\`{|}~`;
    this.database.exec(
      `CREATE VIRTUAL TABLE ${this.table} USING fts5(words, content='', contentless_delete=1, ` +
        `tokenize="ascii tokenchars '${characters}'")`,
    );
    this.database.exec(`CREATE VIRTUAL TABLE ${this.vocabularyTable} USING fts5vocab(${this.table}, instance)`);
    this.database.exec(`CREATE VIRTUAL TABLE ${this.termTable} USING fts5vocab(${this.table}, row)`);
  }

  dropTables(): void {
    this.statements.forget(this.table);
    for (const table of [this.termTable, this.vocabularyTable, this.table]) {
      this.database.exec(`DROP TABLE IF EXISTS ${table}`);
    }
  }

  /** Takes over what another one has read of the same tables, under settings that find the same words. */
  takeFrom(before: TextIndex): void {
    this.tolerant = before.tolerant;
    this.exact = before.exact;
    this.postings = before.postings;
  }

  /** Reads the distinct words. */
  *load(): Generator<void> {
    this.tolerant = new Vocabulary();
    this.exact = new Vocabulary();
    const byField = this.settings.typoTolerance.disableOnAttributes.length > 0;
    const page = byField
      ? `SELECT term, json_group_array(DISTINCT doc) FROM ${this.vocabularyTable} WHERE term > ? GROUP BY term`
      : `SELECT term, doc FROM ${this.termTable} WHERE term > ?`;
    for (let after = ''; ; ) {
      const rows = this.statements.of(`${page} LIMIT ${LOADED_WORDS}`).all([after]) as [string, number | string][];
      for (const [stored, found] of rows) {
        if (isMark(stored)) continue;
        const word = decodedWord(stored);
        if (typeof found === 'number') this.vocabularyFor('', word).add(word, found);
        else for (const row of JSON.parse(found) as number[]) this.vocabularyFor(this.fieldOf(row), word).add(word);
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last[0];
      yield;
    }
  }

  private fieldOf(row: number): string {
    return this.fields.names[fieldOfTextRow(row)]!;
  }

  private vocabularyFor(field: string, word: string): Vocabulary {
    return this.isExact(field, word) ? this.exact : this.tolerant;
  }

  /** Whether a word in a field is found by its exact form only. */
  private isExact(field: string, word: string): boolean {
    return this.isExactWord(word) || this.isExactField(field);
  }

  /** Whether typos are off for a word wherever it stands. */
  isExactWord(word: string): boolean {
    return this.settings.typoTolerance.disableOnNumbers && /^[\p{N}!-/:-@[-`{-~]*$/u.test(word);
  }

  private isExactField(field: string): boolean {
    return this.settings.typoTolerance.disableOnAttributes.some((attribute) => isWithin(field, attribute));
  }

  /** The fields where typos are off; null where there are none. */
  exactFields(): ReadonlySet<number> | null {
    const exact = new Set<number>();
    for (const [id, name] of this.fields.names.entries()) if (this.isExactField(name)) exact.add(id);
    return exact.size === 0 ? null : exact;
  }

  private wordsIn(text: string): string[] {
    return this.tokenizer.tokenize(text).flatMap(({ kind, lemma }) => (kind === 'word' && lemma !== '' ? [lemma] : []));
  }

  add(documents: readonly DocumentWords[]): void {
    const rows: [number, string][] = [];
    for (const { id, words } of documents) {
      for (const [field, { words: list, positions }] of words) {
        if (list.length === 0) continue;
        rows.push([textRowOf(id, this.fields.idOf(field)), rowText(list, positions)]);
        this.count(field, list, 1);
      }
    }
    if (rows.length === 0) return;
    this.statements
      .of(`INSERT INTO ${this.table} (rowid, words) SELECT value->>0, value->>1 FROM json_each(?)`)
      .run([JSON.stringify(rows)]);
  }

  remove(documents: readonly DocumentWords[]): void {
    const rows: number[] = [];
    for (const { id, words } of documents) {
      for (const [field, { words: list }] of words) {
        if (list.length === 0) continue;
        rows.push(textRowOf(id, this.fields.idOf(field)));
        this.count(field, list, -1);
      }
    }
    if (rows.length === 0) return;
    this.statements
      .of(`DELETE FROM ${this.table} WHERE rowid IN (SELECT value FROM json_each(?))`)
      .run([JSON.stringify(rows)]);
  }

  private count(field: string, words: readonly string[], change: 1 | -1): void {
    this.postings.forget(countMark(words.length));
    for (const word of new Set(words)) {
      const vocabulary = this.vocabularyFor(field, word);
      if (change === 1) vocabulary.add(word);
      else vocabulary.remove(word);
      this.postings.forget(word);
    }
  }
}
