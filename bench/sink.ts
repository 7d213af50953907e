import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An HTTP server in a process of its own that reads what it is sent, says that it has taken it, and that all is done: what
 * is measured with it costs no engine.
 */
export async function startSink(): Promise<{ readonly url: string; close(): void }> {
  const child = fork(__filename, [AS_PROGRAM]);
  const port = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', () => reject(new Error('The sink has ended.')));
  });
  return { url: `http://127.0.0.1:${String(port)}`, close: () => child.kill() };
}

const AS_PROGRAM = '--sink';
const NOW = new Date(0).toISOString();

function serve(): void {
  let last = 0;
  const batches = new Map<number, string | null>();
  const task = (uid: number) => ({
    ...{ uid, indexUid: 'sink', status: 'succeeded', type: 'documentAdditionOrUpdate', error: null },
    ...{ customMetadata: batches.get(uid) ?? null, enqueuedAt: NOW, startedAt: NOW, finishedAt: NOW },
  });
  const answerTo = (url: URL, method: string | undefined): object => {
    if (method !== 'POST') {
      const ids = (url.searchParams.get('uids') ?? '').split(',').map(Number);
      return { results: ids.map(task), total: 0 };
    }
    batches.set(++last, url.searchParams.get('customMetadata'));
    return { ...task(last), taskUid: last, status: 'enqueued' };
  };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const answer = answerTo(new URL(request.url!, 'http://sink'), request.method);
      response.writeHead(request.method === 'POST' ? 202 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit());
}

if (process.argv.includes(AS_PROGRAM)) serve();
