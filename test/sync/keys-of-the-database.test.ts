import { Searchable } from 'scrypath';
import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';

onEveryDatabase('keys are those of the database, however a caller spells them', (stack) => {
  @Entity()
  @Searchable()
  class Priced {
    @PrimaryColumn('decimal', { precision: 8, scale: 2 }) id!: string;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Numbered {
    @PrimaryColumn('bigint') id!: string;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Named {
    @PrimaryColumn('varchar', { length: 20 }) id!: string;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Daily {
    @PrimaryColumn('date') id!: string | Date;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Timed {
    @PrimaryColumn({ type: stack.database === 'postgres' ? 'timestamptz' : 'datetime', precision: 3 }) id!: Date;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Flagged {
    @PrimaryColumn('boolean') id!: boolean;
    @Searchable() @Column() name!: string;
  }
  class FullName {
    @PrimaryColumn() first!: string;
    @PrimaryColumn() last!: string;
  }
  @Entity()
  @Searchable()
  class Person {
    @Column(() => FullName) full!: FullName;
    @Searchable() @Column() name!: string;
  }
  class Code {
    constructor(readonly raw: string) {}
  }
  const coded = {
    to: (code: Code | string) => (code instanceof Code ? code.raw : code),
    from: (raw: string) => new Code(raw),
  };
  @Entity()
  @Searchable()
  class Coded {
    @PrimaryColumn('varchar', { length: 20, transformer: coded }) id!: Code;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  class User {
    @PrimaryColumn('int') id!: number;
  }
  @Entity()
  @Searchable()
  class Profile {
    @PrimaryColumn('int') userId!: number;
    @Searchable() @Column() name!: string;
    @OneToOne(() => User, { cascade: true }) @JoinColumn({ name: 'userId' }) user!: Relation<User>;
  }
  @Entity()
  @Searchable()
  class Passport {
    @Searchable() @Column() name!: string;
    @OneToOne(() => User, { cascade: true })
    @PrimaryColumn({ type: 'int', name: 'ownerId' })
    @JoinColumn()
    owner!: Relation<User>;
  }
  const errors: unknown[] = [];
  const opened = stack.use([Priced, Numbered, Named, Daily, Timed, Flagged, Person, Coded, User, Profile, Passport], {
    capture: 'orm',
    logger: { warn: (message) => void errors.push(message), error: (...said) => void errors.push(said) },
  });
  const names = async (entity: new () => { name: string }) =>
    (await opened.for(entity).search('', { hydrate: true })).records.map(({ name }) => name);

  it.each([
    ['a decimal without its zeros', Priced, { id: '1.5', name: 'x' }],
    ['a day as a Date', Daily, { id: new Date(2020, 1, 3), name: 'x' }],
    ['a time', Timed, { id: new Date('2020-02-03T04:05:06Z'), name: 'x' }],
    ['true', Flagged, { id: true, name: 'x' }],
    ['an embedded name', Person, { full: { first: 'Ada', last: 'Lovelace' }, name: 'x' }],
    ['a foreign key', Profile, { userId: 3, user: { id: 3 }, name: 'x' }],
    ['a relation', Passport, { owner: { id: 4 }, name: 'x' }],
    ['a value object', Coded, { id: new Code('k1'), name: 'x' }],
  ] as const)('%s: what is saved is captured, found and hydrated', async (_kind, entity, record) => {
    await opened.dataSource.getRepository(entity).save(record as never);
    expect(errors).toEqual([]);
    expect(await names(entity)).toEqual(['x']);
    const service = opened.for(entity as new () => { name: string });
    const [row] = await opened.dataSource.createQueryBuilder<{ name: string }>(entity, 'row').getMany();
    expect((await service.search('')).hits.map(({ _key }) => _key)).toEqual([service.keyOf(row as never)]);
    await service.deleteRecord(row as never);
    expect(await names(entity)).toEqual([]);
  });

  it('a number with zeros before it names the same record, and removes nothing', async () => {
    const service = opened.for(Numbered);
    await opened.dataSource.getRepository(Numbered).insert({ id: '7', name: 'seven' });
    const { keys } = await service.syncKeys(['007']);
    expect(keys).toEqual(['7']);
    expect(await names(Numbered)).toEqual(['seven']);
    await expect(service.syncKeys(['7.5'])).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(service.syncKeys(['seven'])).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  if (stack.database === 'mariadb')
    it('a key in another case dirties the row that the collation finds; only the alias is removed', async () => {
      await opened.dataSource.query("INSERT INTO named (id, name) VALUES ('CASE', 'upper')");
      const { keys } = await opened.for(Named).syncKeys(['case']);
      expect([...keys].sort()).toEqual(['CASE', 'case']);
      expect(await names(Named)).toEqual(['upper']);
    });

  it('a stray document in the index breaks neither a search nor its hydration', async () => {
    const service = opened.for(Numbered);
    const stray = ['foo', 'a_zz', '1_-2'].map((key) => ({ key, data: { name: 'stray' }, source: 'fields' as const }));
    await opened.backend.outcomes(await opened.backend.upsert(service.indexName, stray), { waitMs: 5000 });
    const { hits, missingIds } = await service.search('stray', { hydrate: true });
    expect(hits).toHaveLength(3);
    expect([...missingIds].sort()).toEqual(['1_-2', 'a_zz', 'foo']);
    await service.deleteDocuments(missingIds);
    expect((await service.search('stray')).hits).toEqual([]);
  });
});

onEveryDatabase('many keys at once', (stack) => {
  @Entity()
  @Searchable()
  class Plain {
    @PrimaryColumn('int') id!: number;
    @Searchable() @Column() name!: string;
  }
  @Entity()
  @Searchable()
  class Pair {
    @PrimaryColumn('int') left!: number;
    @PrimaryColumn('int') right!: number;
    @Searchable() @Column() name!: string;
  }
  const opened = stack.use([Plain, Pair]);

  it('are read in parts that the database takes', async () => {
    const { keys } = await opened.for(Plain).syncKeys(Array.from({ length: 70_000 }, (_, id) => id));
    expect(keys).toHaveLength(70_000);
    const pairs = Array.from({ length: 1500 }, (_, at) => ({ left: at, right: at + 1, name: 'pair' }));
    for (let at = 0; at < pairs.length; at += 500)
      await opened.dataSource.getRepository(Pair).insert(pairs.slice(at, at + 500));
    expect((await opened.for(Pair).syncKeys(pairs.map(({ left, right }) => ({ left, right })))).count).toBe(1500);
    const { records, missingIds } = await opened.for(Pair).search('pair', { page: { size: 1000 }, hydrate: true });
    expect([records.length, missingIds.length]).toEqual([1000, 0]);
  });
});
