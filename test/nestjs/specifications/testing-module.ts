import { Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import type { Scrypath, SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import {
  getBackendToken,
  getScrypathToken,
  getTestScrypathToken,
  InjectSearch,
  ScrypathModule,
  ScrypathTestingModule,
} from 'scrypath/nestjs';
import type { TestScrypath } from 'scrypath/testing';
import type { Repository } from 'typeorm';
import { aMovie, MOVIE_ENTITIES, Movie } from '../../model/movie';
import { boot, closeAll, database } from './application';

@Injectable()
class MoviesService {
  constructor(
    @InjectSearch(Movie) private readonly search: SearchService<Movie>,
    @Inject(getRepositoryToken(Movie)) private readonly movies: Repository<Movie>,
  ) {}
  add(title: string) {
    return this.movies.save(aMovie({ title }));
  }
  async find(text: string) {
    return (await this.search.search(text)).hits.map(({ title }) => title);
  }
}

const FEATURE = {
  imports: [TypeOrmModule.forFeature([Movie]), ScrypathModule.forFeature([Movie])],
  providers: [MoviesService],
};

export function specifyTesting(): void {
  describe('the testing module', () => {
    afterEach(closeAll);

    it('needs no server: what a service saves it finds, engines can fail, and reset empties the index', async () => {
      const app = await boot({
        ...FEATURE,
        imports: [ScrypathTestingModule.forRoot({ entities: MOVIE_ENTITIES, capture: 'orm' }), ...FEATURE.imports],
      });
      const service = app.get(MoviesService, { strict: false });
      const { drain, faults, reset } = app.get<TestScrypath>(getTestScrypathToken(), { strict: false });
      await service.add('Solaris');
      await drain();
      expect(await service.find('solars')).toEqual(['Solaris']);
      faults.fail('search');
      await expect(service.find('')).rejects.toMatchObject({ code: 'BACKEND_UNREACHABLE' });
      await reset();
      expect(await service.find('')).toEqual([]);
    });

    it('queued, with a worker, and by name', async () => {
      const app = await boot({
        imports: [
          ScrypathTestingModule.forRoot({ entities: MOVIE_ENTITIES }),
          ScrypathTestingModule.forRoot({
            name: 'archive',
            entities: MOVIE_ENTITIES,
            sync: { mode: 'queued' },
            capture: 'orm',
          }),
        ],
      });
      const { scrypath } = app.get<TestScrypath>(getTestScrypathToken('archive'), { strict: false });
      expect(app.get(getScrypathToken('archive'), { strict: false })).toBe(scrypath);
      const { token } = await scrypath.track(() => scrypath.dataSource.getRepository(Movie).save(aMovie()));
      await scrypath.waitForCompletion(token!);
      expect((await scrypath.for(Movie).search('')).hits).toHaveLength(1);
      expect((await scrypath.status()).workers).toMatchObject({ observed: true, value: [{ alive: true }] });
    });

    it('the engine of an application can be put aside for one in the process', async () => {
      const away = meilisearch({ host: 'http://127.0.0.1:9' });
      @Module({ imports: [database(), ScrypathModule.forRoot({ backend: away, capture: 'orm' })] })
      class AppModule {}
      const app = await Test.createTestingModule({ imports: [AppModule] })
        .overrideProvider(getBackendToken())
        .useValue(embedded())
        .compile();
      const scrypath = app.get<Scrypath>(getScrypathToken(), { strict: false });
      await scrypath.dataSource.getRepository(Movie).save(aMovie({ title: 'Mirror' }));
      await scrypath.drain();
      expect((await scrypath.for(Movie).search('')).hits.map(({ title }) => title)).toEqual(['Mirror']);
      await app.close();
    });
  });
}
