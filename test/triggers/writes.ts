import type { DatabaseName } from '../stacks/reachable';

/** A write by raw SQL, and the films whose documents must be looked at because of it: these and no others. */
export interface RawWrite {
  readonly title: string;
  readonly sql: string | Partial<Record<DatabaseName, string>>;
  readonly dirties: readonly number[];
}

export const SEED: readonly string[] = [
  "INSERT INTO country (code, name) VALUES ('FR', 'France'), ('JP', 'Japan'), ('IT', 'Italy')",
  "INSERT INTO studio (id, name) VALUES (1, 'One'), (2, 'Two')",
  "INSERT INTO person (id, name, country_code) VALUES (1, 'Varda', 'FR'), (2, 'Ozu', 'JP'), (3, 'Tati', 'FR'), (4, 'Nobody', 'IT')",
  "INSERT INTO genre (id, name) VALUES (1, 'drama'), (2, 'comedy'), (3, 'noir')",
  `INSERT INTO film (id, title, number, director_id, studio_id) VALUES (1, 'Vagabond', 10, 1, 1), (2, 'Tokyo Story', 20, 2, 1),
     (3, 'Playtime', 30, 3, 2), (4, 'Cleo', 40, 1, NULL), (5, 'Nameless', 50, NULL, NULL)`,
  'INSERT INTO film_genre (film_id, genre_id) VALUES (1, 1), (2, 1), (3, 2), (4, 1), (4, 2)',
  "INSERT INTO review (id, text, film_id) VALUES (1, 'fine', 1), (2, 'slow', 2), (3, 'blue', 3), (4, 'lost', NULL)",
];

const replaceInto = (sql: string) => ({ mariadb: `REPLACE INTO ${sql}`, sqlite: `INSERT OR REPLACE INTO ${sql}` });

