import { equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { contest } from './contest.js';
import type { Outcome } from './figure.js';

/** What it costs to ask the command line for help, as a process of its own each time. */
export async function cliBench(): Promise<readonly Outcome[]> {
  const program = join(dirname(createRequire(__filename).resolve('scrypath/package.json')), 'dist', 'cli', 'main.js');
  const { help, bare } = await contest(
    { help: () => run([program, '--help']), bare: () => run(['-e', '']) },
    { rounds: 20, warmUp: 1 },
  );
  return [
    { name: 'scrypath --help, cold ÷ node -e ""', value: help / bare, unit: '', target: { op: '<=', value: 2.5 } },
  ];
}

const run = (args: readonly string[]) => equal(spawnSync(process.execPath, args, { stdio: 'ignore' }).status, 0);
