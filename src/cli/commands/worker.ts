import { defineCommand, given } from '../command.js';
import { line } from '../parts.js';

interface Options {
  readonly batchSize?: number;
  readonly coalesceMs?: number;
  readonly pollMs?: number;
  readonly maxEngineTasks?: number;
  readonly stopMs?: number;
}

export const worker = defineCommand<Options>({
  name: 'worker',
  summary: 'bring dirty keys to the engine, until it is told to end',
  does:
    'Starts the instance as your program does, and a worker. SIGTERM and SIGINT end it: it takes on nothing more, finishes the ' +
    'batch under way, waits for its outcome, and exits with 0. A second signal ends the process at once.',
  entity: 'none',
  options: [
    { flags: '--batch-size <n>', about: 'most rows in one batch', reads: 'number' },
    { flags: '--coalesce-ms <n>', about: 'how long to let writes gather, in milliseconds', reads: 'number' },
    { flags: '--poll-ms <n>', about: 'longest time between two looks, in milliseconds', reads: 'number' },
    { flags: '--max-engine-tasks <n>', about: 'tasks in the engine above which nothing more is sent', reads: 'number' },
    {
      flags: '--stop-ms <n>',
      about: 'longest wait for outcomes at the end, in milliseconds; default 10,000',
      reads: 'number',
    },
  ],
  json: '`{ "startedAt", "stoppedAt" }`, ISO 8601, when it has ended',
  example: 'worker --batch-size 2000',
  run: async ({ scrypath, options: { stopMs, ...options }, signal, say }) => {
    await scrypath.start();
    const running = scrypath.worker(given(options));
    await running.start();
    const startedAt = new Date().toISOString();
    say(
      line(
        `${startedAt} The worker runs: ${scrypath
          .services()
          .map(({ metadata }) => metadata.entity)
          .join(', ')}.`,
      ),
    );
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    say(line(`${new Date().toISOString()} It ends: the batch under way is finished.`));
    await running.stop(given({ timeoutMs: stopMs }));
    const stoppedAt = new Date().toISOString();
    return { value: { startedAt, stoppedAt }, parts: [line(`${stoppedAt} The worker has ended.`)] };
  },
});
