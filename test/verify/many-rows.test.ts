import { verifyIndex } from '../../src/verify/verify-index';
import type { VerifyProgress } from '../../src/verify/verify-report';
import { onEveryStack } from '../stacks/stack';
import { Account, Seat } from './entities';
import { ended, keysOf, removeDocuments, siteOf, writeDocuments } from './opened';

const MANY = 25_000;
const CHUNK = 1_000;

onEveryStack('many rows are verified', ({ use }) => {
  const stack = use([Account, Seat]);

  it(`${MANY} of them: by key, and exactly`, async () => {
    const accounts = stack.for(Account);
    const rows = Array.from({ length: MANY }, (_, at) => ({ id: String(at + 1), name: `Account ${at}` }));
    for (let from = 0; from < MANY; from += CHUNK)
      await stack.dataSource.getRepository(Account).insert(rows.slice(from, from + CHUNK));
    const { backend } = stack;
    await ended(
      backend,
      await backend.upsert(
        accounts.indexName,
        rows.map((row) => accounts.document(row as Account)),
      ),
    );
    await removeDocuments(backend, accounts.indexName, ['1', '9999', '25000']);
    await writeDocuments(backend, accounts.indexName, {
      12345: { id: '12345', name: 'Altered' },
      25001: { name: 'Ghost' },
    });
    const site = siteOf(stack, Account);
    const progress: VerifyProgress[] = [];
    const report = await verifyIndex(site, { pageSize: 3_000, onProgress: (at) => progress.push(at) });
    expect(report).toMatchObject({ rows: MANY, documents: MANY - 2 });
    expect(keysOf(report)).toEqual({ missing: ['1', '25000', '9999'], stale: ['12345'], extra: ['25001'] });
    expect(progress.filter(({ reading }) => reading === 'records')).toHaveLength(9);
    expect(progress.at(-1)).toEqual({ reading: 'documents', rows: MANY, documents: MANY - 2, differences: 0 });
    expect(site.sql.length).toBeGreaterThan(9);
    expect(site.sql.filter((text) => /OFFSET|COUNT\(/i.test(text))).toEqual([]);
  }, 120_000);

  it('of keys of several columns each row is read once, in order and from the last one on', async () => {
    const seats = stack.for(Seat);
    const rows = Array.from({ length: 1_000 }, (_, at) => ({
      hall: `Hall ${at % 3}`,
      row: Math.floor(at / 30),
      place: at % 10,
      name: `Seat ${at}`,
    }));
    const distinct = new Map(rows.map((row) => [seats.keyOf(row as Seat), row]));
    await stack.dataSource.getRepository(Seat).insert([...distinct.values()]);
    await ended(
      stack.backend,
      await stack.backend.upsert(
        seats.indexName,
        [...distinct.values()].map((row) => seats.document(row as Seat)),
      ),
    );
    const site = siteOf(stack, Seat);
    expect(await verifyIndex(site, { pageSize: 70 })).toMatchObject({ rows: distinct.size, clean: true });
    expect(site.sql.filter((text) => /OFFSET|COUNT\(/i.test(text))).toEqual([]);
  }, 60_000);
});
