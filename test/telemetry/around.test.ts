import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type AroundSpan, aroundSpans } from 'scrypath';
import { detached } from '../../src/telemetry/detached';
import { span } from '../../src/telemetry/span';

const facts = { entity: 'Movie', index: 'movies' };

describe('aroundSpans', () => {
  const stops: (() => void)[] = [];
  const around = (given: AroundSpan) => stops.push(aroundSpans(given));
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  it('runs an operation inside, and has its last facts behind it', async () => {
    const seen: unknown[] = [];
    around(async (name, context, run) => {
      seen.push(name, { ...context });
      const result = await run();
      seen.push({ ...context });
      return result;
    });
    const result = await span('scrypath:search', facts, async (context: typeof facts & { hits?: number }) => {
      context.hits = 3;
      return 'found';
    });
    expect(result).toBe('found');
    expect(seen).toEqual(['scrypath:search', facts, { ...facts, hits: 3, durationMs: expect.any(Number) }]);
  });

  it('is told of a failure, which the caller gets too', async () => {
    const failure = new Error('It failed.');
    const seen: unknown[] = [];
    around((_name, context, run) => run().finally(() => seen.push({ ...context })));
    await expect(span('scrypath:search', facts, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(seen).toEqual([{ ...facts, error: failure, durationMs: expect.any(Number) }]);
  });

  it('holds its context for the operation and for those who subscribed to it; the first is outermost', async () => {
    const store = new AsyncLocalStorage<string>();
    const within = (name: string) =>
      around((_name, _context, run) => store.run(`${store.getStore() ?? ''}${name}`, run));
    within('a');
    within('b');
    const seen: (string | undefined)[] = [];
    const listener = () => void seen.push(store.getStore());
    subscribe('scrypath:search:start', listener);
    await span('scrypath:search', facts, async () => {
      await null;
      listener();
    });
    unsubscribe('scrypath:search:start', listener);
    expect(seen).toEqual(['ab', 'ab']);
  });

  it('is over when it is stopped; the same function given twice is stopped once for each', async () => {
    let runs = 0;
    const counting: AroundSpan = (_name, _context, run) => {
      runs += 1;
      return run();
    };
    const [first, second] = [aroundSpans(counting), aroundSpans(counting)];
    const run = () => span('scrypath:search', facts, async () => undefined);
    await run();
    first();
    first();
    await run();
    second();
    await run();
    expect(runs).toBe(3);
  });
});

it('what is detached is outside of the context of its caller, for as long as it lasts', async () => {
  const store = new AsyncLocalStorage<string>();
  const seen = await store.run('request', () =>
    detached(async () => {
      await null;
      return store.getStore();
    }),
  );
  expect(seen).toBeUndefined();
});
