import { Transform } from 'class-transformer';
import { describe as describeEntity, Filterable, Searchable, SearchDocument } from 'scrypath';
import {
  AfterLoad,
  ChildEntity,
  Column,
  type DataSource,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  TableInheritance,
  UpdateDateColumn,
  ViewEntity,
  VirtualColumn,
} from 'typeorm';
import { fanOutOf } from '../../src/fan-out/fan-out';
import { touches } from '../../src/fan-out/mark-rule';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { openDatabase } from '../stacks/stack';
import { Actor, Category, ENTITIES, Media, Photo, Star } from './entities';
import { type Built, build, type Entities, rulesOf, shown, tableNamed } from './opened';

const OWN = 'deletedAt directorId genreName id labelCode studioCode title';

/** Every rule of every table of the entities; rules with the same key are one. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  country: [
    'Edition>movie by id via director[countryId=id] via movie[directorId=id]: delete (erased)',
    'Movie by id via director[countryId=id] via movie[directorId=id]: delete (erased)',
    'Movie>director.country by id: update of code id',
    'Star>movies by id via director[countryId=id] via movie[directorId=id]: delete (erased)',
  ],
  director: [
    'Edition>movie by id via movie[directorId=id]: delete (erased)',
    'Movie by id via movie[directorId=id]: delete (erased)',
    'Movie>director by id: update of countryId deletedAt id name',
    'Star>movies by id via movie[directorId=id]: delete (erased)',
  ],
  // An inverse one-to-one: its foreign key is the key of the director whose movies hold it.
  profile: ['Movie>director by directorId: insert, delete, update of bio directorId id'],
  studio: [
    ...['Edition>movie', 'Movie', 'Star>movies'].flatMap((marks) => [
      `${marks} by id via movie[studioCode=code]: delete (erased)`,
      // Its foreign key follows on update, so that the rows of movies are changed too.
      `${marks} by id via movie[studioCode=code]: update of code`,
    ]),
    'Movie>studio by id: update of code id name',
  ],
  // Without a foreign key in the database a row may be referred to before it is there, and after it is gone.
  label: [
    'Movie by id via movie[labelCode=code]: insert, delete, update of code',
    'Movie>label by id: insert, delete, update of code id name',
  ],
  genre: ['Movie>genre by name: insert, delete, update of name shelf'],
  actor: ['Movie by movieId via movie_cast_actor[actorId=id]: delete (erased)', 'Movie>cast by id: update of id name'],
  star: ['Star by id: insert, delete, update of id name'],
  movie: [
    'Edition by movieId format via edition[movieId=id]: delete (erased)',
    'Edition by movieId format via edition[movieId=id]: update of id',
    `Edition>movie by id: update of ${OWN}`,
    `Movie by id: insert, delete, update of ${OWN}`,
    'Star by starId via movie_stars_star[movieId=id]: delete (erased)',
    `Star>movies by id: update of ${OWN}`,
  ],
  critic: [
    'Movie by movieId via review[criticId=id]: delete (erased)',
    'Movie>reviews.critic by id: update of id name',
    'Photo by id via media[criticId=id]: delete (erased)',
    'Photo>critic by id: update of id name',
  ],
  review: ['Movie by movieId: insert, delete, update of criticId id movieId text'],
  category: [
    'Category by id: insert, delete, update of id name parentId',
    ...[1, 2, 3, 4, 5].map((levels) => `Category by id${' via category[parentId=id]'.repeat(levels)}: delete (erased)`),
    'Category>parent by id: update of id name parentId',
  ],
  edition: ['Edition by movieId format: insert, delete, update of format movieId'],
  copy: ['Edition by editionMovieId editionFormat: insert, delete, update of editionFormat editionMovieId id note'],
  media: ['Photo by id: insert, delete, update of camera criticId id kind where kind in Photo'],
  movie_cast_actor: ['Movie by movieId: insert, delete, update of actorId movieId'],
  movie_stars_star: ['Star by starId: insert, delete, update of movieId starId'],
};

describe('the rules of a table', () => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let built: Built;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase('sqlite', ENTITIES));
    built = build(dataSource);
  });
  afterAll(() => drop());

  it.each(Object.keys(EXPECTED))('follow from the relations in reverse: %s', (table) => {
    expect(rulesOf(dataSource, built, table)).toEqual([...EXPECTED[table]!].sort());
  });

  it('are named above for every table', () => {
    const tables = dataSource.entityMetadatas.map(({ tableName }) => tableName);
    expect([...new Set(tables)].sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it('are those of its root, where subclasses share it', () => {
    expect(rulesOf(dataSource, built, Photo)).toEqual(rulesOf(dataSource, built, Media));
    const [rule] = built.fanOut.rulesOf(tableNamed(dataSource, Photo));
    const camera = dataSource.getMetadata(Photo).findColumnWithPropertyPath('camera')!;
    expect(touches(rule!, [camera])).toBe(true);
    expect(touches(rule!, [dataSource.getMetadata(Photo).findColumnWithPropertyPath('title')!])).toBe(false);
  });

  it('name a dependency for every relation, and no other', () => {
    const { dependencies } = built.fanOut;
    expect([...dependencies.keys()].sort()).toEqual([
      'Category>parent',
      'Edition>copies',
      'Edition>movie',
      'Movie>cast',
      'Movie>director',
      'Movie>director.country',
      'Movie>director.profile',
      'Movie>genre',
      'Movie>label',
      'Movie>reviews',
      'Movie>reviews.critic',
      'Movie>studio',
      'Photo>critic',
      'Star>movies',
    ]);
    for (const [name, { owner }] of dependencies) expect(name.split('>')[0]).toBe(owner.entity);
    const searched = built.metadatas.map(({ entity }) => entity);
    const marked = dataSource.entityMetadatas.flatMap((table) => built.fanOut.rulesOf(table)).map(({ marks }) => marks);
    for (const marks of marked) expect([...searched, ...dependencies.keys()]).toContain(marks);
  });

  it('stop at the fifth level of a tree that deletes along, and tell what they leave', () => {
    const deep = built.fanOut.deepCascadesOf(tableNamed(dataSource, Category));
    expect(deep).toHaveLength(1);
    expect(deep[0]!.lookup.map(({ table }) => table.name)).toEqual(Array(6).fill('Category'));
    expect(deep[0]!.marks).toEqual(['Category']);
    for (const entity of [Star, Actor]) expect(built.fanOut.deepCascadesOf(tableNamed(dataSource, entity))).toEqual([]);
  });
});

/** The rules of declarations that are made for one test. */
async function rulesIn(entities: Entities, table: (new () => object) | string): Promise<string[]> {
  const { dataSource, drop } = await openDatabase('sqlite', entities);
  try {
    return rulesOf(dataSource, build(dataSource), table);
  } finally {
    await drop();
  }
}

