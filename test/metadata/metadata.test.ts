import { describe as describeEntity, Filterable, Scrypath, Searchable, SearchDocument, Sortable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
} from 'typeorm';
import { MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase, openDatabase } from '../stacks/stack';

onEveryDatabase('the metadata of an entity', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);

  it('holds its fields by role, its relations, key and settings, frozen', () => {
    const { metadata } = opened.for(Movie);
    expect(metadata).toMatchObject({
      entity: 'Movie',
      source: 'fields',
      index: 'movies',
      keyFields: ['id'],
      searchable: ['title', 'plot', 'director.name', 'cast.name'],
      sortable: ['title', 'year', 'budget', 'views', 'released'],
      facets: ['genres', 'colour', 'director.name', 'director.country.code'],
      relations: ['director', 'cast', 'director.country'],
    });
    expect(metadata.indexName).toMatch(/^t[0-9a-f]+_movies$/);
    expect(metadata.settings.searchableAttributes).toEqual(['title', 'plot', 'director.name', 'cast.name']);
    for (const part of [metadata, metadata.fields, metadata.fields[0], metadata.settings, metadata.relations])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('takes the kinds of values from the columns', () => {
    const kinds = Object.fromEntries(
      opened.for(Movie).metadata.fields.map(({ path, kind, list }) => [path, [kind, list]]),
    );
    expect(kinds).toMatchObject({
      title: ['string', false],
      year: ['number', false],
      genres: ['string', true],
      budget: ['exact', false],
      views: ['exact', false],
      released: ['date', false],
      colour: ['boolean', false],
      'director.name': ['string', false],
      'cast.name': ['string', true],
    });
  });
});

describe('inheritance', () => {
  abstract class Named {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class City extends Named {
    @Filterable() @Column() population!: number;
  }
  @Entity()
  @Searchable({ index: 'content' })
  @TableInheritance({ column: { type: 'varchar', name: 'type' } })
  class Content {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable() @Column() title!: string;
  }
  @ChildEntity()
  class Photo extends Content {
    @Filterable() @Column() size!: string;
  }
  @ChildEntity()
  @Searchable({ index: 'posts' })
  class Post extends Content {
    @Searchable() @Column() body!: string;
  }

  it('of an abstract base gives its fields to each entity; a single-table root has the fields of its subclasses', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [City, Content, Photo, Post]);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    const { indexes } = await scrypath.start();
    expect(indexes.map(({ index }) => index).sort()).toEqual(['city', 'content', 'posts']);
    expect(scrypath.for(City).metadata.searchable).toEqual(['name']);
    expect(scrypath.for(Content).metadata.searchable).toEqual(['title', 'body']);
    expect(scrypath.for(Content).metadata.filterable).toEqual(['size']);
    expect(scrypath.for(Post).metadata.searchable).toEqual(['title', 'body']);
    expect(() => scrypath.for(Photo)).toThrow(expect.objectContaining({ code: 'ENTITY_UNKNOWN' }));
    const photo = await dataSource
      .getRepository(Photo)
      .save(Object.assign(new Photo(), { title: 'Dawn', size: '4x6' }));
    expect(scrypath.for(Content).document(photo).data).toEqual({ title: 'Dawn', size: '4x6', body: null });
    const post = await dataSource.getRepository(Post).save(Object.assign(new Post(), { title: 'Hi', body: 'There' }));
    await scrypath.for(Content).syncKeys([photo.id, post.id]);
    const { hits } = await scrypath.for(Content).search('', { filter: { size: '4x6' } as never, hydrate: true });
    expect(hits.map(({ title }) => title)).toEqual(['Dawn']);
    await scrypath.close();
    await drop();
  });
});

describe('embeddeds', () => {
  class Geo {
    @Filterable() @Sortable() @Column('float') lat!: number;
  }
  class Address {
    @Filterable({ facet: true }) @Column() city!: string;
    @Column() street!: string;
    @Column(() => Geo) geo!: Geo;
  }
  @Entity()
  @Searchable()
  class Person {
    @PrimaryColumn('uuid') id!: string;
    @Searchable() @Column() name!: string;
    @Searchable('street') @Column(() => Address) home!: Address;
  }

  it('bring the fields declared inside them, and take paths', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Person]);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    await scrypath.start();
    const people = scrypath.for(Person);
    expect(people.metadata.filterable.toSorted()).toEqual(['home.city', 'home.geo.lat']);
    expect(people.metadata.searchable).toEqual(['name', 'home.street']);
    const id = '0190D3C8-91a5-7c3f-b1fb-2a8a8b2c9f10';
    const person = Object.assign(new Person(), {
      id,
      name: 'Ada',
      home: { city: 'Bonn', street: 'Am Hof', geo: { lat: 50.7 } },
    });
    expect(people.document(person).data).toEqual({
      name: 'Ada',
      home: { street: 'Am Hof', city: 'Bonn', geo: { lat: 50.7 } },
    });
    await scrypath.close();
    await drop();
  });
});

