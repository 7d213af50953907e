import type { DataSource } from 'typeorm';

type Row = Record<string, string | number | null>;

/** The contents of the tables that documents are made of, by SQL alone. */
export type Snapshot = Readonly<Record<string, readonly Row[]>>;

const TABLES = ['film', 'director', 'tag', 'film_tags_tag', 'review', 'scene', 'poster', 'seat', 'ticket', 'media'];
const TREES = ['category', 'topic', 'genre'];

export async function snapshot(dataSource: Pick<DataSource, 'query'>): Promise<Snapshot> {
  const tables: Record<string, Row[]> = {};
  for (const table of [...TABLES, ...TREES]) tables[table] = await dataSource.query(`SELECT * FROM ${table}`);
  return tables;
}

/** The documents of a snapshot, by `Entity key`: what the declarations of `entities.ts` say, written by hand. */
export function documentsOf(tables: Snapshot): Map<string, string> {
  const documents = new Map<string, string>();
  const put = (key: string, document: unknown) => documents.set(key, JSON.stringify(document));
  const of = (table: string, filmId: unknown) => tables[table]!.filter((row) => row.filmId === filmId);
  for (const film of tables.film!.filter(({ deletedAt }) => deletedAt === null))
    put(`Film ${film.id}`, {
      title: film.title,
      year: film.year,
      director: tables.director!.find(({ id }) => id === film.directorId)?.name ?? null,
      tags: of('film_tags_tag', film.id)
        .map(({ tagId }) => tables.tag!.find(({ id }) => id === tagId)?.name)
        .sort(),
      reviews: of('review', film.id)
        .map(({ stars }) => stars)
        .sort(),
      scenes: of('scene', film.id)
        .map(({ label }) => label)
        .sort(),
      poster: of('poster', film.id).map(({ url }) => url),
    });
  for (const seat of tables.seat!)
    put(`Seat ["${String(seat.row).replace(/["\\]/g, '\\$&')}","${seat.place}"]`, seat.guest);
  for (const ticket of tables.ticket!) put(`Ticket ${ticket.id}`, ticket.holder);
  for (const media of tables.media!.filter(({ kind }) => kind === 'Photo')) put(`Photo ${media.id}`, media.camera);
  for (const [entity, table] of [
    ['Category', 'category'],
    ['Topic', 'topic'],
    ['Genre', 'genre'],
  ] as const)
    for (const node of tables[table]!) put(`${entity} ${node.id}`, node.name);
  return documents;
}

/** The documents that are not the same in both. */
export function changedBetween(before: Snapshot, after: Snapshot): string[] {
  const [old, now] = [documentsOf(before), documentsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).sort();
}

/** The documents that marks lead to, as a worker would find them after the write. */
export function markedDocuments(marks: readonly string[], tables: Snapshot): Set<string> {
  return new Set(
    marks.flatMap((mark) => {
      const at = mark.indexOf(' ');
      const [entity, key] = [mark.slice(0, at), mark.slice(at + 1)];
      if (entity === 'Film>director')
        return tables.film!.filter(({ directorId }) => String(directorId) === key).map(({ id }) => `Film ${id}`);
      if (entity === 'Film>tags')
        return tables.film_tags_tag!.filter(({ tagId }) => String(tagId) === key).map(({ filmId }) => `Film ${filmId}`);
      return [mark];
    }),
  );
}
