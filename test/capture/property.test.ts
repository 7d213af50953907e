import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';
import { type Captured, openCaptured } from './captured';
import { changedBetween, markedDocuments, type Snapshot, snapshot } from './documents';
import { Director, Film, Review, Tag } from './entities';
import { seed } from './seed';

const SEED = 20261101;
const RUNS = 25;

/** A write by a builder, and the documents of the rows that its condition matches, read off the tables by hand. */
interface Write {
  readonly shown: string;
  run(manager: EntityManager): Promise<unknown>;
  matched(before: Snapshot, after: Snapshot): readonly unknown[];
}

const year = fc.constantFrom(1990, 2000, 2001);
const filmId = fc.constantFrom(1, 2, 3, null);
const stars = fc.integer({ min: 1, max: 3 });
const films = (at: Snapshot, of: (film: Snapshot[string][number]) => boolean) =>
  at.film!.filter(of).map(({ id }) => id);
const owners = (at: Snapshot, of: (review: Snapshot[string][number]) => boolean) =>
  at.review!.filter(of).map((review) => review.filmId);

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.tuple(year, year).map(([from, to]) => ({
    shown: `films of ${from} to ${to}`,
    run: (manager: EntityManager) => manager.update(Film, { year: from }, { year: to }),
    matched: (before: Snapshot) => films(before, (film) => film.year === from),
  })),
  fc.tuple(filmId, filmId).map(([from, to]) => ({
    shown: `reviews of ${from} to ${to}`,
    run: (manager: EntityManager) =>
      manager
        .createQueryBuilder()
        .update(Review)
        .set({ filmId: to })
        .where(`COALESCE(${manager.dataSource.driver.escape('filmId')}, 0) = :from`, { from: from ?? 0 })
        .execute(),
    matched: (before: Snapshot) => (before.review!.some((review) => review.filmId === from) ? [from, to] : []),
  })),
  fc.tuple(stars, stars).map(([from, to]) => ({
    shown: `stars ${from} to ${to}`,
    run: (manager: EntityManager) => manager.update(Review, { stars: from }, { stars: to }),
    matched: (before: Snapshot) => owners(before, (review) => review.stars === from),
  })),
  fc.tuple(stars, filmId).map(([count, film]) => ({
    shown: `new review of ${film}`,
    run: (manager: EntityManager) => manager.insert(Review, { stars: count, filmId: film }),
    matched: () => [film],
  })),
  stars.map((count) => ({
    shown: `no reviews of ${count} stars`,
    run: (manager: EntityManager) => manager.delete(Review, { stars: count }),
    matched: (before: Snapshot) => owners(before, (review) => review.stars === count),
  })),
  fc.constantFrom(1, 2).map((id) => ({
    shown: `no director ${id}`,
    run: (manager: EntityManager) => manager.delete(Director, { id }),
    matched: (before: Snapshot) => films(before, ({ directorId }) => directorId === id),
  })),
  fc.tuple(fc.constantFrom(1, 2), fc.constantFrom('Ann', 'Bob', 'Eve')).map(([id, name]) => ({
    shown: `director ${id} is ${name}`,
    run: (manager: EntityManager) => manager.update(Director, { id }, { name }),
    matched: (_: Snapshot, after: Snapshot) => films(after, ({ directorId }) => directorId === id),
  })),
  fc.constantFrom(1, 2, 3).map((id) => ({
    shown: `no tag ${id}`,
    run: (manager: EntityManager) => manager.delete(Tag, { id }),
    matched: (before: Snapshot) => before.film_tags_tag!.filter(({ tagId }) => tagId === id).map((row) => row.filmId),
  })),
  fc.constantFrom(1, 2, 3).map((id) => ({
    shown: `film ${id} soft-deleted`,
    run: (manager: EntityManager) => manager.softDelete(Film, { id }),
    matched: (before: Snapshot) => films(before, (film) => film.id === id && film.deletedAt === null),
  })),
  fc.constantFrom(1, 2, 3).map((id) => ({
    shown: `film ${id} restored`,
    run: (manager: EntityManager) => manager.restore(Film, { id }),
    matched: (before: Snapshot) => films(before, (film) => film.id === id && film.deletedAt !== null),
  })),
  fc.tuple(fc.constantFrom('a', 'b', 'n'), year).map(([slug, to]) => ({
    shown: `upsert of ${slug}`,
    run: (manager: EntityManager) => manager.upsert(Film, { slug, title: 'U', year: to }, ['slug']),
    matched: (_: Snapshot, after: Snapshot) => films(after, (film) => film.slug === slug),
  })),
);
const history = fc.record({ writes: fc.array(write, { minLength: 1, maxLength: 8 }), together: fc.boolean() });

onEveryDatabase('a random history of builder writes', ({ database }) => {
  let captured: Captured;
  beforeAll(async () => {
    captured = await openCaptured(database);
  });
  afterAll(() => captured?.drop());

  it('marks every changed document, and none whose rows did not match', async () => {
    const { dataSource } = captured;
    await fc.assert(
      fc.asyncProperty(history, async ({ writes, together }) => {
        await seed(dataSource);
        await captured.forget();
        const before = await snapshot(dataSource);
        const may = new Set<string>();
        let last = before;
        const runAll = async (manager: EntityManager) => {
          for (const { run, matched } of writes) {
            await run(manager);
            const next = await snapshot(manager);
            for (const id of matched(last, next)) if (id !== null) may.add(`Film ${id}`);
            last = next;
          }
        };
        await (together ? dataSource.transaction(runAll) : runAll(dataSource.manager));
        const led = markedDocuments(await captured.marks(), last);
        expect(changedBetween(before, last).filter((key) => !led.has(key))).toEqual([]);
        // A mark of a director or a tag leads to whoever has it in the end.
        const direct = (await captured.marks()).filter((mark) => mark.startsWith('Film '));
        expect(direct.filter((key) => !may.has(key))).toEqual([]);
        expect(captured.unresolved).toEqual([]);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);
});
