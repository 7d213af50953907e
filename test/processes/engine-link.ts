import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a network does to one request. */
export type Mishap =
  | { readonly kind: 'none' }
  /** It is on its way for so long, and arrives even where nobody waits for the answer any more. */
  | { readonly kind: 'late'; readonly ms: number }
  /** The engine does the work, and the answer never comes. */
  | { readonly kind: 'unanswered' }
  /** The connection ends before the engine has seen anything. */
  | { readonly kind: 'resetBefore' }
  /** The connection ends when the engine has done the work. */
  | { readonly kind: 'resetAfter' };

/** The network between clients and an engine. */
export class EngineLink {
  /** Method and path of each request that a client has sent. */
  readonly requests: string[] = [];
  /** Decides what happens to a request. */
  mishap: (method: string, path: string) => Mishap = () => ({ kind: 'none' });
  /** Requests that were struck. */
  mishaps = 0;
  #underWay = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, response) => void this.#handle(incoming, response));

  private constructor(private readonly target: string) {}

  static async to(target: string): Promise<EngineLink> {
    const link = new EngineLink(target);
    await new Promise<void>((resolve) => link.#server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whether requests are still on their way to the engine. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** Requests that write documents. */
  get writes(): number {
    return this.requests.filter((line) => /^(POST|PUT) \/indexes\/[^/]+\/documents(\?|$|\/delete)/.test(line)).length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    this.requests.push(`${method} ${url}`);
    const mishap = this.mishap(method, url);
    if (mishap.kind !== 'none') this.mishaps += 1;
    this.#underWay += 1;
    try {
      const body = await bodyOf(incoming);
      if (mishap.kind === 'resetBefore') {
        response.destroy();
        return;
      }
      if (mishap.kind === 'late') await new Promise((resolve) => setTimeout(resolve, mishap.ms));
      const answer = await this.#forward(method, url, headers, body);
      if (mishap.kind === 'resetAfter') response.destroy();
      else if (mishap.kind !== 'unanswered' && !response.destroyed) {
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      }
    } catch {
      response.destroy();
    } finally {
      this.#underWay -= 1;
    }
  }

  #forward(method: string, path: string, headers: IncomingHttpHeaders, body: Buffer) {
    return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
      const kept = { ...headers, 'content-length': String(body.length), connection: 'keep-alive' };
      delete (kept as IncomingHttpHeaders)['transfer-encoding'];
      const onward = request(new URL(path, this.target), { method, headers: kept, agent: this.#agent }, (answer) => {
        bodyOf(answer).then((said) => {
          const { 'transfer-encoding': _, connection: __, ...rest } = answer.headers;
          resolve({
            status: answer.statusCode ?? 502,
            headers: { ...rest, 'content-length': String(said.length) },
            body: said,
          });
        }, reject);
      });
      onward.on('error', reject);
      onward.end(body);
    });
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
