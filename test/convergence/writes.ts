import fc from 'fast-check';
import type { SearchService } from 'scrypath';
import type { EntityManager } from 'typeorm';
import { POISON, REFUSED } from './engine-room';
import { Author, Book, Chapter, Tag } from './library';

const CODES = ['a', 'b', 'c', 'd', 'e'] as const;
const NUMBERS = [1, 2, 3] as const;

/** Who carries out writes, and what he has for it. */
export interface WriteContext {
  readonly manager: EntityManager;
  readonly books: () => SearchService<Book>;
  /** Whether raw SQL is seen; where not, the application says what it has written, in the same transaction. */
  readonly seesRawSql: boolean;
}

type Route = (context: WriteContext, write: Write) => Promise<unknown>;

/** One write by one of the routes that there are. */
export interface Write {
  readonly route: keyof typeof ROUTES;
  readonly code: (typeof CODES)[number];
  readonly other: (typeof CODES)[number];
  readonly number: (typeof NUMBERS)[number];
  /** Makes each write another. */
  readonly text: string;
  readonly year: number;
}

const loaded = async ({ manager }: WriteContext, { code }: Write): Promise<Book> => {
  const relations = { tags: true, chapters: true, author: true };
  const book = await manager.findOne(Book, { where: { code }, relations });
  if (book === null) throw new Error('There is no such book.');
  return book;
};

const bookOf = ({ code, text, year }: Write) => ({ code, title: text, year });

/** Fails where what it needs is not there, as an application's write would. */
const ROUTES = {
  save: ({ manager }, write) => manager.save(Book, bookOf(write)),
  saveWithCascade: ({ manager }, write) =>
    manager.save(Book, {
      ...bookOf(write),
      author: { id: write.number } as Author,
      tags: [{ id: write.number }] as Tag[],
      chapters: [{ id: write.number, label: write.text }] as Chapter[],
    }),
  saveLoaded: async (context, write) =>
    context.manager.save(Object.assign(await loaded(context, write), bookOf(write))),
  insert: ({ manager }, write) => manager.insert(Book, bookOf(write)),
  insertMany: ({ manager }, write) =>
    manager
      .createQueryBuilder()
      .insert()
      .into(Book)
      .values([bookOf(write), { ...bookOf(write), code: write.other }])
      .orIgnore()
      .execute(),
  upsert: ({ manager }, write) => manager.upsert(Book, bookOf(write), ['code']),
  update: ({ manager }, { code, text }) => manager.update(Book, { code }, { title: text }),
  updateMany: ({ manager }, { text, year }) =>
    manager.createQueryBuilder().update(Book).set({ title: text }).where('year >= :year', { year }).execute(),
  changeYear: ({ manager }, { code, year }) => manager.update(Book, { code }, { year }),
  increment: ({ manager }, { code }) => manager.increment(Book, { code }, 'year', 60),
  decrement: ({ manager }, { code }) => manager.decrement(Book, { code }, 'year', 60),
  changeKey: ({ manager }, { code, other }) => manager.update(Book, { code }, { code: other }),
  delete: ({ manager }, { code }) => manager.delete(Book, { code }),
  remove: async (context, write) => context.manager.remove(await loaded(context, write)),
  deleteMany: ({ manager }, { year }) =>
    manager.createQueryBuilder().delete().from(Book).where('year = :year', { year }).execute(),
  deleteAndInsert: async ({ manager }, write) => {
    await manager.delete(Book, { code: write.code });
    await manager.insert(Book, bookOf(write));
  },
  softDelete: ({ manager }, { code }) => manager.softDelete(Book, { code }),
  softRemove: async (context, write) => context.manager.softRemove(await loaded(context, write)),
  restore: ({ manager }, { code }) => manager.restore(Book, { code }),
  recover: async ({ manager }, { code }) => {
    const book = await manager.findOne(Book, { where: { code }, withDeleted: true });
    if (book !== null) await manager.recover(book);
  },
  saveAuthor: ({ manager }, { number, text }) => manager.save(Author, { id: number, name: text }),
  updateAuthors: ({ manager }, { text }) => manager.createQueryBuilder().update(Author).set({ name: text }).execute(),
  deleteAuthor: ({ manager }, { number }) => manager.delete(Author, { id: number }),
  setAuthor: ({ manager }, { code, number }) =>
    manager.createQueryBuilder().relation(Book, 'author').of(code).set(number),
  saveTag: ({ manager }, { number, text }) => manager.save(Tag, { id: number, name: text }),
  deleteTag: ({ manager }, { number }) => manager.delete(Tag, { id: number }),
  addTag: ({ manager }, { code, number }) => manager.createQueryBuilder().relation(Book, 'tags').of(code).add(number),
  removeTag: ({ manager }, { code, number }) =>
    manager.createQueryBuilder().relation(Book, 'tags').of(code).remove(number),
  saveTags: async (context, write) => {
    const book = await loaded(context, write);
    book.tags = [{ id: write.number } as Tag];
    await context.manager.save(book);
  },
  saveChapter: ({ manager }, { code, number, text }) =>
    manager.save(Chapter, { id: number, label: text, bookCode: code }),
  moveChapter: ({ manager }, { code, number }) => manager.update(Chapter, { id: number }, { bookCode: code }),
  deleteChapter: ({ manager }, { number }) => manager.delete(Chapter, { id: number }),
  sql: async ({ manager, books, seesRawSql }, { code, text }) => {
    await manager.query(`UPDATE book SET title = '${text}' WHERE code = '${code}'`);
    if (!seesRawSql) await markVerb(manager, books, code);
  },
  sqlDelete: async ({ manager, books, seesRawSql }, { code }) => {
    await manager.query(`DELETE FROM book_tag WHERE code = '${code}'`);
    await manager.query(`DELETE FROM chapter WHERE ${manager.dataSource.driver.escape('bookCode')} = '${code}'`);
    await manager.query(`DELETE FROM book WHERE code = '${code}'`);
    if (!seesRawSql) await markVerb(manager, books, code);
  },
  /** Nothing has changed: looking again does no harm. */
  verb: ({ manager, books }, { code }) => markVerb(manager, books, code),
} satisfies Record<string, Route>;

const markVerb = (manager: EntityManager, books: WriteContext['books'], code: string) =>
  books().syncKeys([code], manager.queryRunner ? { manager } : {});

export async function carryOut(write: Write, context: WriteContext): Promise<void> {
  const { manager } = context;
  const several = write.route.startsWith('sql') && !manager.queryRunner && !context.seesRawSql;
  // A statement and the word of it belong together.
  const route: Route = ROUTES[write.route];
  if (several) await manager.transaction((inner) => route({ ...context, manager: inner }, write));
  else await route(context, write);
}

let counter = 0;

/** Texts that no other write has; now and then one that the engine does not take. */
const texts = fc
  .oneof(
    { weight: 14, arbitrary: fc.constant('text') },
    { weight: 1, arbitrary: fc.constant(POISON) },
    { weight: 1, arbitrary: fc.constant(REFUSED) },
  )
  .map((word) => `${word} ${++counter}`);

export const writes: fc.Arbitrary<Write> = fc.record({
  route: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('save', 'saveWithCascade', 'upsert', 'update', 'delete') },
    { weight: 4, arbitrary: fc.constantFrom(...(Object.keys(ROUTES) as (keyof typeof ROUTES)[])) },
  ),
  code: fc.constantFrom(...CODES),
  other: fc.constantFrom(...CODES),
  number: fc.constantFrom(...NUMBERS),
  text: texts,
  year: fc.constantFrom(1850, 1950, 2000),
});
