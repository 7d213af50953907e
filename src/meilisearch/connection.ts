import type { Config, ExtraRequestInit, Meilisearch } from 'meilisearch';
import { span } from '../telemetry/span.js';
import { closed, closedUnderWay, networkFailure, type RequestFacts, readAnswer, timedOut } from './engine-failure.js';
import type { ResolvedMeilisearchOptions } from './meilisearch-options.js';
import { loadOfficialClient } from './official-client.js';
import { type Answer, Cancellation, fetchTransport, nodeTransport, type Transport } from './transport.js';

/** One request to the engine. `path` is relative to the host and holds checked names and numbers only. */
export interface EngineRequest extends RequestFacts {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Sent as JSON; a string or bytes go as they are, as `contentType`. */
  readonly body?: object | string | Uint8Array;
  readonly contentType?: string;
  /** The answer is wanted as the text that it is. */
  readonly asText?: boolean;
  /** Reads may go out a second time on a fresh connection. A write may not: its first copy could still arrive late. */
  readonly repeatable?: boolean;
}

/** Facts of a `scrypath:meilisearch:request` span. Bytes are those of the bodies. */
export interface RequestSpan {
  readonly method: string;
  readonly route: string;
  readonly index: string | null;
  /** Host name and port of the server. */
  readonly address: string;
  readonly port: number;
  status: number | null;
  requestBytes: number;
  responseBytes: number;
}

/** The facts of one request, on their way through the official client to the transport. */
interface Exchange {
  readonly facts: RequestSpan;
  readonly cancellation: Cancellation;
  readonly repeatable: boolean;
  /** The body, where it is bytes: the client would write them as JSON. */
  readonly bytes: Uint8Array | undefined;
}

const EXCHANGE = Symbol('exchange');

/** Sends requests through the official client and makes an answer of the engine out of each, or one of our errors. */
export class Connection {
  readonly #options: ResolvedMeilisearchOptions;
  readonly #transport: Transport;
  readonly #client: Meilisearch;
  readonly #pending = new Map<Cancellation, EngineRequest>();
  readonly #secrets: readonly string[];
  readonly #server: Pick<RequestSpan, 'address' | 'port'>;
  #closed = false;

