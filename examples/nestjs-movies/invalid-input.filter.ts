import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { InvalidInput } from '../express-movies/catalogue/film-input.js';

/** What a client sent is not what it may send. */
@Catch(InvalidInput)
export class InvalidInputFilter implements ExceptionFilter<InvalidInput> {
  catch({ message }: InvalidInput, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(400).json({ statusCode: 400, message });
  }
}
