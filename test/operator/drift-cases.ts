import type { ActionKind, Backend, DriftKind, Scrypath, ScrypathOptions, SearchService } from 'scrypath';
import type { DataSource } from 'typeorm';
import { declarations, type Shop, Thing } from './things';

/** A shop, and what somebody who looks after it works with. */
export interface Scene extends Shop {
  /** The instance whose operator looks: the one that the drift happened to, or its later deployment. */
  scrypath: Scrypath;
  things: SearchService<Thing>;
}

/** One way in which an index drifts, produced for real. */
export interface Case {
  readonly title: string;
  /** Makes it happen. */
  readonly make: (scene: Scene) => Promise<unknown>;
  readonly kind: DriftKind;
  readonly action: ActionKind;
  /** Where something else is seen beside it. */
  readonly beside?: readonly DriftKind[];
  readonly look?: { readonly maxListed?: number };
  readonly options?: Partial<ScrypathOptions>;
  /** Before it is repaired: what a person has to do. */
  readonly correct?: (scene: Scene) => Promise<unknown>;
}

const done = async (backend: Backend, task: Promise<unknown>) => {
  const tasks = [await task].flat() as Parameters<Backend['outcomes']>[0];
  for (const { status, error } of await backend.outcomes(tasks, { waitMs: 30_000 }))
    if (status !== 'succeeded') throw new Error(`${status}: ${error?.message}`);
};
/** A deployment of the program with that declaration, whose operator looks from then on. */
export const deploy = (declaration: keyof typeof declarations) => async (scene: Scene) => {
  scene.scrypath = await scene.deploy(declaration);
  scene.things = scene.scrypath.for(Thing);
};
const index = ({ things }: Scene) => things.indexName;
/** A write that nobody is told of. */
export const sql = ({ dataSource }: { dataSource: DataSource }, text: string) => dataSource.query(text);

export const CASES: readonly Case[] = [
  {
    title: 'a changed projection: another field',
    make: deploy('anotherField'),
    kind: 'contract',
    beside: ['stale', 'settings'],
    action: 'reindex',
  },
  {
    title: 'a changed projection: a newer version of its code',
    make: deploy('newerVersion'),
    kind: 'contract',
    action: 'reindex',
  },
  {
    title: 'settings that are declared otherwise',
    make: deploy('otherSettings'),
    kind: 'settings',
    action: 'reindex',
  },
  {
    title: 'settings that somebody changed on the index',
    make: (scene) =>
      done(scene.backend, scene.backend.indexes.apply(index(scene), { searchableAttributes: ['nothing'] })),
    kind: 'settings',
    action: 'reindex',
  },
  {
    title: 'settings that are free to apply',
    make: deploy('freeSettings'),
    kind: 'settings',
    action: 'apply_settings',
  },
  {
    title: 'a stale delete: the row is gone, and nobody told',
    make: (scene) => sql(scene, 'DELETE FROM thing WHERE id = 3'),
    kind: 'extra',
    action: 'repair',
  },
  {
    title: 'hits that point at missing rows',
    make: async (scene) => {
      await sql(scene, 'DELETE FROM thing WHERE id IN (4, 5)');
      const { missingIds } = await scene.things.search('Thing', { hydrate: true, page: { number: 1, size: 50 } });
      expect([...missingIds].sort()).toEqual(['4', '5']);
    },
    kind: 'extra',
    action: 'repair',
  },
  {
    title: 'a document that never came',
    make: (scene) => done(scene.backend, scene.backend.remove(index(scene), ['7'])),
    kind: 'missing',
    action: 'repair',
  },
  {
    title: 'a change that nobody told of',
    make: (scene) => sql(scene, `UPDATE thing SET name = 'Other' WHERE id = 8`),
    kind: 'stale',
    action: 'repair',
  },
  {
    title: 'discarded work',
    make: async (scene) => {
      // The engine refuses the document, as often as it is asked.
      scene.faults.failTask('upsert', {
        times: 100,
        error: { code: 'invalid_document_fields', message: 'No.' },
      } as never);
      await sql(scene, `UPDATE thing SET name = 'Refused' WHERE id = 9`);
      const { token } = await scene.things.syncKeys([9], { mode: 'queued' });
      await expect(scene.scrypath.waitForCompletion(token!)).rejects.toMatchObject({ code: 'WORK_DISCARDED' });
    },
    kind: 'discarded_work',
    beside: ['stale'],
    action: 'retry',
    correct: (scene) => scene.faults.clear(),
  },
  {
    title: 'a count mismatch',
    make: (scene) =>
      done(
        scene.backend,
        scene.backend.remove(
          index(scene),
          Array.from({ length: 20 }, (_, at) => String(at + 1)),
        ),
      ),
    kind: 'count_mismatch',
    beside: ['missing'],
    look: { maxListed: 10 },
    action: 'backfill',
  },
  {
    title: 'more documents without a row than can be listed',
    make: (scene) => sql(scene, 'DELETE FROM thing WHERE id > 5'),
    kind: 'count_mismatch',
    beside: ['extra'],
    look: { maxListed: 10 },
    action: 'reindex',
  },
  {
    title: 'an index that is gone',
    make: (scene) => done(scene.backend, scene.backend.indexes.drop(index(scene))),
    kind: 'index_missing',
    action: 'reindex',
  },
  {
    title: 'an index that is another one',
    make: async (scene) => {
      await done(scene.backend, scene.backend.indexes.drop(index(scene)));
      await done(scene.backend, scene.backend.indexes.create(index(scene)));
    },
    kind: 'index_replaced',
    beside: ['missing', 'settings'],
    action: 'reindex',
  },
  {
    title: 'a rebuild that has stopped',
    make: async (scene) => {
      const stop = new AbortController();
      await expect(
        scene.things.reindex({
          signal: stop.signal,
          onProgress: ({ step }) => {
            if (step === 'replay') stop.abort(new Error('stopped'));
          },
        }),
      ).rejects.toThrow('stopped');
    },
    kind: 'stuck_rebuild',
    action: 'resume',
  },
];
