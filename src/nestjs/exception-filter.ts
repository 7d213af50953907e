import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ScrypathError } from '../index.js';
import { HTTP_STATUS } from './http-status.js';

/** What the filter answers. */
export interface ErrorBody {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
}

/**
 * Answers a request that ended with a `ScrypathError`: the status of its code, and `{ statusCode, code, message }`. The message
 * is the error's own where the client can act on it (400, 409); else it is the name of the status, and the error is logged,
 * because it may name hosts. Other errors, and those outside HTTP, are left to others.
 * @example
 * const provider = { provide: APP_FILTER, useClass: ScrypathExceptionFilter };
 */
@Injectable()
@Catch(ScrypathError)
export class ScrypathExceptionFilter implements ExceptionFilter<ScrypathError> {
  readonly #logger = new Logger('Scrypath');
  readonly #adapterHost: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) adapterHost: HttpAdapterHost) {
    this.#adapterHost = adapterHost;
  }

  catch(error: ScrypathError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const body = bodyOf(error);
    if (body.statusCode >= 500) this.#logger.error(`${error.code}: ${error.message}`, error.stack);
    const { httpAdapter } = this.#adapterHost;
    const response: unknown = host.getArgByIndex(1);
    // A stream had begun to answer: there is no status to give any more.
    if (httpAdapter.isHeadersSent(response)) httpAdapter.end(response);
    else httpAdapter.reply(response, body, body.statusCode);
  }
}

export function bodyOf({ code, message }: ScrypathError): ErrorBody {
  // An error of another version of the package may have a code that this one does not know.
  const statusCode = HTTP_STATUS[code] ?? 500;
  return { statusCode, code, message: statusCode < 500 ? message : STATUS_CODES[statusCode]! };
}
