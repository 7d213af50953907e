import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meilisearchProgram } from '../stacks/meilisearch-server';

const HEALTHY_WITHIN_MS = 30_000;

// Its input is a pipe of ours, which the kernel closes however this process ends. The line `keep` before that leaves the
// files, for the next start.
const WATCH = [
  'exec 3<&0',
  '"$0" --no-analytics --env development --db-path "$1/data.ms" --dump-dir "$1/dumps" --snapshot-dir "$1/snapshots" </dev/null >/dev/null 2>&1 3<&- &',
  'server=$!',
  '{ word=; read -r word; cat >/dev/null; kill -9 "$server" 2>/dev/null; [ "$word" = keep ] || rm -rf "$1"; } <&3 3<&- &',
  'exec 3<&-',
  'wait',
].join('\n');

/** A Meilisearch that can be killed, and started again on the same files and the same port. */
export class EngineProcess {
  readonly #directory = mkdtempSync(join(tmpdir(), 'scrypath-engine-'));
  readonly apiKey = randomBytes(24).toString('hex');
  #child: ChildProcess | null = null;

  private constructor(readonly url: string) {}

  /** @returns null where there is no program */
  static async start(): Promise<EngineProcess | null> {
    if (meilisearchProgram() === null) return null;
    const engine = new EngineProcess(`http://127.0.0.1:${await freePort()}`);
    await engine.restart();
    return engine;
  }

  async restart(): Promise<void> {
    this.#child = spawn('/bin/sh', ['-c', WATCH, meilisearchProgram()!, this.#directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {
        ...process.env,
        MEILI_HTTP_ADDR: this.url.slice('http://'.length),
        MEILI_MASTER_KEY: this.apiKey,
        MEILI_MAX_INDEXING_MEMORY: '1GiB',
      },
    });
    const deadline = Date.now() + HEALTHY_WITHIN_MS;
    while (!(await this.#isHealthy())) {
      if (Date.now() > deadline) throw new Error('meilisearch did not become healthy.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    await this.#end('keep\n');
  }

  async close(): Promise<void> {
    await this.#end('');
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(word: string): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.stdin!.end(word);
    await ended;
  }

  #isHealthy(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** What the engine answers, asked by nothing of ours. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`The engine answered ${answer.status} to ${method} ${path}.`);
    return (await answer.json()) as T;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
