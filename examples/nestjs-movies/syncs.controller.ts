import { BadRequestException, Controller, Get, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Scrypath, ScrypathError } from 'scrypath';
import { InjectScrypath } from 'scrypath/nestjs';
import { httpStatusOf, lookAt } from '../express-movies/catalogue/visibility.js';

/** How far a write has got. */
@Controller('syncs')
export class SyncsController {
  constructor(@InjectScrypath() private readonly scrypath: Scrypath) {}

  @Get(':token')
  async look(@Param('token') token: string, @Res({ passthrough: true }) response: Response) {
    const sync = await lookAt(this.scrypath, token).catch((error: unknown) => {
      throw ScrypathError.is(error, 'OPTION_INVALID') ? new BadRequestException('this is no token') : error;
    });
    response.status(httpStatusOf(sync));
    return { sync };
  }
}
