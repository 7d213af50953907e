import { Module, type OnApplicationBootstrap } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Scrypath } from 'scrypath';
import { InjectScrypath, ScrypathModule } from 'scrypath/nestjs';
import { Director } from '../../express-movies/catalogue/director.js';
import { fillCatalogue } from '../../express-movies/catalogue/fill.js';
import { Movie } from '../../express-movies/catalogue/movie.js';
import { DirectorsController } from './directors.controller.js';
import { MoviesController } from './movies.controller.js';
import { MoviesService } from './movies.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Movie, Director]), ScrypathModule.forFeature([Movie])],
  controllers: [MoviesController, DirectorsController],
  providers: [MoviesService],
})
export class MoviesModule implements OnApplicationBootstrap {
  constructor(@InjectScrypath() private readonly scrypath: Scrypath) {}

  async onApplicationBootstrap(): Promise<void> {
    await fillCatalogue(this.scrypath);
  }
}
