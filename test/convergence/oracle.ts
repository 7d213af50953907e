import type { DataSource } from 'typeorm';

/** Documents by the key that they must have, each as text of canonical JSON. */
export type Contents = ReadonlyMap<string, string>;

/**
 * What the index must hold, from SQL written by hand. The keys that are used in tests are their own document keys.
 */
export async function expectedContents(dataSource: DataSource): Promise<Contents> {
  const q = dataSource.options.type === 'mariadb' ? '`' : '"';
  const column = (name: string) => `${q}${name}${q}`;
  const books: { code: string; title: string; year: number; author: string | null }[] = await dataSource.query(
    `SELECT b.code, b.title, b.year, a.name AS author FROM book b LEFT JOIN author a ON a.id = b.${column('authorId')}
     WHERE b.${column('deletedAt')} IS NULL AND b.year > 1900`,
  );
  const tags: { code: string; name: string }[] = await dataSource.query(
    'SELECT bt.code, t.name FROM book_tag bt JOIN tag t ON t.id = bt.tag',
  );
  const chapters: { code: string; label: string }[] = await dataSource.query(
    `SELECT ${column('bookCode')} AS code, label FROM chapter`,
  );
  return new Map(
    books.map(({ code, title, year, author }) => [
      code,
      canonical({
        title,
        year,
        author: author === null ? null : { name: author },
        tags: tags.filter((tag) => tag.code === code).map(({ name }) => ({ name })),
        chapters: chapters.filter((chapter) => chapter.code === code).map(({ label }) => ({ label })),
      }),
    ]),
  );
}

/** Objects with their members in order, lists in the order of their texts: neither has a meaning here. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, member]) => `${name}:${canonical(member)}`).join(',')}}`;
}

/** How an index differs from its database. */
export interface Divergence {
  /** Keys whose document is missing. */
  readonly lost: readonly string[];
  /** Keys whose document is an older or another one. */
  readonly stale: readonly string[];
  /** Documents that nothing in the database stands for. */
  readonly ghosts: readonly string[];
}

/** @param ignored keys whose documents may be anything */
export function divergence(expected: Contents, actual: Contents, ignored: ReadonlySet<string>): Divergence {
  const counts = ([key]: readonly [string, string]) => !ignored.has(key);
  const wanted = [...expected].filter(counts);
  return {
    lost: wanted.flatMap(([key]) => (actual.has(key) ? [] : [key])),
    stale: wanted.flatMap(([key, text]) => (actual.has(key) && actual.get(key) !== text ? [key] : [])),
    ghosts: [...actual].filter(counts).flatMap(([key]) => (expected.has(key) ? [] : [key])),
  };
}
