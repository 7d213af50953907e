import { Filterable, Scrypath, Searchable, type SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { ChildEntity, Column, Entity, PrimaryColumn, TableInheritance } from 'typeorm';
import { onEveryDatabase, openDatabase } from '../stacks/stack';

const thrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string; cause?: unknown };
  }
  throw new Error('nothing was thrown');
};

onEveryDatabase('an embedded object', (stack) => {
  class Geo {
    @Filterable() @Column('float', { nullable: true }) lat!: number | null;
  }
  class Address {
    @Filterable() @Column({ nullable: true, type: 'varchar' }) city!: string | null;
    @Column(() => Geo) geo!: Geo;
  }
  @Entity()
  @Searchable()
  class Person {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
    @Column(() => Address) home!: Address | null;
  }
  const opened = stack.use([Person]);
  const people = () => opened.for(Person);
  const aPerson = (given: object) => Object.assign(new Person(), { id: 1, name: 'Ada' }, given);

  it('that is not there makes a partial record, and its first field is named', () => {
    const error = { code: 'PROJECTION_FAILED', message: expect.stringMatching(/ home\.(city|geo\.lat)\./) };
    expect(thrown(() => people().document(aPerson({})))).toMatchObject(error);
    expect(thrown(() => people().document(aPerson({ home: undefined })))).toMatchObject(error);
    expect(thrown(() => people().document(aPerson({ home: { city: 'Bonn' } })))).toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining('home.geo.lat'),
    });
  });

  it('that is null is null', () => {
    expect(people().document(aPerson({ home: null })).data).toEqual({ name: 'Ada', home: null });
  });

  it.each([
    ['null', null],
    ['there, with nothing in it', { city: null, geo: { lat: null } }],
  ])('that was saved %s is read back with all its columns null, and projects', async (_how, home) => {
    const repository = opened.dataSource.getRepository(Person);
    const saved = await repository.save(aPerson({ home }));
    await people().syncRecord(saved);
    const filter = { 'home.city': null, 'home.geo.lat': null } as never;
    expect((await people().search('ada', { filter })).hits).toHaveLength(1);
    const read = await repository.findOneByOrFail({ id: 1 });
    expect(people().document(read).data).toEqual({ name: 'Ada', home: { city: null, geo: { lat: null } } });
    await people().syncKeys([1]);
    expect((await people().search('ada', { filter })).hits).toEqual([
      { _key: '1', id: 1, name: 'Ada', home: { city: null, geo: { lat: null } } },
    ]);
  });
});

describe('a field of a subclass', () => {
  @Entity()
  @Searchable()
  @TableInheritance({ column: { type: 'varchar', name: 'type' } })
  class Content {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() title!: string;
  }
  @ChildEntity()
  class Photo extends Content {
    @Filterable() @Column() size!: string;
  }
  @ChildEntity()
  class Drawing extends Content {
    @Filterable() @Column() size!: string;
    @Filterable() @Column() paper!: string;
  }
  let contents: SearchService<Content>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Content, Photo, Drawing]);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    await scrypath.start();
    contents = scrypath.for(Content);
    close = () => scrypath.close().then(drop);
  });
  afterAll(() => close());

  it('is null in the document of a sibling, and missing in a partial record of the subclass', () => {
    const photo = Object.assign(new Photo(), { id: 1, title: 'Dawn', size: 'A4' });
    expect(contents.document(photo).data).toEqual({ title: 'Dawn', size: 'A4', paper: null });
    for (const partial of [new Photo(), Object.assign(new Drawing(), { paper: 'thin' })])
      expect(thrown(() => contents.document(Object.assign(partial, { id: 1, title: 'Dusk' })))).toMatchObject({
        code: 'PROJECTION_FAILED',
        message: expect.stringContaining('size'),
      });
    const plain = Object.assign(new Content(), { id: 2, title: 'Plain' });
    expect(contents.document(plain).data).toEqual({ title: 'Plain', size: null, paper: null });
  });
});

onEveryDatabase('"when"', (stack) => {
  let say: (page: Page) => unknown = (page) => page.published;
  @Entity()
  @Searchable<Page>({ when: (page) => say(page) as boolean })
  class Page {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() title!: string;
    @Column() published!: boolean;
    @Column({ type: 'varchar', nullable: true }) note!: string | null;
    @Column({ default: 'x' }) withDefault!: string;
    @Column({ type: 'varchar', nullable: true, select: false }) hidden!: string | null;
  }
  const opened = stack.use([Page]);
  const pages = () => opened.for(Page);
  const titles = async () => (await pages().search('')).hits.map(({ title }) => title);
  const save = (given: Partial<Page>) => opened.dataSource.getRepository(Page).save(Object.assign(new Page(), given));
  beforeEach(() => {
    say = (page) => page.published;
  });

  it('that is false removes a whole record: one just saved, and one read back', async () => {
    const saved = await save({ id: 1, title: 'Home', published: true });
    await pages().syncRecord(saved);
    expect(await titles()).toEqual(['Home']);
    await pages().syncRecord(await save({ ...saved, published: false }));
    expect(await titles()).toEqual([]);
    await pages().syncRecord(await save({ id: 2, title: 'New', published: false }));
    await pages().syncRecord(await opened.dataSource.getRepository(Page).findOneByOrFail({ id: 2 }));
    await pages().syncKeys([1, 2]);
    expect(await titles()).toEqual([]);
  });

  it('that is false for a partial record removes nothing: the record is refused', async () => {
    await pages().syncRecord(await save({ id: 3, title: 'Kept', published: true }));
    say = (page) => page.published === true;
    const partial = await opened.dataSource
      .getRepository(Page)
      .findOneOrFail({ where: { id: 3 }, select: { id: true, title: true } });
    await expect(pages().syncRecord(partial)).rejects.toMatchObject({
      code: 'PROJECTION_FAILED',
      message: expect.stringContaining('published'),
    });
    expect(await titles()).toEqual(['Kept']);
    await pages().syncKeys([3]);
    expect(await titles()).toEqual(['Kept']);
  });

  it.each([
    ['a promise', async () => false],
    ['a promise', () => Promise.reject(new Error('late'))],
    ['undefined', () => undefined],
    ['a number', () => 1],
    ['a string', () => ''],
  ])('that gives %s is refused', async (kind, given) => {
    say = given;
    const page = Object.assign(new Page(), { id: 4, title: 'T', published: true, note: null, withDefault: 'x' });
    await expect(pages().syncRecord(page)).rejects.toMatchObject({
      code: 'PROJECTION_FAILED',
      entity: 'Page',
      message: expect.stringMatching(new RegExp(`"when" of Page gave ${kind}`)),
    });
  });

  it('that throws is refused, with what it threw', async () => {
    const cause = new TypeError('of the application');
    say = () => {
      throw cause;
    };
    await expect(pages().syncRecord(Object.assign(new Page(), { id: 5 }))).rejects.toMatchObject({
      code: 'PROJECTION_FAILED',
      entity: 'Page',
      message: expect.stringContaining('"when"'),
      cause,
    });
  });
});
