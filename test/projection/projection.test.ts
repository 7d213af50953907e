import { Exclude, Expose, Transform } from 'class-transformer';
import { Filterable, Scrypath, Searchable, SearchDocument, type SearchService, Sortable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { aDirector, aMovie, MOVIE_ENTITIES, Movie } from '../model/movie';
import { onEveryDatabase, openDatabase } from '../stacks/stack';

const thrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
};

async function serviceOf<E extends object>(entity: new () => E, others: (new () => object)[] = []) {
  const { dataSource, drop } = await openDatabase('sqlite', [entity, ...others]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  await scrypath.start();
  return { dataSource, service: scrypath.for(entity), scrypath, close: () => scrypath.close().then(drop) };
}

onEveryDatabase('the document of a record', (stack) => {
  const opened = stack.use(MOVIE_ENTITIES);

  it('holds exactly the declared fields, is frozen, and says where it comes from', () => {
    const movie = aMovie({
      id: 7,
      title: 'Heat',
      plot: 'Two men',
      year: 1995,
      genres: ['Crime', 'Drama'],
      budget: '60000000.50',
      views: '9007199254740993',
      released: new Date('1995-12-15T00:00:00Z'),
      director: aDirector({ name: 'Michael Mann', country: { id: 1, code: 'us' } }),
      cast: [{ id: 1, name: 'Al Pacino' }],
    });
    const document = opened.for(Movie).document(movie);
    expect(document).toEqual({
      key: '7',
      source: 'fields',
      data: {
        title: 'Heat',
        plot: 'Two men',
        year: 1995,
        genres: ['Crime', 'Drama'],
        budget: '60000000.50',
        views: '9007199254740993',
        released: Date.UTC(1995, 11, 15),
        colour: true,
        director: { name: 'Michael Mann', country: { code: 'us' } },
        cast: [{ name: 'Al Pacino' }],
      },
    });
    for (const part of [document, document.data, document.data.genres, document.data.director, document.data.cast])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('is the same for a record just assigned and for the same record read back', async () => {
    const movies = opened.for(Movie);
    const saved = await opened.dataSource
      .getRepository(Movie)
      .save(aMovie({ views: '123', budget: '10.50', released: new Date('2001-02-03T04:05:06Z'), colour: false }));
    const read = await opened.dataSource.getRepository(Movie).findOneOrFail({
      where: { id: saved.id },
      relations: { director: { country: true }, cast: true },
    });
    const { budget: assigned, views, ...data } = movies.document(saved).data;
    const { budget, views: readViews, ...readData } = movies.document(read).data;
    expect(data).toEqual(readData);
    expect(Number(budget)).toBe(Number(assigned));
    expect(Number(readViews)).toBe(Number(views));
  });

  it('needs every declared field: one that is missing is named', () => {
    const { title: _title, ...rest } = aMovie({ id: 1 });
    expect(thrown(() => opened.for(Movie).document(rest as Movie))).toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining('title'),
    });
  });

  it('needs its relations loaded: one that is not is named, and never loaded', async () => {
    const saved = await opened.dataSource.getRepository(Movie).save(aMovie());
    const bare = await opened.dataSource.getRepository(Movie).findOneByOrFail({ id: saved.id });
    opened.forgetSql();
    expect(thrown(() => opened.for(Movie).document(bare))).toMatchObject({
      code: 'RELATION_NOT_LOADED',
      message: expect.stringContaining('director'),
    });
    expect(opened.sql).toEqual([]);
  });

  it('holds null for a relation that is null, an empty list for one that is empty', () => {
    const movie = aMovie({ id: 3, director: aDirector({ name: 'X', country: null }), cast: [] });
    expect(opened.for(Movie).document(movie).data).toMatchObject({ director: { name: 'X', country: null }, cast: [] });
  });
});

describe('a lazy relation', () => {
  @Entity()
  class Shelf {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
    @OneToMany(
      () => Volume,
      (volume) => volume.shelf,
    )
    volumes!: Promise<Volume[]>;
  }
  @Entity()
  @Searchable()
  class Volume {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable() @Column() title!: string;
    @Searchable('name') @ManyToOne(() => Shelf, { lazy: true }) shelf!: Promise<Shelf>;
  }
  let dataSource: DataSource;
  let volumes: SearchService<Volume>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ dataSource, service: volumes, close } = await serviceOf(Volume, [Shelf]));
    const shelf = await dataSource.getRepository(Shelf).save({ name: 'Top' });
    const volume = await dataSource.getRepository(Volume).save({ title: 'One' });
    await dataSource.createQueryBuilder().relation(Volume, 'shelf').of(volume.id).set(shelf.id);
  });
  afterAll(() => close());

  it('is an error while it is not loaded, and is not touched', async () => {
    const volume = await dataSource.getRepository(Volume).findOneByOrFail({ title: 'One' });
    expect(thrown(() => volumes.document(volume)).code).toBe('RELATION_NOT_LOADED');
    expect(Object.keys(volume).some((name) => name.startsWith('__promise'))).toBe(false);
  });

  it('is read once it is loaded, by await or by a join', async () => {
    const volume = await dataSource.getRepository(Volume).findOneByOrFail({ title: 'One' });
    await volume.shelf;
    expect(volumes.document(volume).data).toEqual({ title: 'One', shelf: { name: 'Top' } });
    await volumes.syncKeys([volume.id]);
    expect((await volumes.search('top')).hits).toHaveLength(1);
  });
});

