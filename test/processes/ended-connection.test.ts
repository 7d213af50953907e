import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server } from 'node:net';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { ownConnections } from '../../src/worker/connections';
import { reachable } from '../stacks/reachable';

const postgres = reachable().databases.postgres;

/** "Ready for query", as PostgreSQL says it when a connection is there. */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** An error as PostgreSQL says it when an operator ends a connection. */
function terminated(): Buffer {
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
    'latin1',
  );
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

(postgres.there ? describe : describe.skip)('a connection that ends in the moment in which it is ready', () => {
  let proxy: Server;
  let application: DataSource;
  let endsAtOnce = false;

  beforeAll(async () => {
    const { hostname, port } = new URL((postgres as { at: { url: string } }).at.url);
    proxy = createServer((socket) => {
      const onward = createConnection({ host: hostname, port: Number(port || 5432) });
      const doomed = endsAtOnce;
      socket.pipe(onward);
      onward.on('data', (said: Buffer) => {
        if (!doomed || !said.subarray(-READY.length).equals(READY)) socket.write(said);
        // In one piece, as the network may deliver it.
        else socket.end(Buffer.concat([said, terminated()]));
      });
      for (const one of [socket, onward]) one.on('error', () => undefined);
      socket.once('close', () => onward.destroy());
      onward.once('close', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const url = new URL((postgres as { at: { url: string } }).at.url);
    url.port = String((proxy.address() as AddressInfo).port);
    application = await new DataSource(dataSourceOptions(url.href, { entities: [] })).initialize();
  });
  afterAll(async () => {
    await application?.destroy();
    proxy?.close();
  });

  it('fails the statement, and not the process', async () => {
    const own = await ownConnections(application, 16);
    const runners = [own.createQueryRunner(), own.createQueryRunner()];
    await runners[0]!.query('SELECT 1');
    endsAtOnce = true;
    await expect(runners[1]!.query('SELECT 1')).rejects.toThrow();
    endsAtOnce = false;
    expect(await runners[0]!.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    for (const runner of runners) await runner.release();
    await own.destroy();
  });
});
