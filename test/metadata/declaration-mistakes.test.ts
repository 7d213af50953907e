import { Expose } from 'class-transformer';
import {
  describe as describeEntity,
  Filterable,
  Scrypath,
  ScrypathError,
  Searchable,
  SearchDocument,
  Sortable,
} from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { createTestScrypath } from 'scrypath/testing';
import { Column, Entity, ManyToOne, PrimaryColumn, type Relation, ViewColumn, ViewEntity } from 'typeorm';
import { openDatabase } from '../stacks/stack';

type Listed = NonNullable<ConstructorParameters<typeof Scrypath>[0]['entities']>;

/** The mistakes that start() reports. */
async function problemsOf(entities: (new () => object)[], listed: Listed = []): Promise<readonly string[]> {
  const { dataSource, drop } = await openDatabase('sqlite', entities);
  const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: listed });
  try {
    await scrypath.start();
    return [];
  } catch (error) {
    if (!ScrypathError.is(error, 'DECLARATION_INVALID')) throw error;
    return error.problems;
  } finally {
    await scrypath.close();
    await drop();
  }
}

describe('start() reports', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { indx: 'movies' }, /Thing: indx is no option; known: index, prefix/],
    ['a wrong index', { index: 5 }, /Thing: index is a number; it takes text/],
    ['a wrong prefix', { prefix: null }, /Thing: prefix is null/],
    ['a wrong mode', { mode: 'later' }, /Thing: mode is a string; it takes one of inline/],
    ['a wrong when', { when: 5 }, /Thing: when is a number; it takes a function/],
    ['text for relations', { relations: 'owner' }, /Thing: relations is a string; it takes a list/],
    ['wrong settings', { settings: [] }, /Thing: settings is an array/],
    [
      'an unknown setting',
      { settings: { rankinRules: [] } },
      /Thing: settings\.rankinRules is no option; known: rankingR/,
    ],
    [
      'a setting that fields imply',
      { settings: { searchableAttributes: ['*'] } },
      /settings\.searchableAttributes is no/,
    ],
    ['wrong ranking rules', { settings: { rankingRules: 'words' } }, /settings\.rankingRules is a string/],
    ['wrong synonyms', { settings: { synonyms: { film: 'movie' } } }, /settings\.synonyms is an object; .* lists/],
    [
      'an unknown part of a setting',
      { settings: { pagination: { max: 3 } } },
      /settings\.pagination\.max is no option/,
    ],
    [
      'a wrong part of a part',
      { settings: { typoTolerance: { minWordSizeForTypos: { oneTypo: 'x' } } } },
      /settings\.typoTolerance\.minWordSizeForTypos\.oneTypo is a string/,
    ],
  ])('%s of @Searchable', async (_name, options, expected) => {
    @Entity()
    @Searchable(options)
    class Thing {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
    }
    expect(await problemsOf([Thing])).toEqual([expect.stringMatching(expected)]);
  });

  it('what is neither paths nor options, on classes and properties', async () => {
    const hooks = SearchDocument as (options: unknown) => ReturnType<typeof SearchDocument>;
    @Entity()
    @Searchable(null as never)
    class Odd {
      @PrimaryColumn() id!: number;
      @Searchable(5 as never) @Column() name!: string;
      @Filterable({ facets: true } as never) @Column() kind!: string;
      @Filterable({ facet: 'yes' } as never) @Column() shape!: string;
      @Filterable(5 as never) @Column() size!: string;
      @Sortable({} as never) @Column() year!: number;
      @hooks({ feilds: {} })
      toDocument() {
        return {};
      }
    }
    @Entity()
    @Searchable()
    class Hooks {
      @PrimaryColumn() id!: number;
      @hooks({ fields: { decade: null, century: { filterable: { facets: true } } } })
      toDocument() {
        return {};
      }
    }
    @Entity()
    @Searchable()
    class NullHook {
      @PrimaryColumn() id!: number;
      @Searchable() @Column() name!: string;
      @hooks(null)
      toDocument() {
        return {};
      }
    }
    const expected = [
      /^Odd: @Searchable on the class was given null/,
      /^Odd: @Searchable on name was given a number/,
      /^Odd: @Filterable on kind: facets is no option; known: facet, comparison\./,
      /^Odd: @Filterable on shape: facet is a string; it takes true or false\./,
      /^Odd: @Filterable on size: it was given a number/,
      /^Odd: @Sortable on year: it was given an object/,
      /^Odd: @SearchDocument on toDocument: feilds is no option; known: fields\./,
      /^Hooks: @SearchDocument on toDocument: fields\.decade is null/,
      /^Hooks: @SearchDocument on toDocument: fields\.century\.filterable\.facets is no option; known: facet, comparison\./,
      /^NullHook: @SearchDocument on toDocument: it was given null/,
    ];
    const problems = await problemsOf([Odd, Hooks, NullHook]);
    for (const sentence of expected) expect(problems).toContainEqual(expect.stringMatching(sentence));
    expect(problems).toHaveLength(expected.length);
  });

  it.each<[string, unknown, RegExp]>([
    ['null', null, /^Car: describe\(\) was given null/],
    ['text', 'cars', /^Car: describe\(\) was given a string/],
    ['no fields', {}, /^Car: describe\(\): fields is undefined; it takes an object/],
    ['a field without roles', { fields: { year: null } }, /^Car: describe\(\): fields\.year is null/],
    [
      'an unknown role',
      { fields: { year: { searchble: true } } },
      /fields\.year\.searchble is no option; known: searchable/,
    ],
    ['a wrong role', { fields: { year: { sortable: 'asc' } } }, /fields\.year\.sortable is a string; it takes true or/],
    ['an unknown member', { fields: { year: { sortable: true } }, indx: 'x' }, /^Car: indx is no option; known: index/],
    ['a wrong hook', { fields: { year: { sortable: true } }, document: 'x' }, /document is a string; it takes a func/],
    [
      'wrong fields of the hook',
      { fields: { year: { sortable: true } }, documentFields: [] },
      /documentFields is an arr/,
    ],
  ])('%s of describe()', async (_name, facts, expected) => {
    @Entity()
    class Car {
      @PrimaryColumn() id!: number;
      @Column() year!: number;
    }
    const problems = await problemsOf([Car], [describeEntity(Car, facts as never)]);
    expect(problems).toContainEqual(expect.stringMatching(expected));
  });

  it('a description of what is no entity', async () => {
    expect(await problemsOf([], [describeEntity(undefined as never, { fields: {} })])).toEqual([
      expect.stringMatching(/describe\(\) was given undefined; it takes a class/),
    ]);
  });

  it('an entity without a primary key', async () => {
    @Entity()
    class Source {
      @PrimaryColumn() id!: number;
      @Column() name!: string;
    }
    @ViewEntity({ expression: 'SELECT name FROM source' })
    @Searchable()
    class Names {
      @Searchable() @ViewColumn() name!: string;
    }
    expect(await problemsOf([Source, Names])).toEqual([
      expect.stringMatching(/Names: it has no primary key.*declare one/),
    ]);
  });

  it('a hook that is searched in every field, where an exact number is compared', async () => {
    @Entity()
    @Searchable()
    class Priced {
      @PrimaryColumn() id!: number;
      @Filterable() @Column('decimal') price!: string;
      @SearchDocument() toDocument() {
        return { title: 'x', price: this.price };
      }
    }
    expect(await problemsOf([Priced])).toEqual([expect.stringMatching(/Priced\.price.*declare the searchable fields/)]);
  });

  it('two relations with one name in the document, whatever is taken of them', async () => {
    @Entity()
    class Person {
      @PrimaryColumn() id!: number;
      @Column() name!: string;
      @Column() role!: string;
    }
    @Entity()
    @Searchable()
    class Film {
      @PrimaryColumn() id!: number;
      @Expose({ name: 'people' }) @Searchable('name') @ManyToOne(() => Person) crew!: Relation<Person>;
      @Expose({ name: 'people' }) @Searchable('role') @ManyToOne(() => Person) cast!: Relation<Person>;
      @Searchable('name', 'role') @ManyToOne(() => Person) director!: Relation<Person>;
    }
    expect(await problemsOf([Person, Film])).toEqual([
      expect.stringMatching(/Film\.cast\.role: Film\.crew has the document name "people" of Film\.cast too; rename/),
    ]);
  });
});

