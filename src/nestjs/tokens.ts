import type { InjectionToken } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import { type EntityClass, Scrypath, ScrypathError } from '../index.js';

/** An entity as `forFeature` and `@InjectSearch` take it. */
export type SearchedEntity = EntityClass<object> | EntitySchema;

/** The name of a DataSource, and of the instance beside it, where none is given; as in `@nestjs/typeorm`. */
export const DEFAULT_NAME = 'default';

/**
 * The token of an instance: the class `Scrypath`, or a text for one that has a name.
 * @param name of the DataSource; default `default`
 * @example const scrypath = app.get<Scrypath>(getScrypathToken('analytics'));
 */
export const getScrypathToken = (name: string = DEFAULT_NAME): InjectionToken<Scrypath> =>
  name === DEFAULT_NAME ? Scrypath : `${name}Scrypath`;

/**
 * The token of the service of one entity, as `getRepositoryToken` has it for its repository.
 * @param name of the DataSource; default `default`
 * @throws ScrypathError `OPTION_INVALID` where the entity is undefined, as in a circle of imports
 * @example const movies = app.get<SearchService<Movie>>(getSearchToken(Movie));
 */
export function getSearchToken(entity: SearchedEntity, name: string = DEFAULT_NAME): string {
  if (entity === undefined || entity === null)
    throw new ScrypathError({
      code: 'OPTION_INVALID',
      happened: `The entity of @InjectSearch() or getSearchToken() is ${entity}.`,
      remedy: 'Where files import each other in a circle, import the entity from its own file.',
    });
  return `${name === DEFAULT_NAME ? '' : `${name}_`}${nameOf(entity)}SearchService`;
}

function nameOf(entity: SearchedEntity): string {
  if (!(entity instanceof EntitySchema)) return entity.name;
  const { target, name } = entity.options;
  return typeof target === 'function' ? target.name : (name ?? '');
}

/**
 * The token of an instance's engine, for tests that put another one in its place.
 * @param name of the DataSource; default `default`
 * @example
 * const builder = Test.createTestingModule({ imports: [AppModule] });
 * builder.overrideProvider(getBackendToken()).useValue(embedded());
 */
export const getBackendToken = (name: string = DEFAULT_NAME): string =>
  `${name === DEFAULT_NAME ? '' : name}ScrypathBackend`;
