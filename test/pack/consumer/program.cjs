// A CommonJS program that uses the package as an application would. It prints one line, which the check looks at.
const { describe, Scrypath, Searchable } = require('scrypath');
const { embedded, libsqlDriver } = require('scrypath/embedded');
const { DataSource, EntitySchema } = require('typeorm');

const Book = new EntitySchema({
  name: 'Book',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    title: { type: 'varchar' },
    year: { type: 'integer' },
  },
});
const books = describe(Book, {
  fields: { title: { searchable: true }, year: { filterable: { facet: true }, sortable: true } },
});

async function run() {
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    driver: libsqlDriver(),
    database: ':memory:',
    entities: [Book],
    synchronize: true,
  });
  await dataSource.initialize();
  const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [books] });
  await scrypath.start();

  const written = await dataSource.getRepository(Book).save([
    { title: 'The Left Hand of Darkness', year: 1969 },
    { title: 'The Dispossessed', year: 1974 },
  ]);
  const { status } = await scrypath.for(Book).syncRecords(written);
  const { records, facets } = await scrypath.for(Book).search('darknes', {
    filter: { year: { lt: 1970 } },
    facets: ['year'],
    hydrate: true,
  });
  console.log(status, records.map(({ title }) => title).join(), JSON.stringify(facets.year), typeof Searchable);
  await scrypath.close();
  await dataSource.destroy();
}

run();