describe('the options of an instance', () => {
  const valid = { dataSource: { createQueryRunner() {} }, backend: { upsert() {} } };
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /undefined was given/],
    ['null', null, /null was given/],
    ['text', 'x', /a string was given/],
    ['null for sync', { ...valid, sync: null }, /^sync is null/],
    ['null for a logger', { ...valid, logger: null }, /^logger must have the functions warn and error/],
    ['half a logger', { ...valid, logger: { warn() {} } }, /^logger/],
    ['a number for a prefix', { ...valid, prefix: 5 }, /^prefix may hold/],
    ['null for a prefix', { ...valid, prefix: null }, /^prefix may hold/],
    ['a long prefix', { ...valid, prefix: 'x'.repeat(500) }, /^prefix may hold 1 to 398/],
    ['null for entities', { ...valid, entities: null }, /^entities is null/],
    ['undefined among entities', { ...valid, entities: [class {}, undefined] }, /^entities\[1\] is undefined/],
    ['text for a time', { ...valid, sync: { timeoutMs: '5' } }, /^sync\.timeoutMs/],
    ['no end of time', { ...valid, sync: { timeoutMs: Number.POSITIVE_INFINITY } }, /^sync\.timeoutMs/],
    ['more time than a timer takes', { ...valid, sync: { timeoutMs: 2 ** 31 } }, /^sync\.timeoutMs/],
    ['NaN', { ...valid, sync: { timeoutMs: Number.NaN } }, /^sync\.timeoutMs/],
  ])('refuse %s', (_name, options, expected) => {
    let error: unknown;
    try {
      new Scrypath(options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect((error as ScrypathError).problems).toEqual([expect.stringMatching(expected)]);
  });

  it('of a test instance are an object', async () => {
    await expect(createTestScrypath(valid.dataSource as never, null as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('null'),
    });
  });
});
