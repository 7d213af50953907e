import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply = (response: ServerResponse, request: ReceivedRequest, socket: Socket) => void;

export interface StubEngine {
  readonly url: string;
  /** What arrived, in order. */
  readonly requests: ReceivedRequest[];
  /** Connections that are open now. */
  connections(): number;
  /** Answers the next requests, one reply each; the last one answers all that follow. */
  replies(...replies: Reply[]): void;
  stop(): Promise<void>;
}

/** An HTTP server that does what a real engine does not do on demand: hang, break off, answer nonsense. */
export async function stubEngine(): Promise<StubEngine> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let replies: Reply[] = [json(200, {})];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => {});
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(response, request, incoming.socket);
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => sockets.size,
    replies: (...given) => {
      replies = given;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

export const text =
  (status: number, body: string, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
  };

export const engineError = (status: number, code: string, message: string): Reply =>
  json(status, { message, code, type: 'invalid_request', link: 'https://docs.example/errors' });

export const accepted = (taskUid: number): Reply =>
  json(202, { taskUid, indexUid: 'movies', status: 'enqueued', type: 'documentAdditionOrUpdate', enqueuedAt: '' });

/** Never answers. */
export const hang: Reply = () => {};

/** Sends a status and the first bytes of a body, and no more. */
export const stall: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"hits":');
};

/** Breaks the connection in place of an answer. */
export const reset: Reply = (_response, _request, socket) => socket.resetAndDestroy();

/** Breaks the connection in the middle of the body. */
export const tear: Reply = (response, _request, socket) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"hits":', () => socket.destroy());
};