  constructor(options: ResolvedMeilisearchOptions) {
    this.#options = options;
    const { headers, ...others } = options.requestInit;
    this.#transport =
      options.compression || Object.keys(others).length > 0 ? fetchTransport(others) : nodeTransport(options.host);
    this.#secrets = secretsOf(options);
    this.#server = serverOf(options.host);
    this.#client = this.#officialClient({
      // The types deprecate this hook; the client offers no other, and its own `fetch` costs a quarter of a search.
      httpClient: (url, init) => this.#exchange(url as URL, init as RequestInit & { [EXCHANGE]: Exchange }),
    });
  }

  /** An official client with the same server, credentials and time-out, and nothing of ours in between. */
  plainClient(): Meilisearch {
    return this.#officialClient({ timeout: this.#options.timeoutMs });
  }

  /** Refuses later requests and ends those under way, both with `CLOSED`. */
  close(): void {
    this.#closed = true;
    for (const [cancellation, request] of this.#pending) cancellation.cancel(closedUnderWay(request));
    this.#transport.close();
  }

  /** The parsed body of the engine's answer. */
  send(request: EngineRequest, signal?: AbortSignal): Promise<unknown> {
    if (this.#closed) return Promise.reject(closed());
    if (signal?.aborted) return Promise.reject(signal.reason);
    const facts: RequestSpan = {
      method: request.method,
      route: request.route,
      index: request.index,
      ...this.#server,
      status: null,
      requestBytes: 0,
      responseBytes: 0,
    };
    return span('scrypath:meilisearch:request', facts, (context) => this.#sendWithin(request, signal, context));
  }

  // One timer and one listener a request, both taken away at its end: AbortSignal.timeout() would keep its timer for
  // the whole time-out, and AbortSignal.any() holds on to long-lived signals.
  async #sendWithin(request: EngineRequest, signal: AbortSignal | undefined, facts: RequestSpan): Promise<unknown> {
    const { timeoutMs } = this.#options;
    const cancellation = new Cancellation();
    const timer = setTimeout(() => cancellation.cancel(timedOut(request, timeoutMs)), timeoutMs);
    const follow = (): void => cancellation.cancel(signal?.reason);
    signal?.addEventListener('abort', follow, { once: true });
    this.#pending.set(cancellation, request);
    try {
      const bytes = request.body instanceof Uint8Array ? request.body : undefined;
      const exchange: Exchange = { facts, cancellation, repeatable: request.repeatable ?? false, bytes };
      const answer = await this.#throughClient(request, { [EXCHANGE]: exchange } as ExtraRequestInit);
      if (request.asText && answer.status === 200) return answer.text;
      return readAnswer(answer, request, this.#withoutSecrets);
    } catch (error) {
      if (cancellation.cancelled) throw cancellation.reason;
      throw isWrapped(error) ? networkFailure(error.cause, this.#options.host, request) : error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', follow);
      this.#pending.delete(cancellation);
    }
  }

  #throughClient(request: EngineRequest, extraRequestInit: ExtraRequestInit): Promise<Answer> {
    const { path, body, contentType } = request;
    const options = {
      path,
      extraRequestInit,
      ...(body === undefined || body instanceof Uint8Array ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
    };
    const http = this.#client.httpRequest;
    switch (request.method) {
      case 'GET':
        return http.get<Answer>(options);
      case 'POST':
        return http.post<Answer>(options);
      case 'PATCH':
        return http.patch<Answer>(options);
      case 'DELETE':
        return http.delete<Answer>(options);
    }
  }

  async #exchange(url: URL, init: RequestInit & { [EXCHANGE]: Exchange }): Promise<Answer> {
    const { facts, cancellation, repeatable, bytes } = init[EXCHANGE];
    const body = bytes ?? (init.body as string | undefined);
    const answer = await this.#transport.send({
      url,
      method: init.method ?? 'GET',
      headers: init.headers as Headers,
      body,
      cancellation,
      repeatable,
    });
    facts.status = answer.status;
    facts.requestBytes = body === undefined ? 0 : Buffer.byteLength(body);
    facts.responseBytes = answer.bytes;
    return answer;
  }

  #officialClient(extra: Partial<Config>): Meilisearch {
    const { host, apiKey, compression, requestInit } = this.#options;
    const headers = new Headers(requestInit.headers);
    if (!compression && !headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
    const { Meilisearch } = loadOfficialClient();
    return new Meilisearch({
      host: host.href,
      ...(apiKey === undefined ? {} : { apiKey }),
      requestInit: { ...requestInit, headers },
      ...extra,
    });
  }

  #withoutSecrets = (text: string): string =>
    this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '<redacted>'), text);
}

/** A URL leaves out the port that its protocol has anyway. */
const serverOf = ({ hostname, port, protocol }: URL) => ({
  address: hostname,
  port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
});

/** What must not stand in an error even where a server repeats it: the key, and credentials among the given headers. */
function secretsOf({ apiKey, requestInit }: ResolvedMeilisearchOptions): readonly string[] {
  const credentials = [...new Headers(requestInit.headers)].filter(([name]) => CREDENTIALS.test(name));
  // Whole, and without the scheme that stands before a token.
  const given = credentials.flatMap(([, value]) => [value, value.split(' ').at(-1)]);
  return [apiKey, ...given].filter((secret): secret is string => secret !== undefined && secret !== '');
}

const CREDENTIALS = /auth|key|token|secret|cookie/i;

/** The official client wraps whatever its hook throws. By name: its classes are another copy in a bundle. */
const isWrapped = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'MeilisearchRequestError';
