import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Starts one of the programs beside this file in a process of its own. */
export const startChild = (program: string, ...parameters: readonly string[]): ChildProcess =>
  fork(join(__dirname, program), [...parameters], {
    execArgv: ['-r', join(__dirname, '../typescript.cjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });

/** The first message of a child; fails where the child ends without one. */
export async function messageFrom(child: ChildProcess): Promise<unknown> {
  const message = await Promise.race([
    once(child, 'message').then(([said]: unknown[]) => ({ said })),
    once(child, 'exit').then(([code]: unknown[]) => ({ code })),
  ]);
  if ('said' in message) return message.said;
  throw new Error(`The child ended with ${String(message.code)} and said nothing.`);
}

export async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
