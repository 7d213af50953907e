import type { DataSource } from 'typeorm';
import { Category, Genre, Topic } from './entities';

const TABLES = [
  'film_tags_tag',
  'review',
  'scene',
  'poster',
  'film',
  'director',
  'tag',
  'seat',
  'ticket',
  'media',
  'category_closure',
  'category',
  'topic',
  'genre',
  'log',
];
/** Tables whose keys the database counts: from 101 on, so that they are none of those below. */
const COUNTED = ['review', 'scene', 'poster', 'film', 'director', 'tag', 'media', 'log'];

const ROWS = [
  `INSERT INTO director (id, name) VALUES (1, 'Ann'), (2, 'Bob')`,
  `INSERT INTO tag (id, name) VALUES (1, 'x'), (2, 'y'), (3, 'z')`,
  `INSERT INTO film (id, slug, title, year, "directorId", "deletedAt") VALUES
     (1, 'a', 'A', 2000, 1, NULL), (2, 'b', 'B', 2000, 1, NULL), (3, 'c', 'C', 1990, 2, '2020-01-01 00:00:00')`,
  `INSERT INTO film_tags_tag ("filmId", "tagId") VALUES (1, 1), (1, 2), (2, 1)`,
  `INSERT INTO review (id, stars, text, "filmId") VALUES (1, 1, '', 1), (2, 2, '', 1), (3, 1, '', 2), (4, 3, '', NULL)`,
  `INSERT INTO scene (id, label, "filmId") VALUES (1, 'one', 1), (2, 'two', 1), (3, 'three', 2)`,
  `INSERT INTO poster (id, url, "filmId") VALUES (1, 'u', 1), (2, 'v', NULL)`,
  `INSERT INTO seat ("row", place, guest) VALUES ('A', 1, 'g'), ('A', 2, 'h'), ('B', 1, 'i')`,
  `INSERT INTO ticket (id, holder, version) VALUES
     ('aaaaaaaa-0000-4000-8000-000000000001', 'h', 1), ('aaaaaaaa-0000-4000-8000-000000000002', 'i', 1)`,
  `INSERT INTO media (id, kind, name, camera) VALUES (1, 'Photo', 'm', 'c'), (2, 'Clip', 'm', NULL), (3, 'Photo', 'm', 'd')`,
];

/** Puts the same rows into the tables, whatever was in them. */
export async function seed(dataSource: DataSource): Promise<void> {
  const { type } = dataSource.options;
  for (const table of ['category', 'topic', 'genre'])
    await dataSource.query(`UPDATE ${table} SET ${dataSource.driver.escape('parentId')} = NULL`);
  for (const table of TABLES) await dataSource.query(`DELETE FROM ${table}`);
  for (const statement of ROWS) await dataSource.query(type === 'mariadb' ? statement.replaceAll('"', '`') : statement);
  for (const table of COUNTED) await dataSource.query(...countingFrom101(type, table));
  await seedTrees(dataSource);
}

function countingFrom101(type: string, table: string): [sql: string] {
  if (type === 'postgres') return [`ALTER SEQUENCE ${table}_id_seq RESTART WITH 101`];
  if (type === 'mariadb') return [`ALTER TABLE ${table} AUTO_INCREMENT = 101`];
  return [`UPDATE sqlite_sequence SET seq = 100 WHERE name = '${table}'`];
}

/** Three nodes, each below the one before, with the keys 1, 2 and 3. */
async function seedTrees(dataSource: DataSource): Promise<void> {
  const { type } = dataSource.options;
  for (const [entity, table] of [
    [Category, 'category'],
    [Topic, 'topic'],
    [Genre, 'genre'],
  ] as const) {
    if (type === 'postgres') await dataSource.query(`ALTER SEQUENCE ${table}_id_seq RESTART WITH 1`);
    else if (type === 'mariadb') await dataSource.query(`ALTER TABLE ${table} AUTO_INCREMENT = 1`);
    else await dataSource.query(`DELETE FROM sqlite_sequence WHERE name = '${table}'`);
    let parent: { id: number } | null = null;
    for (const name of ['root', 'middle', 'leaf'])
      parent = (await dataSource.getRepository<Category>(entity).save({ name, parent } as Category)) as { id: number };
  }
}
