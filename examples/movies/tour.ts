import type { Scrypath, SearchService } from 'scrypath';
import { And, LessThan, MoreThanOrEqual, type Repository } from 'typeorm';
import { Checks } from './checks.js';
import type { Example } from './connect.js';
import { Director } from './entities/director.js';
import { Movie } from './entities/movie.js';
import { readFilmList } from './film-list.js';
import { indexMovies } from './index-movies.js';
import { loadMovies } from './load-movies.js';
import { grouped, printFacet, printHits, printTable, timed } from './report.js';

interface Tour {
  readonly scrypath: Scrypath;
  readonly movies: SearchService<Movie>;
  readonly repository: Repository<Movie>;
  readonly directors: Repository<Director>;
  readonly checks: Checks;
}

/**
 * Loads the films, indexes and searches them, changes one and deletes one, and checks every step.
 * @returns the exit code: 1 where a check failed
 */
export async function takeTour({ dataSource, scrypath, stack }: Example): Promise<0 | 1> {
  console.log(`Real films, on ${stack}`);
  const { films, untitled } = readFilmList();
  const repository = dataSource.getRepository(Movie);

  // The rows come before capture starts, as in an application that has had them for years.
  const [, loading] = await timed(() => loadMovies(dataSource, films));
  await scrypath.start();
  const worker = scrypath.worker();
  await worker.start();
  const [documents, indexing] = await timed(() => indexMovies(scrypath));
  printTable([
    ['rows written', grouped(films.length), loading],
    ['documents indexed', grouped(documents), indexing],
    ['left out', grouped(untitled), 'without a title'],
  ]);

  const directors = dataSource.getRepository(Director);
  const tour: Tour = { scrypath, movies: scrypath.for(Movie), repository, directors, checks: new Checks() };
  await compareCounts(tour);
  await forgiveTypo(tour);
  await filterAndSort(tour);
  await hydrateHits(tour);
  await changeTitle(tour);
  await renameDirector(tour);
  await updateMany(tour);
  await rollBack(tour);
  await deleteRow(tour);
  return tour.checks.conclude();
}

async function compareCounts({ movies, repository, checks }: Tour): Promise<void> {
  const rows = await repository.count();
  const { page } = await movies.search('');
  checks.that('the index has a document for every row', rows > 0 && page.totalHits === rows, {
    rows,
    documents: page.totalHits,
  });
}

async function forgiveTypo({ movies, checks }: Tour): Promise<void> {
  const [{ hits }, took] = await timed(() => movies.search('godfahter'));
  heading(`A typo: "godfahter" (${took})`);
  printHits(hits);
  checks.that('The Godfather is the first hit', hits[0]?.title === 'The Godfather', titlesOf(hits));
}

async function filterAndSort({ movies, repository, checks }: Tour): Promise<void> {
  const [{ hits, page, facets }, took] = await timed(() =>
    movies.search('', {
      filter: { released: { gte: '1990-01-01', lt: '2000-01-01' }, votes: { gte: 100_000 } },
      sort: [{ rating: 'desc' }, { votes: 'desc' }],
      page: { number: 1, size: 5 },
      facets: ['genre', 'certificate'],
    }),
  );
  heading(`Films of the nineties with 100,000 votes and more, the best first (${took})`);
  printHits(hits);
  console.log(`   page ${page.number} of ${page.totalPages}, ${page.totalHits} films`);
  printFacet('genre', facets.genre);
  printFacet('certificate', facets.certificate);

  const rows = await repository.find({
    where: { released: And(MoreThanOrEqual('1990-01-01'), LessThan('2000-01-01')), votes: MoreThanOrEqual(100_000) },
    order: { rating: 'DESC', votes: 'DESC' },
  });
  const dramas = rows.filter(({ genre }) => genre === 'Drama').length;
  checks.that(
    'the page has the films of SQL, in its order',
    same(idsOf(hits), idsOf(rows.slice(0, 5))),
    titlesOf(hits),
  );
  checks.that('the page has the total of SQL', rows.length > 0 && page.totalHits === rows.length, page);
  checks.that('the facet has the dramas of SQL', dramas > 0 && facets.genre.Drama === dramas, facets.genre);
}

async function hydrateHits({ movies, checks }: Tour): Promise<void> {
  const [{ hits, records, missingIds }, took] = await timed(() =>
    movies.search('kubrick', { hydrate: { relations: { director: true } } }),
  );
  heading(`Entities for hits: "kubrick" (${took})`);
  printTable(
    records.map(({ title, gross, director }) => [title, `$ ${grouped(gross ?? 0)}`, director?.name ?? 'no director']),
  );
  const inOrder = records.length > 0 && missingIds.length === 0 && same(idsOf(records), idsOf(hits));
  checks.that('every hit has its entity, in the order of the hits', inOrder, titlesOf(records));
  checks.that(
    'every entity has its director',
    records.every((record) => record instanceof Movie && record.director?.name === 'Stanley Kubrick'),
    records.map(({ director }) => director?.name),
  );
}

