import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { describe as describeEntity, type Scrypath, ScrypathError, Searchable, type SearchService } from 'scrypath';
import { embedded, libsqlDriver } from 'scrypath/embedded';
import {
  getScrypathToken,
  getSearchToken,
  InjectScrypath,
  InjectSearch,
  ScrypathExceptionFilter,
  ScrypathHealthIndicator,
  ScrypathModule,
  type ScrypathModuleOptions,
  type ScrypathOptionsFactory,
} from 'scrypath/nestjs';
import { withFaults } from 'scrypath/testing';
import { Column, DataSource, Entity, EntitySchema, PrimaryGeneratedColumn } from 'typeorm';
import { Lifecycle } from '../../../src/nestjs/lifecycle';
import { aMovie, MOVIE_ENTITIES, Movie } from '../../model/movie';
import { boot, closeAll, database, refusal } from './application';

const QUEUED = { sync: { mode: 'queued' }, capture: 'orm' } as const;

@Injectable()
class Films implements OnModuleInit {
  searchedAtInit: number | null = null;

  constructor(
    @InjectSearch(Movie) readonly movies: SearchService<Movie>,
    @InjectScrypath() readonly scrypath: Scrypath,
    @Inject(getDataSourceToken()) readonly dataSource: DataSource,
  ) {}

  async onModuleInit() {
    this.searchedAtInit = (await this.movies.search('')).hits.length;
  }

  async add(title: string): Promise<void> {
    const { token } = await this.scrypath.track(() => this.dataSource.getRepository(Movie).save(aMovie({ title })));
    await this.scrypath.waitForCompletion(token!);
  }

  async titles(): Promise<readonly string[]> {
    return (await this.movies.search('')).hits.map(({ title }) => title);
  }
}

/** As an application has it: the feature in a module of its own. */
@Module({ imports: [ScrypathModule.forFeature([Movie])], providers: [Films], exports: [Films] })
class FilmsModule {}

