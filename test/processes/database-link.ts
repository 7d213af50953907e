import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import type { OwnDatabase } from './database';

/** Stands between some clients and a database: says which connections are theirs, and how much they ask. */
export class DatabaseLink {
  /**
   * Packets that clients have sent. A client sends one for each statement at least, so that this is never less than the
   * number of statements.
   */
  packets = 0;
  /** Given the text of each. */
  watch: (text: string) => void = () => undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#connect(socket));
  readonly #target: { readonly host: string; readonly port: number };

  private constructor(private readonly database: OwnDatabase) {
    const { hostname, port } = new URL(database.url);
    this.#target = { host: hostname, port: Number(port || (database.server === 'postgres' ? 5432 : 3306)) };
  }

  static async to(database: OwnDatabase): Promise<DatabaseLink> {
    const link = new DatabaseLink(database);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get url(): string {
    const url = new URL(this.database.url);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /**
   * Has the server end one of the connections: one that is in a transaction, or any.
   * @returns whether there was one
   */
  async cut(which: 'inTransaction' | 'any', random: () => number): Promise<boolean> {
    const found = (await this.#connections()).filter(
      ({ port, busy }) => this.#ports.has(port) && (which === 'any' || busy),
    );
    const victim = found[Math.floor(random() * found.length)];
    if (victim === undefined) return false;
    await this.database.query(
      this.database.server === 'postgres' ? `SELECT pg_terminate_backend(${victim.id})` : `KILL ${victim.id}`,
    );
    return true;
  }

  readonly #ports = new Set<number>();

  async #connections(): Promise<readonly { id: number; port: number; busy: boolean }[]> {
    const { server, query } = this.database;
    const rows = await query<{ id: unknown; port: unknown; busy: unknown }>(
      server === 'postgres'
        ? `SELECT pid AS id, client_port AS port, xact_start IS NOT NULL AS busy
           FROM pg_stat_activity WHERE datname = current_database()`
        : `SELECT p.id, substring_index(p.host, ':', -1) AS port, t.trx_id IS NOT NULL AS busy
           FROM information_schema.processlist p
           LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id WHERE p.db = database()`,
    );
    return rows.map(({ id, port, busy }) => ({ id: Number(id), port: Number(port), busy: Boolean(Number(busy)) }));
  }

  #connect(socket: Socket): void {
    const onward = createConnection(this.#target);
    onward.once('connect', () => this.#ports.add(onward.localPort!));
    socket.on('data', (packet: Buffer) => {
      this.packets += 1;
      this.watch(packet.toString('latin1'));
    });
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