export const WRITES: readonly RawWrite[] = [
  { title: 'insert', sql: "INSERT INTO film (id, title) VALUES (9, 'New')", dirties: [9] },
  {
    title: 'bulk insert',
    sql: "INSERT INTO film (id, title) VALUES (7, 'A'), (8, 'B'), (9, 'C')",
    dirties: [7, 8, 9],
  },
  {
    title: 'INSERT … SELECT',
    sql: 'INSERT INTO film (id, title) SELECT id + 100, title FROM film WHERE id < 3',
    dirties: [101, 102],
  },
  { title: 'update of a projected column', sql: "UPDATE film SET title = 'Other' WHERE id = 1", dirties: [1] },
  {
    title: 'update of several rows',
    sql: 'UPDATE film SET number = number + 1000 WHERE id IN (1, 2)',
    dirties: [1, 2],
  },
  { title: 'update of a column that no document holds', sql: "UPDATE film SET note = 'seen'", dirties: [] },
  { title: 'update to what is there already', sql: 'UPDATE film SET title = title', dirties: [] },
  {
    title: 'update of some rows to what is there already',
    sql: "UPDATE film SET title = 'Playtime'",
    dirties: [1, 2, 4, 5],
  },
  { title: 'change of letter case only', sql: "UPDATE film SET title = 'VAGABOND' WHERE id = 1", dirties: [1] },
  { title: 'a blank more at the end', sql: "UPDATE film SET title = 'Vagabond ' WHERE id = 1", dirties: [1] },
  { title: 'value to null', sql: 'UPDATE film SET number = NULL WHERE id = 1', dirties: [1] },
  { title: 'key change', sql: 'UPDATE film SET id = 11 WHERE id = 5', dirties: [5, 11] },
  { title: 'key change that children follow', sql: 'UPDATE film SET id = 11 WHERE id = 3', dirties: [3, 11] },
  { title: 'key change that a relation follows', sql: 'UPDATE person SET id = 11 WHERE id = 1', dirties: [1, 4] },
  { title: 'key change that a join table follows', sql: 'UPDATE genre SET id = 11 WHERE id = 2', dirties: [3, 4] },
  { title: 'soft delete', sql: "UPDATE film SET deleted_at = '2026-01-01 00:00:00' WHERE id = 2", dirties: [2] },
  { title: 'delete', sql: 'DELETE FROM film WHERE id = 5', dirties: [5] },
  { title: 'delete of several rows', sql: 'DELETE FROM film WHERE id IN (3, 5)', dirties: [3, 5] },
  {
    title: 'insert or update, of a row that is there',
    sql: {
      postgres: "INSERT INTO film (id, title) VALUES (1, 'X') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
      sqlite: "INSERT INTO film (id, title) VALUES (1, 'X') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
      mariadb: "INSERT INTO film (id, title) VALUES (1, 'X') ON DUPLICATE KEY UPDATE title = VALUES(title)",
    },
    dirties: [1],
  },
  {
    title: 'insert or update, of one row of each kind',
    sql: {
      postgres:
        "INSERT INTO film (id, title) VALUES (1, 'X'), (9, 'Y') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
      sqlite:
        "INSERT INTO film (id, title) VALUES (1, 'X'), (9, 'Y') ON CONFLICT (id) DO UPDATE SET title = excluded.title",
      mariadb: "INSERT INTO film (id, title) VALUES (1, 'X'), (9, 'Y') ON DUPLICATE KEY UPDATE title = VALUES(title)",
    },
    dirties: [1, 9],
  },
  {
    title: 'REPLACE of a row with the same key',
    sql: replaceInto("film (id, title, number) VALUES (5, 'X', 50)"),
    dirties: [5],
  },
  {
    title: 'REPLACE of a row with another key, by a unique column',
    sql: replaceInto("film (id, title, number) VALUES (9, 'X', 50)"),
    dirties: [5, 9],
  },
  {
    title: 'UPDATE OR REPLACE that takes the unique value of another row',
    sql: { sqlite: 'UPDATE OR REPLACE film SET number = 50 WHERE id = 4' },
    dirties: [4, 5],
  },
  {
    title: 'REPLACE of a child, which moves it',
    sql: replaceInto("review (id, text, film_id) VALUES (1, 'fine', 2)"),
    dirties: [1, 2],
  },
  {
    title: 'REPLACE of a related row',
    sql: replaceInto("genre (id, name) VALUES (3, 'dark')"),
    dirties: [],
  },
  { title: 'insert of a child', sql: "INSERT INTO review (id, text, film_id) VALUES (9, 'new', 5)", dirties: [5] },
  {
    title: 'insert of a child without a parent',
    sql: "INSERT INTO review (id, text) VALUES (9, 'new')",
    dirties: [],
  },
  { title: 'update of a child', sql: "UPDATE review SET text = 'grand' WHERE id = 1", dirties: [1] },
  { title: 'update of what no document holds of a child', sql: "UPDATE review SET mood = 'low'", dirties: [] },
  { title: 'move of a child', sql: 'UPDATE review SET film_id = 2 WHERE id = 1', dirties: [1, 2] },
  {
    title: 'two children that swap parents',
    sql: 'UPDATE review SET film_id = 4 - film_id WHERE id IN (1, 3)',
    dirties: [1, 3],
  },
  { title: 'adoption of a child', sql: 'UPDATE review SET film_id = 5 WHERE id = 4', dirties: [5] },
  { title: 'child set free', sql: 'UPDATE review SET film_id = NULL WHERE id = 1', dirties: [1] },
  { title: 'delete of a child', sql: 'DELETE FROM review WHERE id = 1', dirties: [1] },
  { title: 'delete of all children', sql: 'DELETE FROM review', dirties: [1, 2, 3] },
  { title: 'update of a related row', sql: "UPDATE person SET name = 'Agnes Varda' WHERE id = 1", dirties: [1, 4] },
  { title: 'update of what no document holds of a related row', sql: 'UPDATE person SET born = 1928', dirties: [] },
  { title: 'another relation', sql: 'UPDATE film SET director_id = 3 WHERE id = 1', dirties: [1] },
  {
    title: 'update of a row two relations away',
    sql: "UPDATE country SET name = 'Gaul' WHERE code = 'FR'",
    dirties: [1, 3, 4],
  },
  {
    title: 'another relation of a related row',
    sql: "UPDATE person SET country_code = 'JP' WHERE id = 1",
    dirties: [1, 4],
  },
  { title: 'delete of a related row that sets null', sql: 'DELETE FROM person WHERE id = 1', dirties: [1, 4] },
  {
    title: 'delete two relations away that sets null',
    sql: "DELETE FROM country WHERE code = 'FR'",
    dirties: [1, 3, 4],
  },
  { title: 'delete of several related rows', sql: 'DELETE FROM person WHERE id <> 2', dirties: [1, 3, 4] },
  {
    title: 'delete of related rows that a query of their owners finds',
    sql: 'DELETE FROM person WHERE id IN (SELECT director_id FROM film WHERE id = 1)',
    dirties: [1, 4],
  },
  {
    title: 'delete of related rows by a join',
    sql: { mariadb: 'DELETE person FROM person JOIN film ON film.director_id = person.id WHERE film.id = 1' },
    dirties: [1, 4],
  },
  { title: 'delete of a related row that nobody refers to', sql: 'DELETE FROM person WHERE id = 4', dirties: [] },
  {
    title: 'delete that cascades from a table no document holds',
    sql: 'DELETE FROM studio WHERE id = 1',
    dirties: [1, 2],
  },
  { title: 'delete of a parent that takes its children along', sql: 'DELETE FROM film WHERE id = 1', dirties: [1] },
  {
    title: 'insert of a row of a join table',
    sql: 'INSERT INTO film_genre (film_id, genre_id) VALUES (5, 3)',
    dirties: [5],
  },
  {
    title: 'delete of a row of a join table',
    sql: 'DELETE FROM film_genre WHERE film_id = 4 AND genre_id = 1',
    dirties: [4],
  },
  {
    title: 'row of a join table that gets another owner',
    sql: 'UPDATE film_genre SET film_id = 5 WHERE film_id = 3',
    dirties: [3, 5],
  },
  {
    title: 'row of a join table that gets another related row',
    sql: 'UPDATE film_genre SET genre_id = 3 WHERE film_id = 3',
    dirties: [3],
  },
  {
    title: 'update of a row behind a join table',
    sql: "UPDATE genre SET name = 'sad' WHERE id = 1",
    dirties: [1, 2, 4],
  },
  {
    title: 'delete of a row behind a join table that cascades to it',
    sql: 'DELETE FROM genre WHERE id = 2',
    dirties: [3, 4],
  },
  { title: 'TRUNCATE of children', sql: { postgres: 'TRUNCATE review' }, dirties: [1, 2, 3] },
  { title: 'TRUNCATE of all', sql: { postgres: 'TRUNCATE film CASCADE' }, dirties: [1, 2, 3, 4, 5] },
  {
    title: 'MERGE',
    sql: {
      postgres: `MERGE INTO film f USING (VALUES (1, 'X'), (9, 'Y')) AS s(id, title) ON s.id = f.id
        WHEN MATCHED THEN UPDATE SET title = s.title WHEN NOT MATCHED THEN INSERT (id, title) VALUES (s.id, s.title)`,
    },
    dirties: [1, 9],
  },
  {
    title: 'statement with several writes',
    sql: {
      postgres: `WITH a AS (UPDATE film SET title = 'X' WHERE id = 1 RETURNING id), b AS (DELETE FROM review WHERE id = 2 RETURNING id)
        INSERT INTO film (id, title) SELECT 9, 'Z'`,
    },
    dirties: [1, 2, 9],
  },
];