export function specifyBoot(): void {
  describe('boots and injects', () => {
    afterEach(closeAll);

    it('a function for the backend: the same module boots again in one process, with an engine of its own', async () => {
      const root = ScrypathModule.forRoot({ backend: () => embedded(), ...QUEUED });
      for (const title of ['Alien', 'Brazil']) {
        const app = await boot({ imports: [database(), root, FilmsModule] });
        const films = app.get(Films);
        await films.add(title);
        expect(await films.titles()).toEqual([title]);
        await app.close();
      }
    });

    it('forRoot and forFeature: a write is captured, brought by the worker, and found by the injected service', async () => {
      const app = await boot({
        imports: [database(), ScrypathModule.forRoot({ backend: embedded(), ...QUEUED }), FilmsModule],
      });
      const films = app.get(Films);
      expect(films.searchedAtInit).toBe(0);
      await films.add('Solaris');
      expect(await films.titles()).toEqual(['Solaris']);
      const { workers } = await films.scrypath.status();
      expect(workers).toMatchObject({ observed: true, value: [{ alive: true }] });
    });

    it('the service is that of the instance, whose DataSource is that of @nestjs/typeorm', async () => {
      const app = await boot({ imports: [ScrypathModule.forRoot({ backend: embedded() }), FilmsModule, database()] });
      const scrypath = app.get<Scrypath>(getScrypathToken());
      expect(app.get(getSearchToken(Movie), { strict: false })).toBe(scrypath.for(Movie));
      expect(scrypath.dataSource).toBe(app.get(DataSource));
    });

    it('worker: false starts none, and without an outbox there is none', async () => {
      for (const options of [{ ...QUEUED, worker: false }, {}]) {
        const app = await boot({
          imports: [
            database(),
            ScrypathModule.forRoot({ backend: embedded(), outbox: 'capture' in options, ...options }),
          ],
        });
        const { workers } = await app.get<Scrypath>(getScrypathToken()).status();
        if ('capture' in options) expect(workers).toEqual({ observed: true, value: [] });
        else expect(workers.observed).toBe(false);
        await closeAll();
      }
    });

    it('worker: options are those of the worker', async () => {
      const { backend } = withFaults(embedded());
      const batches: number[] = [];
      const upsert = backend.upsert.bind(backend);
      const counted = Object.assign(backend, {
        upsert: ((index, documents, options) => {
          batches.push(documents.length);
          return upsert(index, documents, options);
        }) as typeof backend.upsert,
      });
      const app = await boot({
        imports: [
          database(),
          ScrypathModule.forRoot({ backend: counted, ...QUEUED, worker: { batchSize: 1 } }),
          FilmsModule,
        ],
      });
      const { scrypath, dataSource } = app.get(Films);
      const { token } = await scrypath.track(() =>
        dataSource.getRepository(Movie).save(['Stalker', 'Mirror', 'Nostalghia'].map((title) => aMovie({ title }))),
      );
      await scrypath.waitForCompletion(token!);
      expect(batches).toEqual([1, 1, 1]);
    });

    it('a DataSource of its own, which stays open when the application is closed', async () => {
      const dataSource = new DataSource({
        type: 'better-sqlite3',
        driver: libsqlDriver(),
        database: ':memory:',
        entities: MOVIE_ENTITIES,
        synchronize: true,
      });
      await dataSource.initialize();
      const app = await boot({ imports: [ScrypathModule.forRoot({ backend: embedded(), dataSource })] });
      expect(app.get<Scrypath>(getScrypathToken()).dataSource).toBe(dataSource);
      await closeAll();
      expect(dataSource.isInitialized).toBe(true);
      await dataSource.destroy();
    });

    it('an EntitySchema that is described, under the name of its entity', async () => {
      interface Note {
        id: number;
        text: string;
      }
      const NoteSchema = new EntitySchema<Note>({
        name: 'Note',
        columns: { id: { type: Number, primary: true, generated: true }, text: { type: String } },
      });
      expect(getSearchToken(NoteSchema)).toBe('NoteSearchService');
      expect(getSearchToken(NoteSchema, 'archive')).toBe('archive_NoteSearchService');
      const notes = describeEntity(NoteSchema, { fields: { text: { searchable: true } } });
      const app = await boot({
        imports: [
          TypeOrmModule.forRoot({
            type: 'better-sqlite3',
            driver: libsqlDriver(),
            database: ':memory:',
            entities: [NoteSchema],
            synchronize: true,
          }),
          ScrypathModule.forRoot({ backend: embedded(), entities: [notes] }),
          ScrypathModule.forFeature([NoteSchema]),
        ],
      });
      const service = app.get<SearchService<Note>>(getSearchToken(NoteSchema), { strict: false });
      expect(service).toBe(app.get<Scrypath>(getScrypathToken()).for(NoteSchema));
    });

    it('needs no types that a compiler emits: programs of esbuild or tsx have none', async () => {
      for (const made of [Lifecycle, ScrypathHealthIndicator, ScrypathExceptionFilter]) {
        expect(Reflect.hasOwnMetadata('design:paramtypes', made)).toBe(true);
        Reflect.deleteMetadata('design:paramtypes', made);
      }
      const app = await boot({
        imports: [database(), ScrypathModule.forRoot({ backend: embedded(), ...QUEUED })],
        providers: [ScrypathExceptionFilter],
      });
      expect(await app.get(ScrypathHealthIndicator, { strict: false }).isHealthy('search')).toMatchObject({
        search: { status: 'up' },
      });
      expect(app.get(ScrypathExceptionFilter, { strict: false })).toBeInstanceOf(ScrypathExceptionFilter);
    });

    describe('forRootAsync', () => {
      @Injectable()
      class Config {
        readonly prefix = 'asked';
      }
      @Module({ providers: [Config], exports: [Config] })
      class ConfigModule {}
      const indexOf = async (module: ReturnType<typeof ScrypathModule.forRootAsync>, imports: unknown[] = []) => {
        const app = await boot({ imports: [database(), module, ...(imports as [])] });
        const name = app.get<Scrypath>(getScrypathToken()).for(Movie).indexName;
        await closeAll();
        return name;
      };

      it('useFactory with what it injects', async () => {
        const useFactory = async (config: Config) => ({ backend: embedded(), prefix: config.prefix });
        const module = ScrypathModule.forRootAsync({ imports: [ConfigModule], inject: [Config], useFactory });
        expect(await indexOf(module)).toBe('asked_movies');
      });

      it('useClass and useExisting', async () => {
        @Injectable()
        class Options implements ScrypathOptionsFactory {
          createScrypathOptions(name?: string): ScrypathModuleOptions {
            return { backend: embedded(), prefix: `of_${name}` };
          }
        }
        @Module({ providers: [Options], exports: [Options] })
        class OptionsModule {}
        expect(await indexOf(ScrypathModule.forRootAsync({ useClass: Options }))).toBe('of_default_movies');
        const existing = ScrypathModule.forRootAsync({ imports: [OptionsModule], useExisting: Options });
        expect(await indexOf(existing)).toBe('of_default_movies');
      });

      it('the token of a DataSource that @nestjs/typeorm does not know', async () => {
        const provider = {
          provide: 'MY_DATABASE',
          useFactory: () =>
            new DataSource({
              type: 'better-sqlite3',
              driver: libsqlDriver(),
              database: ':memory:',
              entities: MOVIE_ENTITIES,
              synchronize: true,
            }).initialize(),
        };
        @Module({ providers: [provider], exports: [provider] })
        class MyDatabaseModule {}
        const app = await boot({
          imports: [
            ScrypathModule.forRootAsync({
              imports: [MyDatabaseModule],
              dataSource: 'MY_DATABASE',
              useFactory: () => ({ backend: embedded() }),
            }),
          ],
        });
        const dataSource = app.get<DataSource>('MY_DATABASE', { strict: false });
        expect(app.get<Scrypath>(getScrypathToken()).dataSource).toBe(dataSource);
        await closeAll();
        await dataSource.destroy();
      });

      it('with none of them is refused', () => {
        expect(() => ScrypathModule.forRootAsync({})).toThrow(/none of useFactory, useClass and useExisting/);
      });
    });
  });

  describe('a mistake fails the boot, with the words and the code of its error', () => {
    afterEach(closeAll);

    it.each<[string, Partial<ScrypathModuleOptions>, RegExp]>([
      ['an unknown option', { colour: 'red' } as object, /colour is not an option/],
      ['a worker that is none', { worker: 'yes' } as object, /worker must be a boolean/],
      ['a worker without an outbox', { worker: true }, /has no outbox/],
      ['a shutdown of no time', { shutdownTimeoutMs: 0 }, /shutdownTimeoutMs must be milliseconds above 0/],
      ['no backend', { backend: undefined } as object, /backend must be a backend/],
    ])('%s', async (_what, options, words) => {
      const error = await refusal({
        imports: [database(), ScrypathModule.forRoot({ backend: embedded(), ...options })],
      });
      expect(ScrypathError.is(error, 'OPTION_INVALID')).toBe(true);
      expect((error as Error).message).toMatch(words);
    });

    it('no options at all', () => {
      const { forRoot, forRootAsync } = ScrypathModule as unknown as Record<string, () => unknown>;
      expect(forRoot).toThrow(/forRoot was given undefined/);
      expect(forRootAsync).toThrow(/forRootAsync was given undefined/);
    });

    it('options that a factory forgot to return', async () => {
      const useFactory = () => undefined as unknown as ScrypathModuleOptions;
      const error = await refusal({ imports: [database(), ScrypathModule.forRootAsync({ useFactory })] });
      expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('they are undefined') });
    });

    it('the tables of the outbox are missing', async () => {
      const bare = TypeOrmModule.forRoot({
        type: 'better-sqlite3',
        driver: libsqlDriver(),
        database: ':memory:',
        entities: MOVIE_ENTITIES,
        retryAttempts: 1,
      });
      const error = await refusal({ imports: [bare, ScrypathModule.forRoot({ backend: embedded(), ...QUEUED })] });
      expect(error).toMatchObject({ code: 'OUTBOX_MISSING' });
    });

    it('an engine that is away; and what was opened for it is closed', async () => {
      const { backend, faults } = withFaults(embedded());
      faults.fail('create');
      const error = await refusal({ imports: [database(), ScrypathModule.forRoot({ backend })] });
      expect(error).toMatchObject({ code: 'BACKEND_UNREACHABLE' });
      await expect(backend.indexes.get('movies')).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('forFeature of an entity that the DataSource does not know, or that has no index', async () => {
      @Entity()
      @Searchable()
      class Stranger {
        @PrimaryGeneratedColumn() id!: number;
        @Searchable() @Column() title!: string;
      }
      const root = () => [database(), ScrypathModule.forRoot({ backend: embedded() })];
      const error = await refusal({ imports: [...root(), ScrypathModule.forFeature([Stranger])] });
      expect(error).toMatchObject({ code: 'ENTITY_UNKNOWN', message: expect.stringContaining('Stranger') });
      await closeAll();
      const undeclared = MOVIE_ENTITIES.find((entity) => entity !== Movie) as new () => object;
      const second = await refusal({ imports: [...root(), ScrypathModule.forFeature([undeclared])] });
      expect(second).toMatchObject({ code: 'ENTITY_UNKNOWN' });
    });

    it('an entity that a circle of imports has left undefined', () => {
      expect(() => InjectSearch(undefined as unknown as typeof Movie)).toThrow(/import each other in a circle/);
    });
  });
}
