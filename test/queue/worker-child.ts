import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import type { Backend } from '../../src/index.js';
import { meilisearch } from '../../src/meilisearch/index.js';
import { openQueue, type QueueAddress, SCHEMAS, scrypathOf } from './newsroom.js';

// A worker as a program of its own. It says `ready`, then `sent` for each request; told to hang it never comes back from
// its first one.
export interface ChildJob {
  readonly database: string;
  readonly queue: QueueAddress;
  readonly engine: { readonly url: string; readonly apiKey: string };
  readonly prefix: string;
  readonly hangs: boolean;
  readonly pollMs: number;
}

const say = (word: string) => process.stdout.write(`${JSON.stringify([word])}\n`);

function telling(backend: Backend, hangs: boolean): Backend {
  return new Proxy(backend, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'upsert') return member.bind(target);
      return (...given: unknown[]) => {
        say('sent');
        return hangs ? new Promise(() => undefined) : member.apply(target, given);
      };
    },
  });
}

async function main({ database, queue, engine, prefix, hangs, pollMs }: ChildJob): Promise<void> {
  const dataSource = await new DataSource(dataSourceOptions(database, { entities: SCHEMAS })).initialize();
  const backend = telling(meilisearch({ host: engine.url, apiKey: engine.apiKey }), hangs);
  const scrypath = scrypathOf(dataSource, backend, openQueue(queue), { prefix, capture: 'none' });
  await scrypath.start();
  const worker = scrypath.worker({ pollMs });
  await worker.start();
  say('ready');
  process.once('SIGTERM', () => void scrypath.close().then(() => process.exit(0)));
}

void main(JSON.parse(process.argv[2]!) as ChildJob);
