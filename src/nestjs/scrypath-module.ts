import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import type { Scrypath } from '../index.js';
import { INSTANCE_NAME, Lifecycle } from './lifecycle.js';
import { invalidModule, type ScrypathModuleAsyncOptions, type ScrypathRootOptions } from './module-options.js';
import { asyncCoreModuleOf, coreModuleOf } from './scrypath-core-module.js';
import { DEFAULT_NAME, getScrypathToken, getSearchToken, type SearchedEntity } from './tokens.js';

/**
 * A `Scrypath` beside each DataSource of `@nestjs/typeorm`, by its conventions. It is started when it is made, so that every
 * mistake of a declaration and every missing table fails the boot; its worker starts when the application has been
 * bootstrapped, and is drained before the DataSource closes.
 * @example
 * @Module({
 *   imports: [
 *     TypeOrmModule.forRoot({ type: 'better-sqlite3', driver: libsqlDriver(), database: 'app.db', autoLoadEntities: true }),
 *     ScrypathModule.forRoot({ backend: embedded(), sync: { mode: 'queued' }, capture: 'orm' }),
 *     TypeOrmModule.forFeature([Movie]),
 *     ScrypathModule.forFeature([Movie]),
 *   ],
 * })
 * class AppModule {}
 */
@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: NestJS knows a module by its class, and its users by these methods
export class ScrypathModule {
  /**
   * One instance, for the whole application.
   * @throws ScrypathError at the boot: what `new Scrypath` and `start` throw, and `OPTION_INVALID` where two instances have one
   * name, or share an engine and have one prefix
   */
  static forRoot(options: ScrypathRootOptions): DynamicModule {
    requireOptions('forRoot', options);
    return rootModuleOf(coreModuleOf(options), options.name);
  }

  /**
   * As {@link forRoot}, with options that a provider makes.
   * @example
   * ScrypathModule.forRootAsync({
   *   inject: [Settings],
   *   useFactory: ({ searchUrl }: Settings) => ({ backend: meilisearch({ host: searchUrl }) }),
   * });
   */
  static forRootAsync(options: ScrypathModuleAsyncOptions): DynamicModule {
    requireOptions('forRootAsync', options);
    return rootModuleOf(asyncCoreModuleOf(options), options.name);
  }

  /**
   * Makes the services of these entities injectable in the module that imports it.
   * @param name of the DataSource; default `default`
   * @throws ScrypathError at the boot: `ENTITY_UNKNOWN` where the DataSource does not know an entity, or it has no index
   * @example ScrypathModule.forFeature([Movie], 'analytics');
   */
  static forFeature(entities: readonly SearchedEntity[], name: string = DEFAULT_NAME): DynamicModule {
    const services: Provider[] = entities.map((entity) => ({
      provide: getSearchToken(entity, name),
      useFactory: (scrypath: Scrypath) => scrypath.for(entity),
      inject: [getScrypathToken(name)],
    }));
    return { module: ScrypathModule, providers: services, exports: services };
  }
}

/** `TypeOrmModule.forRoot()` needs no options; this one does. */
function requireOptions(method: string, options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalidModule([`${method} was given ${options}`]);
}

/** A module that is not global, around one that is: see `Lifecycle`. */
export function rootModuleOf(core: DynamicModule, name: string = DEFAULT_NAME): DynamicModule {
  return {
    module: ScrypathModule,
    imports: [core],
    providers: [{ provide: INSTANCE_NAME, useValue: name }, Lifecycle],
  };
}
