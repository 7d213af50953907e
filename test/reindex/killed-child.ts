import { type Backend, Scrypath } from 'scrypath';
import { meilisearch } from 'scrypath/meilisearch';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { Item } from '../backfill/entities';

/** Where the program is killed. */
export type Death =
  | 'before the target gets its settings'
  | 'before the first page'
  | 'at 60 % of the fill'
  | 'before the replay'
  | 'in the replay'
  | 'in the verification'
  | 'before the swap is sent'
  | 'when the swap was sent'
  | 'when the swap has ended'
  | 'when its outcome is written'
  | 'before the old index is dropped'
  | 'when the old index was dropped'
  | 'when the swap back was sent';

/** What the program is started with. */
export interface KilledJob {
  readonly database: string;
  readonly engine: string;
  readonly apiKey: string;
  readonly prefix: string;
  readonly outbox: { readonly lockMs: number; readonly requestMs: number; readonly marginMs: number };
  readonly keepOld: boolean;
  readonly death: Death;
}

// A program of its own: rebuilds an index, and is killed on the way.

async function main(job: KilledJob): Promise<void> {
  const at = (death: Death) => {
    if (death === job.death) process.kill(process.pid, 'SIGKILL');
  };
  listen(at);
  const dataSource = await new DataSource(dataSourceOptions(job.database, { entities: [Item] })).initialize();
  const { prefix, outbox } = job;
  const { backend, step } = mortal(meilisearch({ host: job.engine, apiKey: job.apiKey }), at);
  const scrypath = new Scrypath({ dataSource, backend, prefix, outbox, sync: { mode: 'queued' } });
  await scrypath.start();
  const rebuild = await scrypath.for(Item).reindex({
    keepOld: job.keepOld,
    settings: { stopWords: ['the'] },
    onProgress: (progress) => {
      step(progress.step);
      if (progress.step === 'fill' && progress.read >= progress.total * 0.6) at('at 60 % of the fill');
      if (progress.step === 'replay') at('before the replay');
      if (progress.step === 'verify') at('in the verification');
    },
  });
  step('rollback');
  await rebuild.rollback();
}

/** A backend whose calls are where the program dies. */
function mortal(engine: Backend, at: (death: Death) => void) {
  let now = '';
  let swaps = 0;
  const { indexes } = engine;
  const backend: Backend = {
    name: engine.name,
    documents: engine.documents,
    search: (...given) => engine.search(...given),
    remove: (...given) => engine.remove(...given),
    upsert: (...given) => {
      if (now === 'create' || now === 'fill') at('before the first page');
      return engine.upsert(...given);
    },
    outcomes: async (...given) => {
      const outcomes = await engine.outcomes(...given);
      if (swaps > 0 && outcomes[0]?.status === 'succeeded') at('when the swap has ended');
      return outcomes;
    },
    indexes: {
      get: (...given) => indexes.get(...given),
      settings: (...given) => indexes.settings(...given),
      stats: (...given) => indexes.stats(...given),
      create: (...given) => indexes.create(...given),
      apply: (...given) => {
        at('before the target gets its settings');
        return indexes.apply(...given);
      },
      swap: async (...given) => {
        at('before the swap is sent');
        const task = await indexes.swap(...given);
        swaps += 1;
        at(now === 'rollback' ? 'when the swap back was sent' : 'when the swap was sent');
        return task;
      },
      drop: async (...given) => {
        at('before the old index is dropped');
        const task = await indexes.drop(...given);
        at('when the old index was dropped');
        return task;
      },
    },
  };
  const step = (name: string) => {
    // A swap back tells of its step too.
    if (now !== 'rollback') now = name;
  };
  return { backend, step };
}

/** Dies when the database has it that keys are replayed, or that the names were swapped, before anything else is done. */
function listen(at: (death: Death) => void): void {
  const { createQueryRunner } = DataSource.prototype;
  DataSource.prototype.createQueryRunner = function (...given) {
    const runner = createQueryRunner.apply(this, given);
    const query = runner.query.bind(runner) as (...given: unknown[]) => Promise<unknown>;
    runner.query = async (text: string, parameters?: unknown[], ...rest: unknown[]) => {
      const answer = await query(text, parameters, ...rest);
      if (!/UPDATE .*rebuild/s.test(text)) return answer as never;
      if (parameters?.includes('kept')) at('when its outcome is written');
      if (parameters?.some((value) => /"replayed":[1-9]/.test(String(value)))) at('in the replay');
      return answer as never;
    };
    return runner;
  };
}

void main(JSON.parse(process.argv[2]!) as KilledJob);
