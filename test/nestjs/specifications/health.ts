import type { AddressInfo } from 'node:net';
import { Controller, Get, type INestApplication, Inject, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import type { Backend, Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { getScrypathToken, type HealthOptions, ScrypathHealthIndicator, ScrypathModule } from 'scrypath/nestjs';
import { DataSource } from 'typeorm';
import { aMovie, Movie } from '../../model/movie';
import { boot, closeAll, database } from './application';

const QUEUED = { sync: { mode: 'queued' }, capture: 'orm' } as const;

/** An engine whose answer to the question how much waits in it is the test's. */
function engineThatSays(answer: { backlog: NonNullable<Backend['backlog']> }): Backend {
  return Object.assign(embedded(), { backlog: (options?: object) => answer.backlog(options) });
}

export function specifyHealth(): void {
  describe('the health indicator', () => {
    const answer = { backlog: () => Promise.resolve(0) };
    const options: { now: HealthOptions } = { now: {} };
    let app: INestApplication;
    const health = async () => {
      const { port } = app.getHttpServer().address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      return { status: response.status, body: (await response.json()) as { details: { search: unknown } } };
    };

    beforeAll(async () => {
      @Controller()
      class HealthController {
        constructor(
          @Inject(HealthCheckService) private readonly checks: HealthCheckService,
          @Inject(ScrypathHealthIndicator) private readonly search: ScrypathHealthIndicator,
        ) {}
        @Get('health') @HealthCheck() check() {
          return this.checks.check([() => this.search.isHealthy('search', options.now)]);
        }
      }
      @Module({
        imports: [
          database(),
          ScrypathModule.forRoot({ backend: engineThatSays(answer), ...QUEUED, worker: false }),
          TerminusModule.forRoot({ logger: false }),
        ],
        controllers: [HealthController],
      })
      class AppModule {}
      app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication();
      await app.listen(0, '127.0.0.1');
    });
    afterAll(() => app?.close());
    afterEach(() => {
      answer.backlog = () => Promise.resolve(0);
      options.now = {};
    });

    it('is up where engine and outbox answer, with what they say', async () => {
      answer.backlog = () => Promise.resolve(3);
      expect(await health()).toEqual({
        status: 200,
        body: expect.objectContaining({
          status: 'ok',
          details: { search: { status: 'up', engine: 'embedded', lagMs: null, discarded: 0, engineQueue: 3 } },
        }),
      });
    });

    it('is down, and no figure is 0, where the engine is away', async () => {
      answer.backlog = () => Promise.reject(new Error('connect ECONNREFUSED with a-very-secret-key'));
      const { status, body } = await health();
      expect(status).toBe(503);
      expect(body.details.search).toMatchObject({ status: 'down', engineQueue: null, why: [expect.any(String)] });
      expect(JSON.stringify(body)).not.toContain('secret');
    });

    it('is down where the engine does not answer in time', async () => {
      answer.backlog = () => new Promise(() => undefined);
      options.now = { timeoutMs: 50 };
      const { status, body } = await health();
      expect(status).toBe(503);
      expect(body.details.search).toMatchObject({
        status: 'down',
        lagMs: null,
        why: [expect.stringContaining('50 ms')],
      });
    });

    it('is down where the index is further behind than allowed, and up where that is not asked', async () => {
      await app.get(DataSource).getRepository(Movie).save(aMovie());
      const lag = async () =>
        (await app.get<Scrypath>(getScrypathToken()).status()).entities[0]!.oldestWaitingMs as { value: number };
      while (!((await lag()).value > 1)) await new Promise(setImmediate);
      options.now = { maxLagMs: 1 };
      const { status, body } = await health();
      expect(status).toBe(503);
      expect(body.details.search).toMatchObject({ why: [expect.stringContaining('allowed are 1')] });
      options.now = {};
      expect((await health()).status).toBe(200);
    });
  });

  describe('the health indicator beside other instances', () => {
    afterEach(closeAll);

    it('without an outbox there is no lag; an engine that does not tell what waits is asked for its documents', async () => {
      const silent = Object.defineProperty(embedded(), 'backlog', { value: undefined });
      const app = await boot({ imports: [database(), ScrypathModule.forRoot({ backend: silent })] });
      const indicator = app.get(ScrypathHealthIndicator, { strict: false });
      const up = { status: 'up', engine: 'embedded', lagMs: null, discarded: null, engineQueue: null };
      expect(await indicator.isHealthy('search')).toEqual({ search: up });
      await silent.outcomes([await silent.indexes.drop('movies')], { waitMs: 5_000 });
      expect(await indicator.isHealthy('search')).toMatchObject({ search: { status: 'down' } });
    });

    it('each by its name; a name that nobody has is a mistake', async () => {
      const away = Object.assign(embedded(), { backlog: () => Promise.reject(new Error('away')) });
      const app = await boot({
        imports: [
          database(),
          database('analytics'),
          ScrypathModule.forRoot({ backend: embedded() }),
          ScrypathModule.forRoot({ name: 'analytics', backend: away }),
        ],
      });
      const indicator = app.get(ScrypathHealthIndicator, { strict: false });
      expect(await indicator.isHealthy('search')).toMatchObject({ search: { status: 'up' } });
      expect(await indicator.isHealthy('search', { name: 'analytics' })).toMatchObject({ search: { status: 'down' } });
      await expect(indicator.isHealthy('search', { name: 'nobody' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    });
  });
}
