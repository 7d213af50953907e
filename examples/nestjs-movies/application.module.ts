import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import { embedded } from 'scrypath/embedded';
import { meilisearch } from 'scrypath/meilisearch';
import { ScrypathExceptionFilter, ScrypathModule } from 'scrypath/nestjs';
import { dataSourceOptions } from '../../ormconfig.js';
import { Director } from '../express-movies/catalogue/director.js';
import { Movie } from '../express-movies/catalogue/movie.js';
import { HealthController } from './health.controller.js';
import { InvalidInputFilter } from './invalid-input.filter.js';
import { MoviesModule } from './movies/movies.module.js';
import { SyncsController } from './syncs.controller.js';

/** Without the variables, database and engine are in the memory of the process. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () =>
        dataSourceOptions(process.env.DATABASE_URL, {
          entities: [Movie, Director],
          entityPrefix: 'scrypath_api_',
          synchronize: true,
        }),
    }),
    ScrypathModule.forRootAsync({
      useFactory: () => {
        const { SCRYPATH_MEILISEARCH_URL: host, SCRYPATH_MEILISEARCH_KEY: apiKey } = process.env;
        const backend = host ? meilisearch({ host, apiKey: apiKey || undefined }) : embedded();
        return { backend, sync: { mode: 'queued' }, capture: 'orm', prefix: 'scrypath_api' };
      },
    }),
    TerminusModule.forRoot({ logger: false }),
    MoviesModule,
  ],
  controllers: [SyncsController, HealthController],
  providers: [
    { provide: APP_FILTER, useClass: InvalidInputFilter },
    { provide: APP_FILTER, useClass: ScrypathExceptionFilter },
  ],
})
export class ApplicationModule {}
