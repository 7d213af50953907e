import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Observable, throwError } from 'rxjs';
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
 * because it may name hosts. Who called by a message of a microservice or of a WebSocket gets `{ status: 'error', code, message }`,
 * as NestJS answers there. Other errors, and those of GraphQL, are left to others.
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

  // biome-ignore lint/suspicious/noConfusingVoidType: NestJS wants a stream of the answer for a message, and nothing else
  catch(error: ScrypathError, host: ArgumentsHost): Observable<never> | void {
    const type: string = host.getType();
    if (!ANSWERED.includes(type)) throw error;
    const body = bodyOf(error);
    if (body.statusCode >= 500) this.#logger.error(`${error.code}: ${error.message}`, error.stack);
    // Thrown here, the error would leave a caller without any answer, and end the process under NestJS 11.
    const failure = { status: 'error', code: body.code, message: body.message };
    if (type === 'rpc') return throwError(() => failure);
    if (type === 'ws') return emit(host.switchToWs().getClient(), failure);
    const { httpAdapter } = this.#adapterHost;
    const response: unknown = host.getArgByIndex(1);
    // A stream had begun to answer: there is no status to give any more.
    if (httpAdapter.isHeadersSent(response)) httpAdapter.end(response);
    else httpAdapter.reply(response, body, body.statusCode);
  }
}

const ANSWERED = ['http', 'rpc', 'ws'];

interface SocketClient {
  readonly readyState?: unknown;
  send?(text: string): void;
  emit?(event: string, data: object): void;
}

/** As NestJS does itself: a client of Socket.IO is emitted to, a plain WebSocket, whose `emit` is its own, is sent a text. */
function emit(client: SocketClient, data: object): void {
  if (typeof client.readyState === 'number') client.send?.(JSON.stringify({ event: 'exception', data }));
  else client.emit?.('exception', data);
}

export function bodyOf({ code, message }: ScrypathError): ErrorBody {
  // An error of another version of the package may have a code that this one does not know.
  const statusCode = HTTP_STATUS[code] ?? 500;
  return { statusCode, code, message: statusCode < 500 ? message : STATUS_CODES[statusCode]! };
}
