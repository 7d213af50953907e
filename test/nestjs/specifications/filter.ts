import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Controller, Get, type INestApplication, Inject, Module, NotFoundException } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { lastValueFrom, type Observable } from 'rxjs';
import { ERROR_CODES, ScrypathError, type SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { HTTP_STATUS, InjectSearch, ScrypathExceptionFilter, ScrypathModule } from 'scrypath/nestjs';
import { withFaults } from 'scrypath/testing';
import { Movie } from '../../model/movie';
import { database } from './application';

/** The table of docs/nestjs.md, so that no status changes unseen. */
const documented = Object.fromEntries(
  [
    ...readFileSync(join(__dirname, '../../../docs/nestjs.md'), 'utf8').matchAll(/^\| (\d{3}) +\| (.+?) *\|$/gm),
  ].flatMap(([, status, codes]) => [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, Number(status)])),
);

const { backend, faults } = withFaults(embedded());

@Controller()
class MoviesController {
  constructor(
    @InjectSearch(Movie) private readonly movies: SearchService<Movie>,
    @Inject('ERROR') private readonly failure: { error: Error },
  ) {}

  @Get('search') search() {
    return this.movies.search('', { filter: { colour: undefined as unknown as boolean } });
  }
  @Get('down') down() {
    faults.fail('search');
    return this.movies.search('');
  }
  @Get('error') fail() {
    throw this.failure.error;
  }
}

export function specifyFilter(): void {
  describe('the exception filter', () => {
    const failure = { error: new Error() };
    const logged: unknown[] = [];
    let app: INestApplication;
    const get = async (path: string) => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/${path}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };

    beforeAll(async () => {
      @Module({
        imports: [database(), ScrypathModule.forRoot({ backend }), ScrypathModule.forFeature([Movie])],
        controllers: [MoviesController],
        providers: [
          { provide: 'ERROR', useValue: failure },
          { provide: APP_FILTER, useClass: ScrypathExceptionFilter },
        ],
      })
      class AppModule {}
      app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication();
      app.useLogger({ log: () => {}, warn: () => {}, error: (...words: unknown[]) => logged.push(words) });
      await app.listen(0, '127.0.0.1');
    });
    afterAll(() => app?.close());
    beforeEach(() => {
      logged.length = 0;
    });

    it('has the documented status for every code', () => {
      expect(documented).toEqual(HTTP_STATUS);
      expect(Object.keys(HTTP_STATUS).sort()).toEqual([...ERROR_CODES].sort());
    });

    it.each(ERROR_CODES.map((code) => [code, HTTP_STATUS[code]] as const))(
      '%s is answered with %i',
      async (code, status) => {
        failure.error = new ScrypathError({
          code,
          happened: 'The engine at http://search.internal:7700 refused.',
          remedy: 'Ask again.',
          cause: new Error('a-very-secret-key'),
        });
        const answer = await get('error');
        const message =
          status < 500 ? (failure.error as ScrypathError).message : expect.not.stringContaining('internal');
        expect(answer).toEqual({ status, body: { statusCode: status, code, message } });
        expect(JSON.stringify(answer)).not.toContain('secret');
        expect(logged.length > 0).toBe(status >= 500);
      },
    );

    it('a query that is wrong is the mistake of who asks, and says what', async () => {
      const { status, body } = await get('search');
      expect([status, body.code]).toEqual([400, 'QUERY_INVALID']);
      expect(body.message).toContain('colour');
    });

    it('an engine that is away is 503, and the log says why', async () => {
      expect(await get('down')).toEqual({
        status: 503,
        body: { statusCode: 503, code: 'BACKEND_UNREACHABLE', message: 'Service Unavailable' },
      });
      expect(JSON.stringify(logged)).toContain('BACKEND_UNREACHABLE');
    });

    it('leaves other errors to others', async () => {
      failure.error = new NotFoundException('no such movie');
      expect(await get('error')).toMatchObject({ status: 404, body: { message: 'no such movie' } });
    });

    describe('outside HTTP', () => {
      type Host = Parameters<ScrypathExceptionFilter['catch']>[1];
      const failure = { status: 'error', code: 'CLOSED', message: 'Service Unavailable' };
      const caught = (type: string, client?: object) => {
        const error = new ScrypathError({ code: 'CLOSED', happened: 'http://search.internal:7700 is closed.' });
        const host = { getType: () => type, switchToWs: () => ({ getClient: () => client }) } as unknown as Host;
        return new ScrypathExceptionFilter(app.get(HttpAdapterHost)).catch(error, host);
      };

      it('who sent a message to a microservice gets code and status, and does not wait in vain', async () => {
        await expect(lastValueFrom(caught('rpc') as Observable<never>)).rejects.toEqual(failure);
        expect(JSON.stringify(logged)).toContain('search.internal');
      });

      it('so does a client of Socket.IO, and a plain WebSocket', () => {
        const emit = jest.fn();
        caught('ws', { emit });
        expect(emit).toHaveBeenCalledWith('exception', failure);
        const send = jest.fn();
        caught('ws', { readyState: 1, send, emit });
        expect(emit).toHaveBeenCalledTimes(1);
        expect(JSON.parse(send.mock.calls[0][0])).toEqual({ event: 'exception', data: failure });
      });

      it('what is of GraphQL is left alone', () => {
        expect(() => caught('graphql')).toThrow(ScrypathError);
      });
    });
  });
}
