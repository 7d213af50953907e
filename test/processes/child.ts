import { type Backend, type RebuildProgress, Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import type { Job } from './children';
import { Product, SHOP } from './shop';
import { dieAfterCommit, Writer } from './writer';

// A program of its own: writes, or works, as the job that it is given says. It ends with whoever has started it.

const tell = (message: object): Promise<void> =>
  new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve());
    else resolve();
  });

const logger = {
  warn: (message: string, facts?: object) => log(message, facts),
  error: (message: string, facts?: object) => log(message, facts),
};
const log = (message: string, facts: { error?: unknown } = {}) => {
  if (process.env.SCRYPATH_TORTURE_LOG) console.error(process.pid, message, String(facts.error ?? ''));
};

async function main(job: Job): Promise<void> {
  const dataSource = await new DataSource(dataSourceOptions(job.database, { entities: SHOP })).initialize();
  const timeoutMs = job.role === 'worker' ? job.answerMs : 3_000;
  const engine = meilisearch({ host: job.engine, apiKey: job.apiKey, timeoutMs });
  const backend = job.role === 'worker' && job.freezeAtSend ? frozenOnce(engine, job.freezeAtSend) : engine;
  const scrypath = new Scrypath({
    dataSource,
    backend,
    prefix: job.prefix,
    logger,
    sync: { mode: 'queued' },
    capture: job.role === 'writer' ? 'orm' : 'none',
    outbox: job.outbox,
  });
  await startPatiently(scrypath);
  if (job.role === 'rebuilder') return rebuild(scrypath, job);
  if (job.role === 'worker') {
    const worker = scrypath.worker(job.worker);
    await worker.start();
    process.once('SIGTERM', () => {
      const startedAt = performance.now();
      void worker
        .stop({ timeoutMs: job.stopMs })
        .then(() => tell({ kind: 'stopped', ms: performance.now() - startedAt }))
        .then(() => process.exit(0));
    });
    await tell({ kind: 'ready' });
    return;
  }
  const writer = new Writer(dataSource, job.writer);
  await writer.start();
  if (job.dieAfterCommits > 0) dieAfterCommit(dataSource, job.dieAfterCommits);
  process.on('message', (message) => {
    if (message === 'write') void writer.writeOne();
    if (message === 'stop') void writer.stop().then((written) => tell({ kind: 'written', written }));
  });
  await tell({ kind: 'ready' });
}

/** Does one thing with a rebuild, tells what came of it, and ends. */
async function rebuild(scrypath: Scrypath, { rebuild: id, verb, options }: Extract<Job, { role: 'rebuilder' }>) {
  const products = scrypath.for(Product);
  let last = '';
  const onProgress = ({ step }: RebuildProgress) => {
    if (step !== last) void tell({ kind: 'step', step });
    last = step;
  };
  try {
    await tell({ kind: 'ready' });
    const found = id === null ? null : await products.rebuild(id);
    const { state, repaired, replayed } =
      found === null || verb === 'begin'
        ? (await products.reindex({ ...options, onProgress })).audit
        : await found[verb]({ onProgress });
    await tell({ kind: 'rebuilt', state, repaired, replayed });
  } catch (error) {
    log('rebuild', { error });
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    await tell({ kind: 'refused', code: String(code), message: message.slice(0, 500) });
  }
  process.exit(0);
}

/** Whatever watches over a program starts it again where the engine is away. */
async function startPatiently(scrypath: Scrypath): Promise<void> {
  for (;;) {
    try {
      await scrypath.start();
      return;
    } catch (error) {
      log('start', { error });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The whole process freezes right before one request leaves, and sends it when it is thawed. */
function frozenOnce(backend: Backend, call: number): Backend {
  let left = call;
  const upsert: Backend['upsert'] = async (...given) => {
    left -= 1;
    if (left === 0) {
      await tell({ kind: 'frozen' });
      process.kill(process.pid, 'SIGSTOP');
    }
    return backend.upsert(...given);
  };
  return new Proxy(backend, {
    get: (target, name) => {
      if (name === 'upsert') return upsert;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

process.once('disconnect', () => process.exit(1));
main(JSON.parse(process.argv[2]!) as Job).catch((error: unknown) => {
  // A failed statement holds all its values.
  console.error(String(error).slice(0, 500));
  process.exit(1);
});
