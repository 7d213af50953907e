import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A consumer in a process of its own. */
export class ChildConsumer {
  /** Keys of the batches that it was given, `Entity key`. */
  readonly keys: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #text = '';

  constructor({ command, args }: { readonly command: string; readonly args: readonly string[] }) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdout!.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }

  #read(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop()!;
    for (const line of lines) this.keys.push(...(JSON.parse(line) as string[]));
  }
}
