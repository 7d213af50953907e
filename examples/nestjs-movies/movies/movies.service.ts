import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Scrypath, ScrypathError, SearchService } from 'scrypath';
import { InjectScrypath, InjectSearch } from 'scrypath/nestjs';
import { Repository } from 'typeorm';
import { Director } from '../../express-movies/catalogue/director.js';
import type { FilmInput } from '../../express-movies/catalogue/film-input.js';
import { requireDirector } from '../../express-movies/catalogue/known-director.js';
import { Movie } from '../../express-movies/catalogue/movie.js';
import { type SearchParameters, searchRequest } from '../../express-movies/catalogue/search-request.js';
import { type Visibility, visibilityOf } from '../../express-movies/catalogue/visibility.js';

/**
 * Owns every write, and so it says how each reaches the index: what is captured is queued, and its caller may wait; a film that is
 * taken down is waited for, whatever the caller prefers.
 */
@Injectable()
export class MoviesService {
  constructor(
    @InjectRepository(Movie) private readonly movies: Repository<Movie>,
    @InjectRepository(Director) private readonly directors: Repository<Director>,
    @InjectSearch(Movie) private readonly index: SearchService<Movie>,
    @InjectScrypath() private readonly scrypath: Scrypath,
  ) {}

  async search(parameters: SearchParameters) {
    const { text, options } = searchRequest(parameters);
    const { hits, page, facets } = await this.index.search(text, options);
    return { hits, page, facets };
  }

  async read(id: number | null): Promise<Movie> {
    const movie = id === null ? null : await this.movies.findOne({ where: { id }, relations: { director: true } });
    if (movie === null) throw new NotFoundException('no such movie');
    return movie;
  }

  async create(film: FilmInput, waitMs: number) {
    await requireDirector(this.directors, film);
    const { value, sync } = await this.#write(() => this.movies.save(this.movies.create(film)), waitMs);
    return { movie: await this.read(value.id), sync };
  }

  async change(id: number | null, film: FilmInput, waitMs: number) {
    const movie = await this.read(id);
    await requireDirector(this.directors, film);
    const { sync } = await this.#write(() => this.movies.save({ id: movie.id, ...film }), waitMs);
    return { movie: await this.read(movie.id), sync };
  }

  /** The documents of all films of the director follow. */
  async renameDirector(id: number | null, name: string, waitMs: number) {
    const director = id === null ? null : await this.directors.findOneBy({ id });
    if (director === null) throw new NotFoundException('no such director');
    const { value, sync } = await this.#write(() => this.directors.save({ ...director, name }), waitMs);
    return { director: value, sync };
  }

  async remove(id: number | null): Promise<{ readonly sync: Visibility }> {
    const movie = await this.read(id);
    const { token } = await this.scrypath.track(() => this.movies.delete(movie.id));
    try {
      const { status } = await this.index.deleteRecord(movie.id, { mode: 'inline' });
      return { sync: { token, status: status === 'completed' ? 'completed' : 'enqueued' } };
    } catch (error) {
      // The row is gone, and its document will be: the work is durable.
      if (!ScrypathError.is(error)) throw error;
      return { sync: { token, status: 'enqueued' } };
    }
  }

  async #write<T>(change: () => Promise<T>, waitMs: number): Promise<{ value: T; sync: Visibility }> {
    const { value, token } = await this.scrypath.track(change);
    return { value, sync: await visibilityOf(this.scrypath, token, waitMs) };
  }
}
