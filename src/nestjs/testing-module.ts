import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import type { TestScrypath } from '../testing/index.js';
import { Instances } from './instances.js';
import { partOptions, type ScrypathModuleOptions } from './module-options.js';
import { ScrypathCoreModule, ScrypathInstancesModule } from './scrypath-core-module.js';
import { rootModuleOf } from './scrypath-module.js';
import { DEFAULT_NAME, getScrypathToken } from './tokens.js';

// An application that is no test needs neither, and would wait for them: the second holds the specifications of engines.
const theEngine = () => require('../embedded/index.js') as typeof import('../embedded/index.js');
const theControls = () => require('../testing/index.js') as typeof import('../testing/index.js');

/** What `ScrypathTestingModule.forRoot` takes: as `ScrypathModule.forRoot`, but for database and engine. */
export interface ScrypathTestingOptions extends Omit<ScrypathModuleOptions, 'backend' | 'entities'> {
  /** The name of the DataSource; default `default`. */
  readonly name?: string;
  /** The entities of the DataSource. */
  readonly entities: NonNullable<DataSourceOptions['entities']>;
}

/**
 * The token of the controls of a testing module: faults, `drain` and `reset`. The module closes them.
 * @param name of the DataSource; default `default`
 * @example const { faults, drain } = app.get<TestScrypath>(getTestScrypathToken());
 */
export const getTestScrypathToken = (name: string = DEFAULT_NAME): string =>
  `${name === DEFAULT_NAME ? '' : name}TestScrypath`;

/**
 * For tests of a feature without a server: a SQLite database and an engine, both in the memory of the process, with the
 * tables of these entities. It stands in the place of `TypeOrmModule.forRoot` and `ScrypathModule.forRoot`; `forFeature` of
 * both works as ever.
 * @example
 * const module = await Test.createTestingModule({
 *   imports: [
 *     ScrypathTestingModule.forRoot({ entities: [Movie, Director], capture: 'orm' }),
 *     ScrypathModule.forFeature([Movie]),
 *   ],
 *   providers: [MoviesService],
 * }).compile();
 */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: NestJS knows a module by its class, and its users by this method
export class ScrypathTestingModule {
  static forRoot({ entities, name = DEFAULT_NAME, ...options }: ScrypathTestingOptions): DynamicModule {
    const database = TypeOrmModule.forRoot({
      type: 'better-sqlite3',
      driver: theEngine().libsqlDriver(),
      database: ':memory:',
      entities,
      synchronize: true,
      retryAttempts: 1,
      ...(name !== DEFAULT_NAME && { name }),
    });
    return {
      module: ScrypathTestingModule,
      imports: [database, rootModuleOf(testingCoreOf(name, options), name)],
    };
  }
}

function testingCoreOf(name: string, options: Omit<ScrypathModuleOptions, 'backend'>): DynamicModule {
  const kit: Provider = {
    provide: getTestScrypathToken(name),
    useFactory: async (instances: Instances, dataSource: DataSource): Promise<TestScrypath> => {
      const backend = theEngine().embedded();
      const { run, rest } = partOptions({ ...options, backend });
      let made: TestScrypath | undefined;
      await instances.open({ name, backend, prefix: rest.prefix, run }, async () => {
        made = await theControls().createTestScrypath(dataSource, rest);
        return made.scrypath;
      });
      return made!;
    },
    inject: [Instances, getDataSourceToken(name)],
  };
  const scrypath: Provider = {
    provide: getScrypathToken(name),
    useFactory: (made: TestScrypath) => made.scrypath,
    inject: [getTestScrypathToken(name)],
  };
  return {
    module: ScrypathCoreModule,
    imports: [ScrypathInstancesModule],
    providers: [kit, scrypath],
    exports: [kit, scrypath],
  };
}
