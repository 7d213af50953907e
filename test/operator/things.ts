import { type Backend, describe as declared, Scrypath, type ScrypathOptions } from 'scrypath';
import { type Faults, withFaults } from 'scrypath/testing';
import { Column, type DataSource, Entity, PrimaryColumn } from 'typeorm';
import { aPrefix, QUIET } from '../reindex/place';
import { openDatabase, openEngine, type Stack } from '../stacks/stack';

/** Described, so that a later deployment of the same program can declare it otherwise. */
@Entity()
export class Thing {
  @PrimaryColumn() id!: number;
  @Column() name!: string;
  @Column({ default: 'plain' }) kind!: string;
}

/** As the first deployment declares it, and as later ones do. */
export const declarations = {
  first: declared(Thing, { index: 'things', fields: { name: { searchable: true } } }),
  anotherField: declared(Thing, {
    index: 'things',
    fields: { name: { searchable: true }, kind: { searchable: true } },
  }),
  newerVersion: declared(Thing, { index: 'things', version: 2, fields: { name: { searchable: true } } }),
  otherSettings: declared(Thing, {
    index: 'things',
    settings: { stopWords: ['the'] },
    fields: { name: { searchable: true } },
  }),
  // Its code fails for some records.
  picky: declared(Thing, {
    index: 'things',
    when: ({ kind }) => {
      if (kind === 'broken') throw new Error('The application cannot tell.');
      return true;
    },
    fields: { name: { searchable: true } },
  }),
  freeSettings: declared(Thing, {
    index: 'things',
    settings: { synonyms: { film: ['movie'] } },
    fields: { name: { searchable: true } },
  }),
} as const;

export interface Shop {
  readonly dataSource: DataSource;
  readonly backend: Backend;
  readonly faults: Faults;
  /** An instance that is started, with one of the declarations. */
  deploy(declaration?: keyof typeof declarations, options?: Partial<ScrypathOptions>): Promise<Scrypath>;
}

/** A database and an engine of its own for each test, with rows; taken down behind it. */
export function shopsOn({ database, engine }: Pick<Stack, 'database' | 'engine'>): (rows?: number) => Promise<Shop> {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const close of closing.splice(0).reverse()) await close();
  });
  return async (rows = 30) => {
    const { dataSource, drop } = await openDatabase(database, [Thing]);
    const { backend, faults } = withFaults(openEngine(engine));
    closing.push(
      drop,
      async () => backend.close?.(),
      () => faults.clear(),
    );
    await dataSource
      .getRepository(Thing)
      .save(Array.from({ length: rows }, (_, at) => ({ id: at + 1, name: `Thing ${at + 1}` })));
    const prefix = aPrefix();
    // Closing one of them must not close the engine of all.
    const { close: _, ...shared } = backend;
    return {
      dataSource,
      backend: shared,
      faults,
      deploy: async (declaration = 'first', options = {}) => {
        const scrypath = new Scrypath({
          ...{ dataSource, prefix, logger: QUIET, backend: shared, sync: { mode: 'queued' } },
          ...options,
          entities: [declarations[declaration]],
        });
        closing.push(async () => {
          const { live, target } = await namesIn(scrypath, dataSource);
          for (const index of [live, ...target]) await shared.indexes.drop(index).catch(() => undefined);
          await scrypath.close();
        });
        await scrypath.start();
        return scrypath;
      },
    };
  };
}

async function namesIn(scrypath: Scrypath, dataSource: DataSource) {
  const known = await dataSource.query('SELECT target FROM scrypath_rebuild').catch(() => []);
  return { live: scrypath.for(Thing).indexName, target: (known as { target: string }[]).map(({ target }) => target) };
}

/** The two stacks on which operators' verbs are proved whole. */
export const isWhole = ({ database, engine }: Pick<Stack, 'database' | 'engine'>): boolean =>
  (database === 'sqlite' && engine === 'embedded') || (database === 'postgres' && engine === 'meilisearch');
