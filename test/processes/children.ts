import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { InstanceOutboxOptions } from '../../src/options/outbox-options';
import type { ReindexOptions } from '../../src/reindex/reindex-options';
import type { WorkerOptions } from '../../src/worker/worker';
import type { WriterOptions, Written } from './writer';

interface Place {
  readonly database: string;
  readonly engine: string;
  readonly apiKey: string;
  readonly prefix: string;
  readonly outbox: InstanceOutboxOptions;
  /** Whether times of seconds are shorter: see short-times.cjs. */
  readonly shortTimes: boolean;
}

/** What is done with a rebuild; `begin` makes one. */
export type RebuildVerb = 'begin' | 'resume' | 'rollback' | 'finish' | 'abandon';

/** What a child does. */
export type Job = Place &
  (
    | {
        readonly role: 'worker';
        readonly worker: WorkerOptions;
        readonly stopMs: number;
        /** How long it waits for an answer of the engine where nothing else bounds that. */
        readonly answerMs: number;
        /** Which of its sends it freezes before; 0: none. */
        readonly freezeAtSend: number;
      }
    | {
        readonly role: 'writer';
        readonly writer: WriterOptions;
        /** After how many commits it kills itself; 0: never. */
        readonly dieAfterCommits: number;
      }
    | {
        readonly role: 'rebuilder';
        /** Null where it begins one. */
        readonly rebuild: string | null;
        readonly verb: RebuildVerb;
        readonly options: ReindexOptions;
      }
  );

type Message =
  | { readonly kind: 'ready' | 'frozen' }
  | { readonly kind: 'stopped'; readonly ms: number }
  | { readonly kind: 'written'; readonly written: Written }
  | { readonly kind: 'step'; readonly step: string }
  | { readonly kind: 'rebuilt'; readonly state: string; readonly repaired: number; readonly replayed: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

const running = new Set<ChildProcess>();
const endAll = () => {
  for (const child of running) child.kill('SIGKILL');
};
process.once('exit', endAll);

/** A program of its own. */
export class Child {
  readonly #child: ChildProcess;
  readonly #messages: Message[] = [];
  readonly #ended: Promise<number | null>;
  #isOver = false;
  #hasFailed = false;

  constructor(job: Job) {
    this.#child = fork(join(__dirname, 'child.ts'), [JSON.stringify(job)], {
      execArgv: ['../typescript.cjs', ...(job.shortTimes ? ['short-times.cjs'] : [])].flatMap((file) => [
        '-r',
        join(__dirname, file),
      ]),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    running.add(this.#child);
    this.#child.on('message', (message) => this.#messages.push(message as Message));
    this.#ended = once(this.#child, 'exit').then(([code]: unknown[]) => {
      running.delete(this.#child);
      this.#isOver = true;
      this.#hasFailed = code !== null && code !== 0;
      return code as number | null;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether it ended by an error of its own, such as one that nobody caught. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Its exit code, null where it was killed. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** What it has said so far. */
  get said(): readonly Message[] {
    return this.#messages;
  }

  /** The first message of a kind. Fails where the child ends without it. */
  async says<K extends Message['kind']>(kind: K): Promise<Extract<Message, { kind: K }>> {
    for (;;) {
      const said = this.#messages.find((message) => message.kind === kind);
      if (said) return said as Extract<Message, { kind: K }>;
      if (this.#isOver) throw new Error(`A child ended without saying "${kind}".`);
      await Promise.race([once(this.#child, 'message'), this.#ended]);
    }
  }

  send(message: string): void {
    this.#child.send(message);
  }

  signal(name: 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
