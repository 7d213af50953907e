import { type DynamicModule, Global, type InjectionToken, Logger, Module, type Provider } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { type Backend, Scrypath, type ScrypathOptions } from '../index.js';
import { ScrypathHealthIndicator } from './health-indicator.js';
import { Instances } from './instances.js';
import {
  invalidModule,
  partOptions,
  type ScrypathModuleAsyncOptions,
  type ScrypathModuleOptions,
  type ScrypathOptionsFactory,
  type ScrypathRootOptions,
} from './module-options.js';
import { DEFAULT_NAME, getBackendToken, getScrypathToken } from './tokens.js';

/** Of the module's options; each module has its own. */
const OPTIONS = 'SCRYPATH_MODULE_OPTIONS';

/** What all instances of an application share. */
@Global()
@Module({ providers: [Instances, ScrypathHealthIndicator], exports: [Instances, ScrypathHealthIndicator] })
export class ScrypathInstancesModule {}

/** Makes one instance, and is global, as the core of `TypeOrmModule` is: `forFeature` of any module finds it. */
@Global()
@Module({})
export class ScrypathCoreModule {}

export function coreModuleOf({ name = DEFAULT_NAME, dataSource, ...options }: ScrypathRootOptions): DynamicModule {
  const made = { provide: OPTIONS, useValue: options };
  if (dataSource === undefined) return coreModule(name, [made], getDataSourceToken(name));
  const given = `${name}ScrypathDataSource`;
  return coreModule(name, [made, { provide: given, useValue: dataSource }], given);
}

export function asyncCoreModuleOf(options: ScrypathModuleAsyncOptions): DynamicModule {
  const { name = DEFAULT_NAME, imports, dataSource = getDataSourceToken(name) as InjectionToken } = options;
  return coreModule(name, optionsProviders(name, options), dataSource, imports);
}

function coreModule(
  name: string,
  options: readonly Provider[],
  dataSource: InjectionToken,
  imports: ScrypathModuleAsyncOptions['imports'] = [],
): DynamicModule {
  const backend: Provider = {
    provide: getBackendToken(name),
    useFactory: (given: ScrypathModuleOptions | undefined) =>
      typeof given?.backend === 'function' ? given.backend() : given?.backend,
    inject: [OPTIONS],
  };
  const scrypath: Provider = {
    provide: getScrypathToken(name),
    useFactory: (instances: Instances, given: ScrypathModuleOptions, engine: Backend, source: DataSource) => {
      const { run, rest } = partOptions(given);
      const options = { logger: nestLogger(name), ...rest, backend: engine, dataSource: source };
      return instances.open({ name, backend: engine, prefix: rest.prefix, run }, () => started(options));
    },
    inject: [Instances, OPTIONS, getBackendToken(name), dataSource],
  };
  return {
    module: ScrypathCoreModule,
    imports: [...imports, ScrypathInstancesModule],
    providers: [...options, backend, scrypath],
    exports: [backend, scrypath],
  };
}

async function started(options: ScrypathOptions): Promise<Scrypath> {
  const scrypath = new Scrypath(options);
  try {
    await scrypath.start();
    return scrypath;
  } catch (error) {
    // Else the engine in the process, or its connections, would keep a program alive whose boot has failed.
    await scrypath.close().catch(() => undefined);
    throw error;
  }
}

function optionsProviders(name: string, options: ScrypathModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [] } = options;
  if (useFactory) return [{ provide: OPTIONS, useFactory, inject }];
  const factory = useClass ?? useExisting;
  if (factory === undefined)
    throw invalidModule(['forRootAsync was given none of useFactory, useClass and useExisting']);
  const made: Provider = {
    provide: OPTIONS,
    useFactory: (given: ScrypathOptionsFactory) => given.createScrypathOptions(name),
    inject: [factory],
  };
  return useClass ? [made, { provide: useClass, useClass }] : [made];
}

/** What nobody awaits goes where the application logs. */
function nestLogger(name: string): Required<ScrypathOptions>['logger'] {
  const logger = new Logger(name === DEFAULT_NAME ? 'Scrypath' : `Scrypath ${name}`);
  return {
    warn: (message, facts) => (facts ? logger.warn(message, facts) : logger.warn(message)),
    error: (message, facts) => (facts ? logger.error(message, facts) : logger.error(message)),
  };
}
