#!/usr/bin/env node
import { openConfig } from './open-config.js';
import { runCli, tellError } from './run-cli.js';
import { secretsOfEnvironment } from './secrets.js';
import type { ExitSignal } from './surroundings.js';

const SIGNALS: readonly ExitSignal[] = ['SIGINT', 'SIGTERM'];

/** Runs the command of this process, and ends it: what the configuration has opened must not keep it alive. */
async function main(): Promise<void> {
  // Whoever reads may have had enough, as `head` has.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  // Stdout is for what the command says; a configuration and its packages may be talkative.
  console.log = console.info = console.debug = console.error;
  const args = process.argv.slice(2);
  let secrets: ReadonlySet<string> = new Set(secretsOfEnvironment(process.env));
  // Of what the configuration does in the background: without words that may hold a secret, as every error.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      void tellError(error, args, process, secrets).finally(() => process.exit(1));
    });
  const code = await runCli(args, {
    cwd: process.cwd(),
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    progressEveryMs: 3_000,
    onSignal: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener);
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener);
      };
    },
    exitNow: (code) => process.exit(code),
    open: (file, cwd, known) => {
      secrets = known;
      return openConfig(file, cwd, known);
    },
  });
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });

void main();
