import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server, so that its connections can be cut without touching it. */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private server: Server,
    private readonly port: number,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (socket) => this.#connect(socket));
  }

  static async before(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, (server.address() as AddressInfo).port, target);
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  /** Cuts what is connected and refuses what comes, until what it returns is called. */
  async cut(): Promise<() => Promise<void>> {
    await this.close();
    return async () => {
      this.server = createServer((socket) => this.#connect(socket));
      this.server.listen(this.port, '127.0.0.1');
      await once(this.server, 'listening');
    };
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connect(socket: Socket): void {
    const onward = createConnection(this.target);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
