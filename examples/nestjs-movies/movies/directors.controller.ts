import { Body, Controller, Headers, Param, Patch, Res } from '@nestjs/common';
import type { Response } from 'express';
import { directorInput, idOf } from '../../express-movies/catalogue/film-input.js';
import { waitOf } from '../../express-movies/catalogue/visibility.js';
import { answer } from './answer.js';
import { MoviesService } from './movies.service.js';

@Controller('directors')
export class DirectorsController {
  constructor(private readonly movies: MoviesService) {}

  @Patch(':id')
  async rename(
    @Param('id') id: string,
    @Body() body: unknown,
    @Headers('prefer') prefer: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { name } = directorInput(body);
    return answer(response, await this.movies.renameDirector(idOf(id), name, waitOf(prefer)));
  }
}
