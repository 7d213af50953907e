import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Job } from './program';

type Message =
  | { readonly kind: 'terminating' }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'sending'; readonly documents: number };

/** Longer than any deadline that these tests give an application: one that is not over by then hangs. */
const OVER_MS = 60_000;

/** An application in a process of its own. */
export class ApplicationProcess {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  readonly #ended: Promise<readonly [number | null, string | null]>;
  #isOver = false;
  /** What it wrote: warnings and errors. */
  said = '';

  constructor(version: 11 | 12, job: Job) {
    const hooks = ['../../typescript.cjs', ...(version === 11 ? ['../nest-11.cjs'] : [])];
    this.#child = fork(join(__dirname, 'program.ts'), [JSON.stringify(job)], {
      execArgv: hooks.flatMap((file) => ['-r', join(__dirname, file)]),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message) => this.#messages.push(message as Message));
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.said += text;
      });
    this.#ended = once(this.#child, 'close').then((end: unknown[]) => {
      this.#isOver = true;
      return end as [number | null, string | null];
    });
  }

  /** The first message of a kind. Fails where the process ends without it. */
  async says<K extends Message['kind']>(kind: K): Promise<Extract<Message, { kind: K }>> {
    for (;;) {
      const found = this.#messages.find((message) => message.kind === kind);
      if (found) return found as Extract<Message, { kind: K }>;
      if (this.#isOver) throw new Error(`It ended without saying "${kind}": ${this.said}`);
      await Promise.race([once(this.#child, 'message'), this.#ended]);
    }
  }

  async post(titles: readonly string[]): Promise<unknown> {
    const { port } = await this.says('listening');
    const response = await fetch(`http://127.0.0.1:${port}/books`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify(titles),
    });
    return response.json();
  }

  goOn(): void {
    this.#child.send('go on');
  }

  /** Resolves when it knows. */
  async terminate(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.says('terminating');
  }

  /** Its exit code and signal, or `hangs`; then it is killed. */
  async ended(): Promise<readonly [number | null, string | null] | 'hangs'> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<'hangs'>((resolve) => {
      timer = setTimeout(() => resolve('hangs'), OVER_MS);
    });
    try {
      return await Promise.race([this.#ended, over]);
    } finally {
      clearTimeout(timer);
      await this.kill();
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