async function changeTitle({ scrypath, movies, repository, checks }: Tour): Promise<void> {
  heading('A changed title: Eyes Wide Shut becomes Traumnovelle');
  const movie = await repository.findOneByOrFail({ title: 'Eyes Wide Shut' });
  const before = await movies.search('eyes wide shut');
  checks.that('it is found under its old title before', idsOf(before.hits).includes(movie.id), titlesOf(before.hits));

  await untilSearchable(scrypath, () => repository.save(Object.assign(movie, { title: 'Traumnovelle' })));

  const { hits } = await movies.search('traumnovelle');
  printHits(hits);
  checks.that('it is found under its new title', idsOf(hits).includes(movie.id), titlesOf(hits));
  const after = await movies.search('eyes wide shut', { page: { size: 1000 } });
  checks.that('it is not found under its old title', !idsOf(after.hits).includes(movie.id), titlesOf(after.hits));
}

async function renameDirector({ scrypath, movies, repository, directors, checks }: Tour): Promise<void> {
  heading('A renamed director: Ridley Scott becomes Sir Ridley');
  const director = await directors.findOneByOrFail({ name: 'Ridley Scott' });
  const rows = await repository.countBy({ director: { id: director.id } });

  // The films are not touched: their documents hold the name, and follow it.
  const [, took] = await timed(() =>
    untilSearchable(scrypath, () => directors.save(Object.assign(director, { name: 'Sir Ridley' }))),
  );
  const { page } = await movies.search('', { filter: { 'director.name': 'Sir Ridley' } });
  console.log(`   ${page.totalHits} films followed (${took})`);
  checks.that('his films are found under his new name', rows > 0 && page.totalHits === rows, page);
}

async function updateMany({ scrypath, movies, repository, checks }: Tour): Promise<void> {
  heading('One UPDATE of many rows: Western becomes Horse opera');
  const rows = await repository.countBy({ genre: 'Western' });

  const [, took] = await timed(() =>
    untilSearchable(scrypath, () => repository.update({ genre: 'Western' }, { genre: 'Horse opera' })),
  );
  const { page } = await movies.search('', { filter: { genre: 'Horse opera' } });
  console.log(`   ${page.totalHits} films changed (${took})`);
  checks.that('every row that it changed is found', rows > 0 && page.totalHits === rows, page);
}

async function rollBack({ scrypath, movies, repository, checks }: Tour): Promise<void> {
  heading('A transaction that is rolled back');
  const { value, token } = await scrypath.track(() =>
    repository.manager
      .transaction(async (manager) => {
        await manager.update(Movie, { title: 'Vertigo' }, { title: 'Never committed' });
        throw new Error('rolled back');
      })
      .catch((error: Error) => error.message),
  );
  const { hits } = await movies.search('"never committed"');
  checks.that('it leaves no trace', value === 'rolled back' && token === null && hits.length === 0, { value, token });
}

/** Writes, and waits until a search shows what was written. */
async function untilSearchable<T>(scrypath: Scrypath, write: () => Promise<T>): Promise<T> {
  const { value, token } = await scrypath.track(write);
  if (token !== null) await scrypath.waitForCompletion(token);
  return value;
}

async function deleteRow(tour: Tour): Promise<void> {
  const { scrypath, movies, repository, checks } = tour;
  heading('A deleted row: Gigli');
  const movie = await repository.findOneByOrFail({ title: 'Gigli' });
  const { id } = movie; // remove() takes it from the entity
  const before = await movies.search('gigli');
  checks.that('it is found before', idsOf(before.hits).includes(id), titlesOf(before.hits));

  await untilSearchable(scrypath, () => repository.remove(movie));

  const after = await movies.search('gigli', { page: { size: 1000 } });
  checks.that('it is not found any more', !idsOf(after.hits).includes(id), titlesOf(after.hits));
  await compareCounts(tour);
}

const heading = (text: string) => console.log(`\n${text}`);
const idsOf = (movies: readonly { readonly id: number }[]) => movies.map(({ id }) => id);
const titlesOf = (movies: readonly { readonly title: string }[]) => movies.map(({ title }) => title);
const same = (left: readonly number[], right: readonly number[]) => left.join() === right.join();
