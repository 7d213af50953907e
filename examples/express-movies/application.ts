import express, { type NextFunction, type Request, type Response } from 'express';
import { type ErrorCode, type Scrypath, ScrypathError } from 'scrypath';
import { Director } from './catalogue/director.js';
import { directorInput, filmInput, InvalidInput, idOf, newFilm } from './catalogue/film-input.js';
import { requireDirector } from './catalogue/known-director.js';
import { Movie } from './catalogue/movie.js';
import { searchRequest } from './catalogue/search-request.js';
import { httpStatusOf, lookAt, type Visibility, visibilityOf, waitOf } from './catalogue/visibility.js';

const HEALTH_MS = 3_000;

/** The catalogue over HTTP. Writes are captured, so most of this knows of no index. */
export function applicationOf(scrypath: Scrypath): express.Express {
  const movies = scrypath.dataSource.getRepository(Movie);
  const directors = scrypath.dataSource.getRepository(Director);
  const search = scrypath.for(Movie);
  const application = express().use(express.json());
  const read = (id: number) => movies.findOne({ where: { id }, relations: { director: true } });

  /** Answers a write: 200 where a search shows it, or where it changed no document; else 202, with where to ask. */
  const answer = (response: Response, body: object, sync: Visibility) => {
    if (sync.token !== null) response.location(`/syncs/${sync.token}`);
    response.status(httpStatusOf(sync)).json({ ...body, sync });
  };
  /** Writes, and waits as long as the client prefers. */
  const write = async <T>(request: Request, change: () => Promise<T>): Promise<{ value: T; sync: Visibility }> => {
    const { value, token } = await scrypath.track(change);
    return { value, sync: await visibilityOf(scrypath, token, waitOf(request.get('prefer'))) };
  };

  application.get('/movies', async (request, response) => {
    const { text, options } = searchRequest(request.query);
    const { hits, page, facets } = await search.search(text, options);
    response.json({ hits, page, facets });
  });

  application.post('/movies', async (request, response) => {
    const film = newFilm(request.body);
    await requireDirector(directors, film);
    const { value, sync } = await write(request, () => movies.save(movies.create(film)));
    answer(response, { movie: await read(value.id) }, sync);
  });

  application.get('/movies/:id', async (request, response) => {
    response.json({ movie: await found(request, read) });
  });

  application.patch('/movies/:id', async (request, response) => {
    const movie = await found(request, read);
    const film = filmInput(request.body);
    await requireDirector(directors, film);
    const { sync } = await write(request, () => movies.save({ id: movie.id, ...film }));
    answer(response, { movie: await read(movie.id) }, sync);
  });

  // A film that is taken down must not be found any more: this write waits for the engine, whatever the client prefers.
  application.delete('/movies/:id', async (request, response) => {
    const { id } = await found(request, read);
    const { token } = await scrypath.track(() => movies.delete(id));
    try {
      const { status } = await search.deleteRecord(id, { mode: 'inline' });
      answer(response, {}, { token, status: status === 'completed' ? 'completed' : 'enqueued' });
    } catch (error) {
      // The row is gone, and its document will be: the work is durable.
      if (!ScrypathError.is(error)) throw error;
      answer(response, {}, { token, status: 'enqueued' });
    }
  });

  application.patch('/directors/:id', async (request, response) => {
    const director = await found(request, (id) => directors.findOneBy({ id }));
    const { name } = directorInput(request.body);
    const { sync } = await write(request, () => directors.save({ ...director, name }));
    answer(response, { director: { ...director, name } }, sync);
  });

  application.get('/syncs/:token', async (request, response) => {
    const sync = await lookAt(scrypath, request.params.token).catch((error: unknown) => {
      throw ScrypathError.is(error, 'OPTION_INVALID') ? new InvalidInput('this is no token') : error;
    });
    response.status(httpStatusOf(sync)).json({ sync });
  });

  application.get('/health', async (_request, response) => {
    // An engine that hangs is down too, and who asks does not wait as long as a write would.
    const status = await scrypath.status({ count: false, signal: AbortSignal.timeout(HEALTH_MS) }).catch(() => null);
    if (status === null) return void response.status(503).json({ status: 'down' });
    const { engineQueue, entities } = status;
    const [{ backlog, oldestWaitingMs }] = entities as [(typeof entities)[number]];
    const isUp = engineQueue.observed && backlog.observed;
    response.status(isUp ? 200 : 503).json({ status: isUp ? 'up' : 'down', engineQueue, backlog, oldestWaitingMs });
  });

  application.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    const [status, message] = problemOf(error);
    if (status >= 500) console.error(error);
    if (response.headersSent) next(error);
    else response.status(status).json({ statusCode: status, message });
  });
  return application;
}

class NotFound extends Error {}

/** The record of the id in the path. */
async function found<T>(request: Request, read: (id: number) => Promise<T | null>): Promise<T> {
  const id = idOf(String(request.params.id));
  const record = id === null ? null : await read(id);
  if (record === null) throw new NotFound();
  return record;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  QUERY_INVALID: 400,
  FIELD_NOT_DECLARED: 400,
  BACKEND_UNREACHABLE: 503,
  BACKEND_BUSY: 503,
  BACKEND_TIMEOUT: 504,
};

/** What a client may know of an error: of its own mistakes all, of ours the status. */
function problemOf(error: unknown): [number, string] {
  if (error instanceof NotFound) return [404, 'Not found'];
  if (error instanceof InvalidInput) return [400, error.message];
  if (ScrypathError.is(error)) {
    const status = STATUS[error.code] ?? 500;
    return [status, status < 500 ? error.message : error.code];
  }
  // What body parsers throw says its status itself.
  const { status } = error as { readonly status?: unknown };
  return typeof status === 'number' && status < 500 ? [status, (error as Error).message] : [500, 'Internal error'];
}
