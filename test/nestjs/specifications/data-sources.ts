import { getDataSourceToken } from '@nestjs/typeorm';
import type { Scrypath, SearchService, Worker } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { getScrypathToken, getSearchToken, ScrypathModule } from 'scrypath/nestjs';
import { withFaults } from 'scrypath/testing';
import type { DataSource } from 'typeorm';
import { aMovie, Movie } from '../../model/movie';
import { boot, closeAll, database, refusal } from './application';

const QUEUED = { sync: { mode: 'queued' }, capture: 'orm' } as const;

export function specifyDataSources(): void {
  describe('two DataSources', () => {
    afterEach(closeAll);

    it('by name: each has its instance, its service and its worker', async () => {
      const app = await boot({
        imports: [
          database(),
          database('analytics'),
          ScrypathModule.forRoot({ backend: embedded(), ...QUEUED }),
          ScrypathModule.forRootAsync({ name: 'analytics', useFactory: () => ({ backend: embedded(), ...QUEUED }) }),
          ScrypathModule.forFeature([Movie]),
          ScrypathModule.forFeature([Movie], 'analytics'),
        ],
      });
      const titles = async (name?: string) => {
        const movies = app.get<SearchService<Movie>>(getSearchToken(Movie, name), { strict: false });
        return (await movies.search('')).hits.map(({ title }) => title);
      };
      for (const name of ['default', 'analytics']) {
        const scrypath = app.get<Scrypath>(getScrypathToken(name));
        const dataSource = app.get<DataSource>(getDataSourceToken(name));
        expect(scrypath.dataSource).toBe(dataSource);
        const { token } = await scrypath.track(() => dataSource.getRepository(Movie).save(aMovie({ title: name })));
        await scrypath.waitForCompletion(token!);
      }
      expect(await titles()).toEqual(['default']);
      expect(await titles('analytics')).toEqual(['analytics']);
    });

    it('that share an engine need a prefix: told by its address', async () => {
      const engine = () => withFaults(Object.assign(embedded(), { address: 'http://search:7700/' })).backend;
      const error = await refusal({
        imports: [
          database(),
          database('analytics'),
          ScrypathModule.forRoot({ backend: engine() }),
          ScrypathModule.forRoot({ name: 'analytics', backend: engine() }),
        ],
      });
      expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('share an engine') });
      const [one, two, other] = ['http://127.0.0.1:9', 'HTTP://127.0.0.1:9/', 'http://127.0.0.1:10'].map(
        (host) => meilisearch({ host }).address,
      );
      expect(one).toBe(two);
      expect(one).not.toBe(other);
    });

    it('that share an engine, with a prefix', async () => {
      const backend = embedded();
      const app = await boot({
        imports: [
          database(),
          database('analytics'),
          ScrypathModule.forRoot({ backend }),
          ScrypathModule.forRoot({ name: 'analytics', backend, prefix: 'analytics' }),
        ],
      });
      const names = ['default', 'analytics'].map(
        (name) => app.get<Scrypath>(getScrypathToken(name)).for(Movie).indexName,
      );
      expect(names).toEqual(['movies', 'analytics_movies']);
    });

    it('of one name are refused', async () => {
      const error = await refusal({
        imports: [
          database(),
          ScrypathModule.forRoot({ backend: embedded() }),
          ScrypathModule.forRoot({ backend: embedded() }),
        ],
      });
      expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('two instances') });
    });

    it('are closed after their instances, whichever was imported first, and the workers are drained at one time', async () => {
      const order: string[] = [];
      const app = await boot({
        imports: [
          ScrypathModule.forRoot({ backend: embedded(), ...QUEUED }),
          database(),
          database('analytics'),
          ScrypathModule.forRoot({ name: 'analytics', backend: embedded(), ...QUEUED }),
        ],
      });
      const names = ['default', 'analytics'];
      const scrypaths = names.map((name) => app.get<Scrypath>(getScrypathToken(name)));
      const workers = Object.getPrototypeOf(scrypaths[0]!.worker()) as Worker;
      const stop = workers.stop;
      const spy = jest.spyOn(workers, 'stop').mockImplementation(async function (this: Worker, options) {
        if (this.isRunning) order.push('drain');
        await stop.call(this, options);
        order.push('drained');
      });
      for (const [at, scrypath] of scrypaths.entries()) {
        const dataSource = app.get<DataSource>(getDataSourceToken(names[at]));
        const close = scrypath.close.bind(scrypath);
        const destroy = dataSource.destroy.bind(dataSource);
        scrypath.close = async () => {
          await close();
          order.push('closed');
        };
        dataSource.destroy = async () => {
          order.push('destroy');
          await destroy();
        };
      }
      await closeAll();
      spy.mockRestore();
      expect(order).toEqual(['drain', 'drain', 'drained', 'drained', 'closed', 'closed', 'destroy', 'destroy']);
    });
  });
}