describe('every column counts', () => {
  @Entity()
  class Owner {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
    @Column() phone!: string;
    get label(): string {
      return `${this.name} ${this.phone}`;
    }
  }

  it('for a hook, of the entity and of its relations', async () => {
    @Entity()
    @Searchable({ relations: ['owner'] })
    class Pet {
      @PrimaryGeneratedColumn() id!: number;
      @Column() name!: string;
      @ManyToOne(() => Owner) owner!: Relation<Owner>;
      @SearchDocument() toDocument() {
        return { name: this.name };
      }
    }
    expect(await rulesIn([Pet, Owner], Pet)).toEqual(['Pet by id: insert, delete, update of any']);
    expect(await rulesIn([Pet, Owner], Owner)).toEqual(['Pet>owner by id: update of any']);
  });

  it('for `when`', async () => {
    @Entity()
    @Searchable<Cat>({ when: (cat) => cat.name !== '' })
    class Cat {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column() colour!: string;
    }
    expect(await rulesIn([Cat], Cat)).toEqual(['Cat by id: insert, delete, update of any']);
  });

  it('for a getter, of the record that has it and of what it leads to', async () => {
    @Entity()
    @Searchable()
    class Dog {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column() colour!: string;
      @Searchable('label') @ManyToOne(() => Owner) owner!: Relation<Owner>;
    }
    expect(await rulesIn([Dog, Owner], Dog)).toEqual(['Dog by id: insert, delete, update of id name ownerId']);
    expect(await rulesIn([Dog, Owner], Owner)).toEqual(['Dog>owner by id: update of any']);
  });

  it('for a @Transform, which is given the whole object', async () => {
    @Entity()
    @Searchable()
    class Hen {
      @PrimaryGeneratedColumn() id!: number;
      @Transform(({ obj }) => (obj as Hen).colour) @Searchable() @Column() name!: string;
      @Column() colour!: string;
    }
    expect(await rulesIn([Hen], Hen)).toEqual(['Hen by id: insert, delete, update of any']);
  });

  it('for @AfterLoad, of the entity that has it', async () => {
    @Entity()
    class Keeper {
      @PrimaryGeneratedColumn() id!: number;
      @Column() name!: string;
      @Column() title!: string;
      @AfterLoad() greet() {
        this.name = `${this.title} ${this.name}`;
      }
    }
    @Entity()
    @Searchable()
    class Ape {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column() colour!: string;
      @Searchable('name') @ManyToOne(() => Keeper) keeper!: Relation<Keeper>;
    }
    expect(await rulesIn([Ape, Keeper], Ape)).toEqual(['Ape by id: insert, delete, update of id keeperId name']);
    expect(await rulesIn([Ape, Keeper], Keeper)).toEqual(['Ape>keeper by id: update of any']);
  });

  it('for columns that the database computes', async () => {
    @Entity()
    @Searchable()
    class Cow {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column({ asExpression: "name || '!'", generatedType: 'STORED' }) loud!: string;
    }
    @Entity()
    @Searchable()
    class Pig {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @VirtualColumn({ query: (alias) => `SELECT ${alias}.name` }) alias!: string;
    }
    expect(await rulesIn([Cow], Cow)).toEqual(['Cow by id: insert, delete, update of any']);
    expect(await rulesIn([Pig], Pig)).toEqual(['Pig by id: insert, delete, update of any']);
  });

  it('for a subscriber that is told of loaded records', async () => {
    @Entity()
    @Searchable()
    class Eel {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column() colour!: string;
    }
    const { dataSource, drop } = await openDatabase('sqlite', [Eel]);
    expect(rulesOf(dataSource, build(dataSource), Eel)).toEqual(['Eel by id: insert, delete, update of id name']);
    dataSource.subscribers.push({ listenTo: () => Eel, afterLoad: () => undefined });
    expect(rulesOf(dataSource, build(dataSource), Eel)).toEqual(['Eel by id: insert, delete, update of any']);
    await drop();
  });
});