describe('a projection hook', () => {
  let made: unknown = {};
  @Entity()
  @Searchable()
  class Hooked {
    @PrimaryColumn() id!: number;
    @Filterable() @Column() colour!: string;
    @SearchDocument() toSearchDocument(): object {
      return made as object;
    }
  }
  const record = Object.assign(new Hooked(), { id: 5, colour: 'red' });
  let service: SearchService<Hooked>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ service, close } = await serviceOf(Hooked));
  });
  afterAll(() => close());
  const documentOf = (returned: unknown) => {
    made = returned;
    return service.document(record);
  };

  it('wins over the declared fields', () => {
    expect(
      documentOf({ colour: 'blue', at: new Date(9), big: 2n ** 60n, no: undefined, list: [1, { a: null }] }),
    ).toEqual({
      key: '5',
      source: 'custom',
      data: { colour: 'blue', at: 9, big: '1152921504606846976', list: [1, { a: null }] },
    });
  });

  it.each([
    ['null', null],
    ['an array', []],
    ['a promise', Promise.resolve({})],
    ['an instance of Hooked', record],
    ['a string', 'text'],
    ['undefined', undefined],
  ])('must return a plain object: %s is an error', (kind, returned) => {
    expect(thrown(() => documentOf(returned))).toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining(kind),
    });
  });

  it('cannot change the key', () => {
    expect(thrown(() => documentOf({ colour: 'red', _key: '6' })).code).toBe('PROJECTION_FAILED');
    expect(thrown(() => documentOf({ colour: 'red', id: 6 })).code).toBe('PROJECTION_FAILED');
    expect(documentOf({ colour: 'red', id: 5, _key: '5' }).data).toEqual({ colour: 'red', id: 5 });
  });

  it('that never returns a filterable field is found at the first projection', () => {
    expect(thrown(() => documentOf({ color: 'red' }))).toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining('colour'),
    });
  });

  it('that leads in circles is an error, and its text holds no document', () => {
    const circle: Record<string, unknown> = { colour: 'red', secret: 's3cret' };
    circle.self = circle;
    const error = thrown(() => documentOf(circle));
    expect(error.code).toBe('PROJECTION_FAILED');
    expect(error.message).not.toContain('s3cret');
  });

  it('whose entity declares nothing else is searched in every field', async () => {
    @Entity()
    @Searchable()
    class Note {
      @PrimaryColumn() id!: number;
      @Column() body!: string;
      @SearchDocument({ fields: { words: { filterable: true, sortable: true } } })
      toDocument() {
        return { body: this.body, words: this.body.split(' ').length };
      }
    }
    const { service: notes, close: closeNotes } = await serviceOf(Note);
    await notes.syncRecords([
      Object.assign(new Note(), { id: 1, body: 'hello wide world' }),
      Object.assign(new Note(), { id: 2, body: 'hello' }),
    ]);
    const { hits } = await notes.search('hello', { filter: { words: { gt: 1 } } as never });
    expect(hits).toEqual([{ _key: '1', body: 'hello wide world', words: 3 }]);
    await closeNotes();
  });
});

