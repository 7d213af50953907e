import { Body, Controller, Delete, Get, Headers, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { filmInput, idOf, newFilm } from '../../express-movies/catalogue/film-input.js';
import type { SearchParameters } from '../../express-movies/catalogue/search-request.js';
import { waitOf } from '../../express-movies/catalogue/visibility.js';
import { answer } from './answer.js';
import { MoviesService } from './movies.service.js';

@Controller('movies')
export class MoviesController {
  constructor(private readonly movies: MoviesService) {}

  @Get()
  search(@Query() parameters: SearchParameters) {
    return this.movies.search(parameters);
  }

  @Get(':id')
  async read(@Param('id') id: string) {
    return { movie: await this.movies.read(idOf(id)) };
  }

  @Post()
  async create(
    @Body() body: unknown,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    return answer(response, await this.movies.create(newFilm(body), waitOf(prefer)));
  }

  @Patch(':id')
  async change(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    return answer(response, await this.movies.change(idOf(id), filmInput(body), waitOf(prefer)));
  }

  @Delete(':id')
  async remove(@Param('id') id: string, @Res({ passthrough: true }) response: Response) {
    return answer(response, await this.movies.remove(idOf(id)));
  }
}