describe('describe()', () => {
  interface Song {
    id: number;
    title: string;
    length: number;
    album: Album | null;
  }
  interface Album {
    id: number;
    name: string;
  }
  const AlbumSchema = new EntitySchema<Album>({
    name: 'Album',
    columns: { id: { type: Number, primary: true, generated: true }, name: { type: String } },
  });
  const SongSchema = new EntitySchema<Song>({
    name: 'Song',
    columns: {
      id: { type: Number, primary: true, generated: true },
      title: { type: String },
      length: { type: Number },
    },
    relations: { album: { type: 'many-to-one', target: 'Album', nullable: true, cascade: true } },
  });
  const songs = describeEntity(SongSchema, {
    index: 'songs',
    fields: {
      title: { searchable: true },
      'album.name': { searchable: true, filterable: { facet: true } },
      length: { filterable: true, sortable: true },
    },
    when: (song) => song.length > 0,
  });

  it('gives an EntitySchema the same facts as decorators give a class', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [SongSchema, AlbumSchema]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [songs] });
    await scrypath.start();
    const service = scrypath.for(SongSchema);
    expect(service.metadata).toMatchObject({
      indexName: 'songs',
      searchable: ['title', 'album.name'],
      filterable: ['album.name', 'length'],
      facets: ['album.name'],
      sortable: ['length'],
      relations: ['album'],
    });
    const song = await dataSource
      .getRepository(SongSchema)
      .save({ title: 'Kites', length: 200, album: { id: 1, name: 'Sky' } });
    await service.syncRecord(song);
    const { hits } = await service.search('kite', { filter: { 'album.name': 'sky', length: { gt: 100 } } });
    expect(hits).toEqual([{ _key: String(song.id), id: song.id, title: 'Kites', length: 200, album: { name: 'Sky' } }]);
    await service.syncRecord({ ...song, length: 0 });
    expect((await service.search('kite')).hits).toEqual([]);
    await scrypath.close();
    await drop();
  });

  it('takes a projection hook, with fields that only the document has', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [SongSchema, AlbumSchema]);
    const hooked = describeEntity(SongSchema, {
      index: 'hooked',
      fields: {},
      document: ({ title, length }) => ({ title, minutes: Math.round(length / 60) }),
      documentFields: { title: { searchable: true }, minutes: { filterable: { facet: true }, sortable: true } },
    });
    const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [hooked] });
    await scrypath.start();
    const service = scrypath.for<Song, { title: string; minutes: number }>(SongSchema);
    await service.syncRecords([
      { id: 1, title: 'Short', length: 61, album: null },
      { id: 2, title: 'Long', length: 600, album: null },
    ]);
    const result = await service.search('', { filter: { minutes: { gte: 2 } }, facets: ['minutes'] });
    expect(result.hits).toEqual([{ _key: '2', title: 'Long', minutes: 10 }]);
    expect(result.facets.minutes).toEqual({ '10': 1 });
    await scrypath.close();
    await drop();
  });
});

describe('index names', () => {
  it('are prefix and index; a call wins over the entity, the entity over the instance', async () => {
    @Entity()
    @Searchable({ prefix: 'own' })
    class OwnPrefix {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
    }
    @Entity()
    @Searchable()
    class PlainThing {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
    }
    const { dataSource, drop } = await openDatabase('sqlite', [OwnPrefix, PlainThing]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), prefix: 'app' });
    await scrypath.start();
    expect(scrypath.for(OwnPrefix).indexName).toBe('own_own_prefix');
    expect(scrypath.for(PlainThing).indexName).toBe('app_plain_thing');
    const record = Object.assign(new PlainThing(), { id: 1, name: 'n' });
    const result = await scrypath.for(PlainThing).syncRecord(record, { prefix: 'tenant', index: 'other' });
    expect(result.index).toBe('tenant_other');
    await expect(scrypath.for(PlainThing).syncRecord(record, { index: '../keys' })).rejects.toMatchObject({
      code: 'INDEX_NAME_INVALID',
    });
    await scrypath.close();
    await drop();
  });
});

it('relations of a hook are those declared, and the eager ones', async () => {
  @Entity()
  class Owner {
    @PrimaryColumn() id!: number;
    @Column() name!: string;
  }
  @Entity()
  @Searchable({ relations: ['owner'] })
  class Pet {
    @PrimaryColumn() id!: number;
    @Column() name!: string;
    @ManyToOne(() => Owner) owner!: Relation<Owner>;
    @ManyToOne(() => Owner, { eager: true }) vet!: Relation<Owner>;
    @SearchDocument() toDocument() {
      return { text: `${this.name} ${this.owner.name} ${this.vet.name}` };
    }
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Owner, Pet]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  await scrypath.start();
  const pets = scrypath.for<Pet, { text: string }>(Pet);
  expect(pets.metadata.relations).toEqual(['owner', 'vet']);
  await dataSource.getRepository(Owner).save([
    { id: 1, name: 'Olga' },
    { id: 2, name: 'Vera' },
  ]);
  await dataSource.getRepository(Pet).save({ id: 1, name: 'Rex', owner: { id: 1 }, vet: { id: 2 } });
  await pets.syncKeys([1]);
  expect((await pets.search('vera')).hits).toEqual([{ _key: '1', text: 'Rex Olga Vera' }]);
  await scrypath.close();
  await drop();
});
