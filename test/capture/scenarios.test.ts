import { onEveryDatabase } from '../stacks/stack';
import { type Captured, openCaptured } from './captured';
import { changedBetween, markedDocuments, snapshot } from './documents';
import { SCENARIOS, type Scenario, saidOf, Writer } from './scenarios';
import { seed } from './seed';

it('covers at least 70 kinds of write, each once', () => {
  const names = SCENARIOS.map(({ write }) => write);
  expect(names.length).toBeGreaterThanOrEqual(70);
  expect(new Set(names).size).toBe(names.length);
});

/** What MySQL, which returns no rows of a write, knows less of than MariaDB. */
const WITHOUT_RETURNING: Readonly<Record<string, readonly string[]>> = {
  'insert builder with valuesFromSelect': ['insert_select Film'],
};
/** There an ignored row cannot be told from an inserted one. */
const IGNORES = /orIgnore/;

onEveryDatabase('a captured write', ({ database }) => {
  let captured: Captured;
  beforeAll(async () => {
    captured = await openCaptured(database);
  });
  afterAll(() => captured?.drop());
  beforeEach(async () => {
    await seed(captured.dataSource);
    await captured.forget();
  });

  /** Writes, and compares the marks with those expected and with what the tables say. */
  const check = async (scenario: Scenario, { returns }: { readonly returns: boolean }) => {
    const { dataSource } = captured;
    const writer = new Writer(dataSource, database);
    const before = await snapshot(dataSource);
    await scenario.run(writer);
    const unresolved = captured.unresolved.map(({ statement, entity }) => `${statement} ${entity}`).sort();
    const after = await snapshot(dataSource);
    const marks = [...new Set(await captured.marks())];

    const unknown = returns ? undefined : WITHOUT_RETURNING[scenario.write];
    const said = saidOf(scenario.marks, database)!;
    const expected = unknown ? [] : typeof said === 'function' ? await said(writer) : said;
    if (returns || !IGNORES.test(scenario.write)) expect(marks).toEqual([...expected].sort());
    else expect(marks).toEqual(expect.arrayContaining([...expected]));
    expect(unresolved).toEqual([...(unknown ?? saidOf(scenario.unresolved, database) ?? [])].sort());
    const led = markedDocuments(marks, after);
    if (unresolved.length === 0) expect(changedBetween(before, after).filter((key) => !led.has(key))).toEqual([]);
  };
  const titled = SCENARIOS.map((scenario) => [`${scenario.group}: ${scenario.write}`, scenario] as const);

  it.each(titled)('%s', (_, scenario) => check(scenario, { returns: true }));

  if (database === 'mariadb')
    describe('as on MySQL, where no statement returns rows', () => {
      type Supports = { _isReturningSqlSupported: Readonly<Record<string, boolean>> };
      let driver: Supports;
      let supported: Supports['_isReturningSqlSupported'];
      beforeAll(() => {
        driver = captured.dataSource.driver as unknown as Supports;
        supported = driver._isReturningSqlSupported;
        driver._isReturningSqlSupported = { insert: false, update: false, delete: false };
      });
      afterAll(() => {
        driver._isReturningSqlSupported = supported;
      });
      it.each(titled)('%s', (_, scenario) => check(scenario, { returns: false }));
    });
});
