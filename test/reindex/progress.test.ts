import type { RebuildProgress } from 'scrypath';
import { onEveryDatabase } from '../stacks/stack';
import { placesOn } from './place';

onEveryDatabase('what a reindex tells while it runs', (stack) => {
  const place = placesOn(stack);

  it('is each step in its order, with what is known of it', async () => {
    const { items, repository, written } = await place({ rows: 1_000 });
    const told: RebuildProgress[] = [];
    let wrote: Promise<void> | null = null;
    const rebuild = await items.reindex({
      batchSize: 100,
      keepOld: false,
      onProgress: (progress) => {
        told.push(progress);
        if (progress.step === 'fill') wrote ??= written(() => repository.update(3, { name: 'written meanwhile' }));
      },
    });
    await wrote;
    const steps = told.map(({ step }) => step);
    expect(steps.filter((step, at) => step !== steps[at - 1])).toEqual([
      'create',
      'fill',
      'replay',
      'verify',
      'swap',
      'drop',
    ]);
    const of = <S extends RebuildProgress['step']>(step: S) =>
      told.filter((one): one is Extract<RebuildProgress, { step: S }> => one.step === step);
    for (const step of ['create', 'replay', 'swap', 'drop'] as const) expect(of(step)).toEqual([{ step }]);

    const fill = of('fill');
    for (const one of fill)
      expect(one).toMatchObject({
        rows: expect.any(Number),
        read: expect.any(Number),
        documents: expect.any(Number),
        total: 1_000,
        rate: expect.any(Number),
        tasksInFlight: expect.any(Number),
      });
    expect(fill.at(-1)).toMatchObject({ rows: 1_000, read: 1_000, documents: 1_000, tasksInFlight: 0, etaMs: 0 });
    expect(fill.map(({ rows }) => rows)).toEqual(fill.map(({ rows }) => rows).sort((one, other) => one - other));

    const verify = of('verify');
    expect([...new Set(verify.map(({ reading }) => reading))]).toEqual(['records', 'documents']);
    expect(verify.at(-1)).toMatchObject({ rows: 1_000, documents: 1_000, differences: 0 });

    const { seconds } = rebuild.audit;
    expect(Object.keys(seconds).sort()).toEqual(['create', 'drop', 'fill', 'replay', 'swap', 'verify']);
    for (const took of Object.values(seconds)) expect(took).toBeGreaterThan(0);
    expect(new Date(rebuild.audit.startedAt).toISOString()).toBe(rebuild.audit.startedAt);
    expect(Date.parse(rebuild.audit.cutover.at!)).toBeGreaterThanOrEqual(Date.parse(rebuild.audit.startedAt));
  });

  it('is no statement that skips rows', async () => {
    const { items, dataSource, sql } = await place({ rows: 1_000 });
    sql.length = 0;
    // There is one connection, which prepares a statement once.
    if (stack.database === 'sqlite') {
      const { databaseConnection } = dataSource.driver as unknown as {
        databaseConnection: { prepare(text: string): object };
      };
      const prepare = databaseConnection.prepare.bind(databaseConnection);
      jest.spyOn(databaseConnection, 'prepare').mockImplementation((text) => {
        sql.push(text);
        return prepare(text);
      });
    }
    const rebuild = await items.reindex({ batchSize: 50 });
    await rebuild.rollback();
    const pages = sql.filter((text) => /SELECT.*FROM .item. .*ORDER BY.*LIMIT/is.test(text));
    expect(pages.length).toBeGreaterThanOrEqual(stack.database === 'sqlite' ? 1 : 20);
    expect(sql.filter((text) => /\bOFFSET\b/i.test(text))).toEqual([]);
  });
});