describe('dependsOn', () => {
  class Address {
    @Column() city!: string;
    @Column() street!: string;
  }
  @Entity()
  class Home {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
    @Column() phone!: string;
    @Column(() => Address) address!: Address;
  }

  it('replaces every column by those that it names, and those of declared fields', async () => {
    @Entity()
    @Searchable<Guest>({ when: (guest) => guest.age > 3, dependsOn: ['age', 'home.address.city', 'meta.shoe'] })
    class Guest {
      @PrimaryGeneratedColumn() id!: number;
      @Searchable() @Column() name!: string;
      @Column() age!: number;
      @Column() colour!: string;
      @Column('simple-json') meta!: { shoe: number };
      @ManyToOne(() => Home) home!: Relation<Home>;
    }
    expect(await rulesIn([Guest, Home], Guest)).toEqual([
      'Guest by id: insert, delete, update of age homeId id meta name',
    ]);
    expect(await rulesIn([Guest, Home], Home)).toEqual(['Guest>home by id: update of addressCity id']);
  });

  it('takes all columns of an embedded object, and of a relation', async () => {
    @Entity()
    @Searchable({ dependsOn: ['address', 'home'] })
    class Visit {
      @PrimaryGeneratedColumn() id!: number;
      @Column() name!: string;
      @Column(() => Address) address!: Address;
      @ManyToOne(() => Home) home!: Relation<Home>;
      @SearchDocument() toDocument() {
        return {};
      }
    }
    expect(await rulesIn([Visit, Home], Visit)).toEqual([
      'Visit by id: insert, delete, update of addressCity addressStreet homeId id',
    ]);
    expect(await rulesIn([Visit, Home], Home)).toEqual(['Visit>home by id: update of any']);
  });
});

it('a relation between rows of one table through a junction leads both ways', async () => {
  @Entity()
  @Searchable()
  class Member {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable() @Column() name!: string;
    @Searchable('name') @ManyToMany(() => Member) @JoinTable() friends!: Relation<Member>[];
  }
  expect(await rulesIn([Member], Member)).toEqual([
    'Member by id: insert, delete, update of id name',
    'Member by memberId_1 via member_friends_member[memberId_2=id]: delete (erased)',
    'Member>friends by id: update of id name',
  ]);
  expect(await rulesIn([Member], 'member_friends_member')).toEqual([
    'Member by memberId_1: insert, delete, update of memberId_1 memberId_2',
  ]);
});

