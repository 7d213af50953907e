import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered, for the tests to compare
  readonly body: any;
}

/** An example that serves HTTP, in a process of its own. */
export class ServedExample {
  readonly #child: ChildProcess;
  readonly #ended: Promise<readonly [number | null, string | null]>;
  #printed = '';
  #complained = '';
  #isOver = false;

  /** @param words program and arguments; it leads a group of processes, as `npm` has children */
  constructor([program, ...words]: readonly [string, ...string[]], cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn(program, words, { cwd, env: { ...env, PORT: '0' }, detached: true });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complained += text;
    });
    this.#ended = once(this.#child, 'close').then((end: unknown[]) => {
      this.#isOver = true;
      return end as [number | null, string | null];
    });
  }

  get complained(): string {
    return this.#complained;
  }

  /** The address that it says it serves on. Fails where it ends without saying so. */
  async address(): Promise<string> {
    for (;;) {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(this.#printed)?.[0];
      if (found !== undefined) return found;
      if (this.#isOver) throw new Error(`It ended without serving: ${this.#printed}${this.#complained}`);
      await Promise.race([once(this.#child.stdout!, 'data'), this.#ended]);
    }
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${await this.address()}${path}`, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? await response.json() : null };
  }

  /** Its exit code and signal after SIGTERM. */
  async terminate(): Promise<readonly [number | null, string | null]> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  /** Ends it and its children, if they still run. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch {
      // It is gone.
    }
    await this.#ended;
  }
}
