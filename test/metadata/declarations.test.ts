import { Exclude, Expose } from 'class-transformer';
import { declarationOf, Filterable, Scrypath, ScrypathError, Searchable, SearchDocument, Sortable } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, ManyToOne, PrimaryColumn, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Movie } from '../model/movie';
import { openDatabase } from '../stacks/stack';

const errorOf = async (run: () => unknown): Promise<ScrypathError> => {
  try {
    await run();
  } catch (error) {
    if (ScrypathError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('a declaration', () => {
  it('is read from the class, needing no DataSource', () => {
    const { entity, fields } = declarationOf(Movie);
    expect(entity).toMatchObject({ index: 'movies' });
    expect(fields.filter(({ role }) => role === 'searchable').map(({ path }) => path)).toEqual([
      'title',
      'plot',
      'director.name',
      'cast.name',
    ]);
    expect(fields).toContainEqual({
      role: 'filterable',
      path: 'director.country.code',
      facet: true,
      comparison: true,
      ofHook: false,
    });
    expect(Object.isFrozen(fields)).toBe(true);
  });

  it('adds no member to the entity', () => {
    class Plain {
      id!: number;
      title!: string;
    }
    @Searchable({ index: 'decorated' })
    class Decorated {
      id!: number;
      @Searchable() @Filterable() @Sortable() title!: string;
    }
    expect(Reflect.ownKeys(Decorated.prototype)).toEqual(Reflect.ownKeys(Plain.prototype));
    expect(Reflect.ownKeys(Decorated)).toEqual(Reflect.ownKeys(Plain));
    expect(Object.keys(new Decorated())).toEqual(Object.keys(new Plain()));
  });

  it('of a base class comes first, and options of the class win over those of the base', () => {
    @Searchable({ index: 'base', prefix: 'p', mode: 'manual' })
    class Base {
      @Searchable() name!: string;
    }
    @Searchable({ index: 'own' })
    class Own extends Base {
      @Searchable() nick!: string;
    }
    expect(declarationOf(Own)).toMatchObject({ entity: { index: 'own', prefix: 'p', mode: 'manual' } });
    expect(declarationOf(Own).fields.map(({ path }) => path)).toEqual(['name', 'nick']);
    expect(declarationOf(Base).fields.map(({ path }) => path)).toEqual(['name']);
  });
});

describe('start()', () => {
  it('reports every mistake of every entity together, each with class, property and remedy', async () => {
    @Entity()
    class Author {
      @PrimaryGeneratedColumn() id!: number;
      @Column() name!: string;
    }
    @Entity()
    @Searchable({ index: 'bad name!' })
    class Book {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() title!: string;
      @Filterable() @ManyToOne(() => Author) author!: Relation<Author>;
      @Filterable('nom') @ManyToOne(() => Author) editor!: Relation<Author>;
      @Searchable() blurb!: string;
    }
    @Entity()
    @Searchable()
    class Shop {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Expose({ name: 'name' }) @Filterable() @Column() label!: string;
      @Expose({ name: '_secret' }) @Filterable() @Column() code!: string;
    }
    @Searchable()
    class Stranger {
      @Searchable() name!: string;
    }
    @Entity()
    @Searchable({ settings: { rankingRules: { only: ['words', 'typo'] } } })
    class Unsorted {
      @PrimaryColumn() id!: number;
      @Sortable() @Column() name!: string;
    }
    @Entity()
    @Searchable({ relations: ['nowhere'] })
    class Empty {
      @PrimaryColumn() id!: number;
    }
    const { dataSource, drop } = await openDatabase('sqlite', [Author, Book, Shop, Unsorted, Empty]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [Stranger, Author] });
    const error = await errorOf(() => scrypath.start());
    expect(error.code).toBe('DECLARATION_INVALID');
    const expected = [
      /Stranger.*no entity of the DataSource.*add it/,
      /Author.*declares no index.*@Searchable/,
      /Book.*"bad name!" cannot be an index name.*use/,
      /Book\.author.*Filterable.*relation.*'name'/,
      /Book\.editor\.nom.*Author has no property nom.*known: id, name/,
      /Book\.blurb.*Book has no property blurb.*known/,
      /Shop\.label.*Shop\.name.*rename/,
      /Shop\.code.*"_secret".*rename/,
      /Unsorted.*rankingRules lacks "sort".*add it/,
      /Empty.*nothing is declared.*put/,
      /Empty.*"nowhere".*no relation/,
    ];
    for (const sentence of expected) expect(error.problems).toContainEqual(expect.stringMatching(sentence));
    expect(error.problems).toHaveLength(expected.length);
    for (const problem of error.problems) expect(error.message).toContain(problem);
    await scrypath.close();
    await drop();
  });

  it('refuses two entities with one index', async () => {
    @Entity()
    @Searchable({ index: 'same' })
    class Left {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
    }
    @Entity()
    @Searchable({ index: 'same' })
    class Right {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
    }
    const { dataSource, drop } = await openDatabase('sqlite', [Left, Right]);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    const error = await errorOf(() => scrypath.start());
    expect(error.problems).toEqual([expect.stringMatching(/Right.*"same".*Left/)]);
    await scrypath.close();
    await drop();
  });

  it('refuses decorators that stand where they mean nothing', async () => {
    @Entity()
    @Searchable('title')
    class Misused {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() title!: string;
      @Filterable() static count: number;
      @SearchDocument() static toDocument() {
        return {};
      }
    }
    Searchable({ index: 'x' })(Misused.prototype as never);
    const { dataSource, drop } = await openDatabase('sqlite', [Misused]);
    const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [] });
    const declared = declarationOf(Misused);
    expect(declared.misuses).toHaveLength(3);
    expect((await errorOf(() => scrypath.start())).problems).toEqual(
      declared.misuses.map((misuse) => `Misused: ${misuse}`),
    );
    await scrypath.close();
    await drop();
  });

  it('refuses a DataSource that is not initialized, and for() an entity without an index', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', []);
    const scrypath = new Scrypath({ dataSource, backend: embedded() });
    expect((await errorOf(() => scrypath.for(class Nobody {}))).code).toBe('ENTITY_UNKNOWN');
    await drop();
    expect((await errorOf(() => scrypath.start())).code).toBe('DATA_SOURCE_NOT_READY');
    await scrypath.close();
    expect((await errorOf(() => scrypath.start())).code).toBe('CLOSED');
  });

  it('names every option that does not hold', async () => {
    const given = {
      dataSource: {},
      backend: null,
      sync: { mode: 'eventually', timeoutMs: -1, retries: 3 },
      capture: 'all',
      speed: 9,
    };
    const error = await errorOf(() => new Scrypath(given as never));
    expect(error.code).toBe('OPTION_INVALID');
    for (const name of ['dataSource', 'backend', 'sync.mode', 'sync.timeoutMs', 'sync.retries', 'capture', 'speed'])
      expect(error.problems).toContainEqual(expect.stringContaining(name));
  });
});

it('what class-transformer excludes is no field, whatever else is declared', async () => {
  @Entity()
  @Searchable()
  class Account {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
    @Exclude() @Searchable() @Filterable() @Column() secret!: string;
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Account]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  await scrypath.start();
  const accounts = scrypath.for(Account);
  expect(accounts.metadata.searchable).toEqual(['name']);
  expect(accounts.metadata.filterable).toEqual([]);
  expect(accounts.document(Object.assign(new Account(), { id: 1, name: 'n', secret: 's' })).data).toEqual({
    name: 'n',
  });
  await scrypath.close();
  await drop();
});
