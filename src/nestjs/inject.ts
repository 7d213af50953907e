import { Inject } from '@nestjs/common';
import { getScrypathToken, getSearchToken, type SearchedEntity } from './tokens.js';

/**
 * Injects the `SearchService` of an entity that `forFeature` names, as `@InjectRepository` does its repository.
 * @param name of the DataSource; default `default`
 * @example
 * class MoviesService {
 *   constructor(@InjectSearch(Movie) private readonly movies: SearchService<Movie>) {}
 * }
 */
export const InjectSearch = (entity: SearchedEntity, name?: string): ReturnType<typeof Inject> =>
  Inject(getSearchToken(entity, name));

/**
 * Injects the `Scrypath` of a DataSource, as `@InjectDataSource` does the DataSource.
 * @param name of the DataSource; default `default`
 * @example
 * class MoviesService {
 *   constructor(@InjectScrypath() private readonly scrypath: Scrypath) {}
 * }
 */
export const InjectScrypath = (name?: string): ReturnType<typeof Inject> => Inject(getScrypathToken(name));
