import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { reachable } from '../stacks/reachable';
import { openDatabase } from '../stacks/stack';
import { ENTITIES, Item } from './entities';
import { insertAll, items } from './filling';

const there = reachable().databases.postgres.there;

/** The most that was on the heap, in bytes. */
function heapOf(url: string): { readonly documents: number; readonly most: number } {
  const loader = join(__dirname, '../typescript.cjs');
  const args = ['--expose-gc', '-r', loader, join(__dirname, 'memory-child.ts'), url];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { documents: number; most: number };
}

(there ? it : it.skip)(
  'what a backfill keeps in memory does not grow with the rows',
  async () => {
    const { dataSource, drop } = await openDatabase('postgres', ENTITIES);
    try {
      const { url } = dataSource.options as unknown as { url: string };
      const rows = items(150_000, (id) => ({ name: `item ${id} ${'x'.repeat(200)}` }));
      await insertAll(dataSource, Item, rows.slice(0, 50_000));
      const few = heapOf(url);
      await insertAll(dataSource, Item, rows.slice(50_000));
      const many = heapOf(url);
      expect([few.documents, many.documents]).toEqual([50_000, 150_000]);
      // Of 100,000 rows more, one kept byte each would not show; a kept document each would be 40 MB.
      expect(many.most - few.most).toBeLessThan(10_000_000);
    } finally {
      await drop();
    }
  },
  120_000,
);
