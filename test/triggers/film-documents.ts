import type { DataSource } from 'typeorm';
import type { OutboxRow } from './opened';

/** What each film's document says, by hand-written SQL: the oracle shares nothing with what is tested. */
export async function filmDocuments(dataSource: DataSource): Promise<ReadonlyMap<string, string>> {
  const films: Record<string, unknown>[] = await dataSource.query(
    `SELECT f.id, f.title, f.number, p.name AS director, c.name AS country
     FROM film f LEFT JOIN person p ON p.id = f.director_id LEFT JOIN country c ON c.code = p.country_code
     WHERE f.deleted_at IS NULL`,
  );
  const genres: Record<string, unknown>[] = await dataSource.query(
    `SELECT fg.film_id, g.id, g.name FROM film_genre fg JOIN genre g ON g.id = fg.genre_id ORDER BY g.id`,
  );
  const reviews: Record<string, unknown>[] = await dataSource.query(`SELECT film_id, id, text FROM review ORDER BY id`);
  return new Map(
    films.map((film) => [
      String(film.id),
      JSON.stringify([
        Object.values(film).slice(1),
        genres.filter(({ film_id }) => film_id === film.id).map(({ name }) => name),
        reviews.filter(({ film_id }) => film_id === film.id).map(({ text }) => text),
      ]),
    ]),
  );
}

/** The films whose document is there, or what it says, in one of the two only. */
export const changedFilms = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id)).sort();

const OWNERS: Readonly<Record<string, string>> = {
  'Film>director': 'SELECT id FROM film WHERE director_id = $',
  'Film>director.country': "SELECT f.id FROM film f JOIN person p ON p.id = f.director_id WHERE p.country_code = '$'",
  'Film>genres': 'SELECT film_id AS id FROM film_genre WHERE genre_id = $',
  'Film>reviews': 'SELECT film_id AS id FROM review WHERE id = $ AND film_id IS NOT NULL',
};

/** The films that a worker would look at, now, because of the rows. */
export async function markedFilms(dataSource: DataSource, rows: readonly OutboxRow[]): Promise<string[]> {
  const marked = new Set<string>();
  for (const { entity, record_key: key } of rows) {
    if (entity === 'Film') {
      marked.add(key);
      continue;
    }
    const sql = OWNERS[entity];
    if (sql === undefined) throw new Error(`No film is found by ${entity}.`);
    for (const { id } of await dataSource.query(sql.replace('$', key))) marked.add(String(id));
  }
  return [...marked].sort();
}
