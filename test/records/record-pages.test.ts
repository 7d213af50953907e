import fc from 'fast-check';
import type { EntityManager, EntityTarget } from 'typeorm';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { type PageOptions, recordPages } from '../../src/records/record-pages';
import { readRecords } from '../../src/records/record-reader';
import {
  Atlas,
  Author,
  Award,
  Blurb,
  Book,
  Country,
  ENTITIES,
  Entry,
  Item,
  Novel,
  Review,
  Sheet,
  Tag,
  Work,
} from '../backfill/entities';
import { onEveryDatabase } from '../stacks/stack';

const pagesOf = async (manager: EntityManager, metadata: SearchMetadata, options: Partial<PageOptions> = {}) => {
  const pages = [];
  for await (const page of recordPages(manager, metadata, { after: null, limit: 3, ...options })) pages.push(page);
  return pages;
};
const keysOf = async (...given: Parameters<typeof pagesOf>) =>
  (await pagesOf(...given)).flatMap(({ records }) => records.map(({ key }) => key));

/** Lists in an order of their own: neither reader promises one. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  for (const [name, member] of Object.entries(value)) Object.assign(value, { [name]: sorted(member) });
  return value;
}

onEveryDatabase('pages of records', ({ use, database }) => {
  const stack = use(ENTITIES);
  const manager = () => stack.dataSource.manager;
  const clear = async () => {
    for (const table of [Review, Blurb, Sheet, Award])
      await manager().createQueryBuilder().delete().from(table).execute();
    for (const table of ['book_tags_tag', 'work_tags_tag', 'tag_countries_country'])
      await stack.dataSource.query(`DELETE FROM ${table}`);
    for (const table of [Book, Work, Tag, Author, Country, Item, Entry])
      await manager()
        .createQueryBuilder()
        .delete()
        .from(table as EntityTarget<object>)
        .execute();
  };
  beforeEach(clear);

  const sameAsRead = async (metadata: SearchMetadata, limit: number) => {
    const pages = await pagesOf(manager(), metadata, { limit });
    const paged = pages.flatMap(({ records }) => records);
    const read = await readRecords(
      manager(),
      metadata,
      paged.map(({ key }) => key),
    );
    for (const { key, record } of paged) expect(sorted(record)).toStrictEqual(sorted(read.get(key)));
    return paged;
  };

  it('are what reading by key gives, whatever is related: to one, to many, nested, hidden, soft-deleted, inherited', async () => {
    const books = stack.for(Book).metadata;
    const works = stack.for(Work).metadata;
    const choice = fc.nat({ max: 3 });
    const some = fc.uniqueArray(choice, { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          authors: fc.array(fc.record({ country: choice, awards: some, deleted: fc.boolean() }), {
            minLength: 1,
            maxLength: 3,
          }),
          tags: fc.array(fc.record({ countries: some, deleted: fc.boolean() }), { minLength: 4, maxLength: 4 }),
          books: fc.array(
            fc.record({
              author: choice,
              tags: some,
              reviews: fc.array(choice, { maxLength: 3 }),
              blurb: fc.boolean(),
              deleted: fc.nat({ max: 5 }),
            }),
            { maxLength: 7 },
          ),
          works: fc.array(fc.record({ kind: choice, tags: some, sheets: choice }), { maxLength: 6 }),
          limit: fc.integer({ min: 1, max: 8 }),
        }),
        async (given) => {
          await clear();
          const m = manager();
          const countries = await m.save([0, 1, 2, 3].map((n) => m.create(Country, { code: `C${n}` })));
          const authors: Author[] = [];
          for (const { country, awards, deleted } of given.authors) {
            const author = await m.save(
              m.create(Author, { name: `A${authors.length}`, country: countries[country - 1] ?? null }),
            );
            await m.save(
              awards.map((n) => m.create(Award, { name: `W${n}`, author, deletedAt: n === 3 ? new Date() : null })),
            );
            if (deleted) await m.softRemove(author);
            authors.push(author);
          }
          const tags: Tag[] = [];
          for (const { countries: of, deleted } of given.tags) {
            const tag = await m.save(
              m.create(Tag, { name: `T ${tags.length}`, countries: of.map((n) => countries[n]!) }),
            );
            if (deleted) await m.softRemove(tag);
            tags.push(tag);
          }
          for (const [at, one] of given.books.entries()) {
            const book = await m.save(
              m.create(Book, {
                ...{ shelf: at % 2 ? 'a"b' : 'c', place: at, title: `B${at}` },
                ...{ author: authors[one.author] ?? null, tags: one.tags.map((n) => tags[n]!) },
              }),
            );
            for (const by of one.reviews) await m.insert(Review, { text: `R${by}`, book, by: authors[by] ?? null });
            if (one.blurb) await m.insert(Blurb, { text: `b${at}`, book });
            if (one.deleted === 0) await m.softDelete(Book, { shelf: book.shelf, place: book.place });
          }
          for (const [at, one] of given.works.entries()) {
            const common = { title: `W${at}`, tags: one.tags.map((n) => tags[n]!) };
            if (one.kind === 0) await m.save(m.create(Work, common));
            if (one.kind === 1) await m.save(m.create(Novel, { ...common, pages: 3, setIn: countries[1]! }));
            if (one.kind < 2) continue;
            const atlas = await m.save(m.create(Atlas, common));
            for (let n = 0; n < one.sheets; n += 1) await m.insert(Sheet, { text: `S${n}`, atlas });
          }
          const paged = await sameAsRead(books, given.limit);
          expect(paged).toHaveLength(given.books.filter(({ deleted }) => deleted !== 0).length);
          expect(await sameAsRead(works, given.limit)).toHaveLength(given.works.length);
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  }, 120_000);

  it('hold every row once, in the order of a key of several columns, from behind any key and up to any', async () => {
    const { metadata } = stack.for(Entry);
    // The driver of SQLite reads numbers, which end at 2^53.
    const large = ['9007199254740992', '9007199254740993', '9007199254740994'];
    const accounts = ['-5', '0', '12', '9007199254740991', ...(database === 'sqlite' ? [] : large)];
    const rows = accounts.flatMap((account) =>
      ['2024-02-29', '2024-03-01'].flatMap((day) =>
        ['first', 'second', 'third'].map((half) => ({ account, day, half, text: `${account} ${day} ${half}` })),
      ),
    );
    await manager().insert(Entry, rows);
    const all = await keysOf(manager(), metadata, { limit: 100 });
    expect(new Set(all).size).toBe(rows.length);
    for (const limit of [1, 7]) expect(await keysOf(manager(), metadata, { limit })).toEqual(all);
    for (const at of [0, 3, 11, 17, rows.length - 1]) {
      expect(await keysOf(manager(), metadata, { after: all[at]!, limit: 4 })).toEqual(all.slice(at + 1));
      expect(await keysOf(manager(), metadata, { until: all[at]!, limit: 4 })).toEqual(all.slice(0, at + 1));
    }
    expect(await keysOf(manager(), metadata, { after: all[3]!, until: all[9]! })).toEqual(all.slice(4, 10));
  });

  it('are read by key, never by offset, and on the index', async () => {
    const { metadata } = stack.for(Entry);
    await manager().insert(
      Entry,
      [...Array(50).keys()]
        .map((n) => ({ account: String(n % 7), day: '2024-01-01', half: 'first', text: '' }))
        .slice(0, 7),
    );
    stack.forgetSql();
    await keysOf(manager(), metadata, { limit: 2 });
    expect(stack.sql.length).toBeGreaterThan(3);
    expect(stack.sql.filter((sql) => /offset/i.test(sql))).toEqual([]);
    const behind = stack.sql.at(-1)!.replaceAll(/[`"]/g, '');
    if (database === 'postgres')
      expect(behind).toContain(
        'record.account >= $1 AND (record.account > $1 OR (record.day >= $2 AND (record.day > $2 OR (record.half > $3))))',
      );
  });

  it('leave out what the conditions leave out: alternatives, and conditions on what is related', async () => {
    const { metadata } = stack.for(Item);
    await manager().insert(
      Item,
      [...Array(20).keys()].map((id) => ({ id, name: `n${id % 4}` })),
    );
    await manager().softDelete(Item, [3, 4]);
    expect(await keysOf(manager(), metadata, { where: { name: 'n1' } })).toEqual(['1', '5', '9', '13', '17']);
    const either = [{ name: 'n1' }, { id: 0 }];
    expect(await keysOf(manager(), metadata, { where: either, after: '4' })).toEqual(['5', '9', '13', '17']);
    const books = stack.for(Book).metadata;
    const [tag, other] = await manager().save([
      manager().create(Tag, { name: 'x', countries: [] }),
      manager().create(Tag, { name: 'y', countries: [] }),
    ]);
    for (const place of [1, 2, 3, 4, 5])
      await manager().save(
        manager().create(Book, {
          shelf: 's',
          place,
          title: 't',
          tags: place === 2 ? [] : [tag!, other!],
          author: null,
        }),
      );
    const found = await pagesOf(manager(), books, { where: { tags: [{ name: 'x' }, { name: 'y' }] }, limit: 3 });
    const keys = found.flatMap(({ records }) => records.map(({ key }) => key));
    expect([...new Set(keys)]).toHaveLength(4);
    expect(found.flatMap(({ records }) => records.map(({ record }) => (record as Book).tags.length))).toEqual(
      keys.map(() => 2),
    );
  });
});
