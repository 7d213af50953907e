/** What a statement of SQL does to a table, as far as its text tells. */
export interface RawWrite {
  readonly statement: 'raw' | 'clear';
  /** The last part of the table's name, as it is written, without quotes. */
  readonly table: string;
}

const NAME = String.raw`(?:[\w$]+|"[^"]+"|\x60[^\x60]+\x60|\[[^\]]+\])`;
const PATH = String.raw`${NAME}(?:\s*\.\s*${NAME})*`;
const PATHS = new RegExp(PATH, 'g');
const TARGETS = [
  { statement: 'raw', at: String.raw`\b(?:insert|replace|merge)\b[\s\w]*?\binto\s+(${PATH})` },
  // Between the verb and its next word stand the tables: several, or joined, in MySQL.
  {
    statement: 'raw',
    at: String.raw`(?<!\bfor\s+(?:no\s+key\s+)?|\bdo\s+|\bon\s+|\bkey\s+)\bupdate\s+([^;]*?)\bset\b`,
  },
  { statement: 'raw', at: String.raw`(?<!\bon\s+)\bdelete\b\s+([^;]*?)(?=\bwhere\b|\breturning\b|;|$)` },
  { statement: 'clear', at: String.raw`\btruncate\b\s+([^;]*)` },
  { statement: 'raw', at: String.raw`^\s*copy\s+(${PATH})[^;]*?\bfrom\b` },
] as const;
const TARGET_PATTERNS = TARGETS.map(({ statement, at }) => ({ statement, pattern: new RegExp(at, 'gi') }));
const WRITES = /\b(?:insert|replace|update|delete|truncate|merge|copy)\b/i;

/**
 * The tables that a text of SQL writes to, by its text alone: more than it writes where tables are joined, none where the
 * writing is hidden in a function, a procedure or a trigger.
 */
export function rawWritesOf(sql: string): readonly RawWrite[] {
  if (!WRITES.test(sql)) return [];
  const text = withoutLiterals(sql);
  const writes = TARGET_PATTERNS.flatMap(({ statement, pattern }) =>
    [...text.matchAll(pattern)].flatMap(([, tables]) => namesIn(tables!).map((table) => ({ statement, table }))),
  );
  return writes;
}

const withoutLiterals = (sql: string) =>
  sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\.|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/g, (literal) =>
    literal.startsWith("'") || literal.startsWith('$') ? "''" : ' ',
  );

const namesIn = (tables: string): string[] =>
  [...tables.matchAll(PATHS)].map(([path]) =>
    path
      .split('.')
      .at(-1)!
      .trim()
      .replace(/^["`[]|["`\]]$/g, ''),
  );
