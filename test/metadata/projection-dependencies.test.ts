import { describe as describeEntity, Scrypath, ScrypathError, Searchable, SearchDocument } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import type { SearchMetadata } from '../../src/metadata/search-metadata';
import { openDatabase } from '../stacks/stack';

@Entity()
class Owner {
  @PrimaryColumn() id!: number;
  @Column() name!: string;
  @Column({ select: false }) secret!: string;
  get label(): string {
    return this.name;
  }
}

/** The metadata of a Thing with these options, or the mistakes that start() reports. */
async function declared(options: object): Promise<SearchMetadata | readonly string[]> {
  @Entity()
  @Searchable(options)
  class Thing {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() name!: string;
    @Column('simple-json') meta!: object;
    @ManyToOne(() => Owner) owner!: Relation<Owner>;
    @SearchDocument() toDocument() {
      return { name: this.name };
    }
  }
  const { dataSource, drop } = await openDatabase('sqlite', [Thing, Owner]);
  const scrypath = new Scrypath({ dataSource, backend: embedded() });
  try {
    await scrypath.start();
    return new MetadataRegistry(dataSource, [], { prefix: null }).of(Thing);
  } catch (error) {
    if (!ScrypathError.is(error, 'DECLARATION_INVALID')) throw error;
    return error.problems;
  } finally {
    await scrypath.close();
    await drop();
  }
}

const keys = async () => [];

describe('dependsOn, fanOut and version', () => {
  it('may be left out: any column counts, nothing else, the first version', async () => {
    expect(await declared({})).toMatchObject({ dependsOn: null, fanOut: [], version: 1, relations: [] });
  });

  it('are kept as they were given, frozen', async () => {
    const metadata = (await declared({
      dependsOn: ['name', 'meta.size', 'owner.name'],
      fanOut: [
        { from: () => Owner, columns: ['name'], keys },
        { from: 'Owner', keys },
      ],
      version: 2,
    })) as SearchMetadata;
    expect(metadata).toMatchObject({
      dependsOn: ['name', 'meta.size', 'owner.name'],
      fanOut: [
        { from: 'Owner', columns: ['name'], keys },
        { from: 'Owner', columns: null, keys },
      ],
      version: 2,
    });
    for (const part of [metadata.dependsOn, metadata.fanOut, metadata.fanOut[0]])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('load the relations and the hidden columns that dependsOn names', async () => {
    expect(await declared({ dependsOn: ['owner.secret'] })).toMatchObject({
      relations: ['owner'],
      hiddenColumns: [{ relation: 'owner', property: 'secret' }],
    });
    expect(await declared({ dependsOn: ['owner'] })).toMatchObject({ relations: ['owner'], hiddenColumns: [] });
  });

  it.each<[string, object, RegExp]>([
    ['text for dependsOn', { dependsOn: 'name' }, /Thing: dependsOn is a string; it takes a list of property paths/],
    [
      'an unknown property',
      { dependsOn: ['nme'] },
      /Thing: dependsOn names "nme": Thing has no property nme; known: id, na/,
    ],
    ['an unknown property of a relation', { dependsOn: ['owner.nme'] }, /"owner.nme": Owner has no property nme/],
    ['a path below a column', { dependsOn: ['name.first'] }, /"name.first": name is a plain column/],
    ['a getter', { dependsOn: ['owner.label'] }, /"owner.label": it is a getter, no column; name the columns/],
    ['an empty path', { dependsOn: [''] }, /Thing: dependsOn names "": /],
    ['no list', { fanOut: {} }, /Thing: fanOut is an object; it takes a list of objects/],
    ['a list of others', { fanOut: [5] }, /Thing: fanOut is an array; it takes a list of objects/],
    ['no entity', { fanOut: [{ keys }] }, /Thing: fanOut\[0\]\.from is missing; it takes the name of an entity/],
    ['no function', { fanOut: [{ from: 'Owner' }] }, /Thing: fanOut\[0\]\.keys is missing; it takes a function/],
    [
      'an unknown member',
      { fanOut: [{ from: 'Owner', keys, column: [] }] },
      /fanOut\[0\]\.column is no option; known: fr/,
    ],
    [
      'a wrong function',
      { fanOut: [{ from: 'Owner', keys: [1] }] },
      /fanOut\[0\]\.keys is an array; it takes a function/,
    ],
    ['an unknown entity', { fanOut: [{ from: 'Ownr', keys }] }, /fanOut\[0\]\.from names no entity of the DataSource/],
    ['a class that is no entity', { fanOut: [{ from: () => Date, keys }] }, /fanOut\[0\]\.from names no entity/],
    ['nothing yet', { fanOut: [{ from: () => undefined, keys }] }, /fanOut\[0\]\.from names no entity/],
    [
      'an unknown column',
      { fanOut: [{ from: 'Owner', columns: ['nme'], keys }] },
      /fanOut\[0\]\.columns names "nme", which is no column of Owner; known: id, name, secret\./,
    ],
    ['no version', { version: 0 }, /Thing: version is a number; it takes a whole number from 1/],
    ['half a version', { version: 1.5 }, /Thing: version is a number; it takes a whole number from 1/],
  ])('are refused: %s', async (_name, options, expected) => {
    expect(await declared(options)).toEqual([expect.stringMatching(expected)]);
  });

  it('are checked in describe() too', async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [Owner]);
    const given = describeEntity(Owner, {
      fields: { name: { searchable: true } },
      dependsOn: ['nme' as 'name'],
      fanOut: [{ from: () => 'Nobody', keys }],
    });
    const scrypath = new Scrypath({ dataSource, backend: embedded(), entities: [given] });
    await expect(scrypath.start()).rejects.toMatchObject({
      problems: [
        expect.stringMatching(/Owner: dependsOn names "nme"/),
        expect.stringMatching(/Owner: fanOut\[0\]\.from/),
      ],
    });
    await scrypath.close();
    await drop();
  });
});