it('the relation of an embedded object is named by the whole path', async () => {
  @Entity()
  class City {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
  }
  class Place {
    @Column() street!: string;
    @ManyToOne(() => City) city!: Relation<City>;
  }
  @Entity()
  @Searchable()
  class Shop {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable('street', 'city.name') @Column(() => Place) place!: Place;
  }
  expect(await rulesIn([City, Shop], City)).toEqual(['Shop>place.city by id: update of id name']);
  expect(await rulesIn([City, Shop], Shop)).toEqual([
    'Shop by id: insert, delete, update of id placeCityid placeStreet',
  ]);
});

it('a relation to a subclass is about its rows only', async () => {
  @Entity()
  @TableInheritance({ column: { name: 'kind', type: 'varchar' } })
  class Part {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
  }
  @ChildEntity()
  class Wheel extends Part {
    @Column() size!: number;
  }
  @ChildEntity()
  class SpareWheel extends Wheel {}
  @Entity()
  @Searchable()
  class Cart {
    @PrimaryGeneratedColumn() id!: number;
    @Searchable('name') @ManyToOne(() => Wheel) wheel!: Relation<Wheel>;
  }
  expect(await rulesIn([Part, Wheel, SpareWheel, Cart], Part)).toEqual([
    'Cart>wheel by id: update of id kind name where kind in Wheel SpareWheel',
  ]);
});

it('a view has no rules, and a hook tells what it depends on', async () => {
  @Entity()
  class Sale {
    @PrimaryGeneratedColumn() id!: number;
    @Column() day!: string;
  }
  @ViewEntity({ expression: 'SELECT day FROM sale GROUP BY day' })
  @Searchable({ fanOut: [{ from: () => Sale, columns: ['day'], keys: async () => [] }] })
  class Turnover {
    @Searchable() @PrimaryColumn() day!: string;
  }
  expect(await rulesIn([Sale, Turnover], Turnover)).toEqual([]);
  expect(await rulesIn([Sale, Turnover], Sale)).toEqual(['Turnover>fanOut:0 by id: insert, delete, update of day id']);
});

it('an update counts where TypeORM itself sets a projected date or version', async () => {
  @Entity()
  @Searchable()
  class Page {
    @PrimaryGeneratedColumn() id!: number;
    @Column() body!: string;
    @Filterable() @UpdateDateColumn() changed!: Date;
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Page]);
  const [rule] = build(dataSource).fanOut.rulesOf(dataSource.getMetadata(Page));
  expect(touches(rule!, [dataSource.getMetadata(Page).findColumnWithPropertyPath('body')!])).toBe(true);
  await drop();
});

describe('the hook fanOut', () => {
  @Entity()
  class Rate {
    @PrimaryColumn() currency!: string;
    @Column() factor!: number;
    @Column() comment!: string;
  }
  @Entity()
  class Price {
    @PrimaryGeneratedColumn() id!: number;
    @Column() currency!: string;
  }

  it('has a rule for each of its entities, by their keys', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Rate, Price]);
    const declared = describeEntity(Price, {
      fields: { currency: { searchable: true } },
      fanOut: [
        { from: () => Rate, columns: ['factor'], keys: async () => [1] },
        { from: 'Rate', keys: async () => [2] },
      ],
    });
    const metadatas = new MetadataRegistry(dataSource, [declared], { prefix: null }).all();
    const fanOut = fanOutOf(dataSource, metadatas);
    expect(fanOut.rulesOf(dataSource.getMetadata(Rate)).map(shown)).toEqual([
      'Price>fanOut:0 by currency: insert, delete, update of currency factor',
      'Price>fanOut:1 by currency: insert, delete, update of any',
    ]);
    expect([...fanOut.dependencies.keys()]).toEqual(['Price>fanOut:0', 'Price>fanOut:1']);
    await drop();
  });
});

it('a path that the outbox cannot hold is a mistake of the declaration', async () => {
  const long = 'x'.repeat(190);
  @Entity()
  class End {
    @PrimaryGeneratedColumn() id!: number;
    @Column() name!: string;
  }
  class Start {
    @PrimaryGeneratedColumn() id!: number;
    [key: string]: unknown;
  }
  ManyToOne(() => End, { createForeignKeyConstraints: false })(Start.prototype, long);
  Searchable('name')(Start.prototype, long);
  Searchable()(Start);
  Entity()(Start);
  const { dataSource, drop } = await openDatabase('sqlite', [Start, End]);
  expect(() => build(dataSource)).toThrow(expect.objectContaining({ code: 'DECLARATION_INVALID' }));
  await drop();
});