describe("class-transformer's decorators on declared fields", () => {
  @Entity()
  class Maker {
    @PrimaryColumn() id!: number;
    @Transform(({ value }) => String(value).toUpperCase()) @Column() name!: string;
  }
  @Exclude()
  @Entity()
  @Searchable()
  class Tool {
    @PrimaryColumn() id!: number;
    @Expose({ name: 'label' }) @Searchable() @Sortable() @Column() title!: string;
    @Expose()
    @Transform(({ value }) => value / 100, { toPlainOnly: true })
    @Filterable()
    @Sortable()
    @Column()
    cents!: number;
    @Expose() @Searchable('name') @ManyToOne(() => Maker) maker!: Relation<Maker>;
    @Expose() @Searchable() get shout() {
      return `${this.title}!`;
    }
    @Searchable() @Column() hidden!: string;
    @Expose({ groups: ['admin'] }) @Searchable() @Column() grouped!: string;
    @Expose() @Transform(() => 'read', { toClassOnly: true }) @Filterable() @Column() written!: string;
  }

  it('rename, transform and leave out; filters and sorts keep the names of the properties', async () => {
    const { service: tools, dataSource, close } = await serviceOf(Tool, [Maker]);
    const maker = await dataSource.getRepository(Maker).save({ id: 1, name: 'acme' });
    const tool = Object.assign(new Tool(), {
      id: 1,
      title: 'Saw',
      cents: 1250,
      maker,
      hidden: 'h',
      grouped: 'g',
      written: 'w',
    });
    expect(tools.document(tool).data).toEqual({
      label: 'Saw',
      cents: 12.5,
      maker: { name: 'ACME' },
      shout: 'Saw!',
      written: 'w',
    });
    await tools.syncRecord(tool);
    const { hits } = await tools.search('saw', { filter: { cents: 12.5 }, sort: { title: 'asc' } });
    expect(hits).toMatchObject([{ label: 'Saw', _key: '1' }]);
    await close();
  });
});

describe('values of columns', () => {
  enum Size {
    Small = 's',
    Large = 'l',
  }
  const money = {
    to: (value: { cents: number }) => value?.cents ?? null,
    from: (cents: number) => ({ cents: Number(cents) }),
  };
  @Entity()
  @Searchable()
  class Everything {
    @PrimaryColumn() id!: number;
    @Filterable() @Column({ type: 'simple-enum', enum: Size }) size!: Size;
    @Searchable('de.title', 'tags') @Filterable('n') @Column('simple-json') meta!: Record<string, unknown>;
    @Filterable() @Column('date') day!: string;
    @Filterable() @Column('int', { transformer: money }) price!: { cents: number };
    @Filterable() @Column('blob') bytes!: Buffer;
    @Filterable() @Column('float') ratio!: number;
  }

  it('become JSON as the documentation says', async () => {
    const { service, dataSource, close } = await serviceOf(Everything);
    const record = Object.assign(new Everything(), {
      id: 1,
      size: Size.Large,
      meta: { de: { title: 'Hallo' }, tags: ['a', 'b'], n: 3, other: 'not declared' },
      day: '2020-02-29',
      price: { cents: 99 },
      bytes: Buffer.from('hi'),
      ratio: Number.NaN,
    });
    const data = {
      size: 'l',
      meta: { de: { title: 'Hallo' }, tags: ['a', 'b'], n: 3 },
      day: '2020-02-29',
      price: { cents: 99 },
      bytes: 'aGk=',
      ratio: null,
    };
    expect(service.document(record).data).toEqual(data);
    expect(service.document(Object.assign(record, { day: new Date(2020, 1, 29), meta: {} })).data).toEqual({
      ...data,
      meta: { de: null, tags: null, n: null },
    });
    await dataSource.getRepository(Everything).save(Object.assign(record, { ratio: 0.5 }));
    await service.syncKeys([1]);
    expect((await service.search('', { filter: { size: Size.Large, day: { lt: '2020-03-01' } } })).hits).toHaveLength(
      1,
    );
    await close();
  });

  it('that a driver has rounded to a double are refused, never passed on', async () => {
    @Entity()
    @Searchable()
    class Counter {
      @PrimaryColumn() id!: number;
      @Filterable() @Column('bigint') count!: number | string;
    }
    const { service, close } = await serviceOf(Counter);
    const counter = (count: number | string) => Object.assign(new Counter(), { id: 1, count });
    expect(service.document(counter('9007199254740993')).data).toEqual({ count: '9007199254740993' });
    expect(service.document(counter(2 ** 53 - 1)).data).toEqual({ count: 2 ** 53 - 1 });
    expect(thrown(() => service.document(counter(2 ** 53)))).toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining('count'),
    });
    await close();
  });

  it('with lone surrogates are made well-formed', async () => {
    @Entity()
    @Searchable()
    class Text {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() body!: string;
    }
    const { service, close } = await serviceOf(Text);
    expect(service.document(Object.assign(new Text(), { id: 1, body: 'a\ud800b' })).data).toEqual({ body: 'a\ufffdb' });
    await close();
  });
});
