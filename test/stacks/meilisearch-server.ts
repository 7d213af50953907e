import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface MeilisearchServer {
  readonly url: string;
  /** The master key. */
  readonly apiKey: string;
  /** Ends the program and removes its database. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

// Every task of documents first allocates in proportion to this. By default it is two thirds of the memory, and a task of
// one document took 500 ms on a machine of 24 GB; with 1 GiB it takes 40 ms.
const INDEXING_MEMORY = '1GiB';

/** Where the program `meilisearch` is on the PATH, or null. */
export function meilisearchProgram(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'meilisearch')).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A server of its own, empty, on a free loopback port, with a random master key; null where there is no program. It ends
 * with this process at the latest, even where that is killed.
 */
export async function startMeilisearch(): Promise<MeilisearchServer | null> {
  const program = meilisearchProgram();
  if (program === null) return null;
  const directory = mkdtempSync(join(tmpdir(), 'scrypath-meilisearch-'));
  const apiKey = randomBytes(24).toString('hex');
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = underAWatch(program, directory, {
    MEILI_HTTP_ADDR: url.slice('http://'.length),
    MEILI_MASTER_KEY: apiKey,
    MEILI_MAX_INDEXING_MEMORY: INDEXING_MEMORY,
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    // What is awaited must keep the process alive until it has come.
    child.ref();
    child.stdin?.end();
    await ended;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  if (await isHealthy(url, ended)) return { url, apiKey, stop };
  await stop();
  throw new Error(`meilisearch did not become healthy: ${said.trim()}`);
}

/**
 * The program under a shell that waits for its standard input to close and then kills it. The pipe is ours: however this
 * process ends, the kernel closes it, where an exit handler would miss a kill.
 */
function underAWatch(program: string, directory: string, environment: Record<string, string>): ChildProcess {
  const watch = [
    '"$0" --no-analytics --env development --db-path "$1/data.ms" --dump-dir "$1/dumps" --snapshot-dir "$1/snapshots" </dev/null >/dev/null 3<&- &',
    'server=$!',
    '{ cat >/dev/null; kill -9 "$server" 2>/dev/null; rm -rf "$1"; } <&3 3<&- &',
    'exec 3<&-',
    'wait "$server"',
  ].join('\n');
  const child = spawn('/bin/sh', ['-c', `exec 3<&0\n${watch}`, program, directory], {
    cwd: directory,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  // Neither the program nor its pipes keep this process alive.
  child.unref();
  (child.stderr as unknown as { unref(): void } | null)?.unref();
  (child.stdin as unknown as { unref(): void } | null)?.unref();
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function isHealthy(url: string, ended: Promise<void>): Promise<boolean> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!over && Date.now() < deadline) {
    const healthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
