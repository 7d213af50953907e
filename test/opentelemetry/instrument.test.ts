import { setTimeout as after } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import type { Scrypath, Status } from 'scrypath';
import { type InstrumentOptions, instrument } from 'scrypath/opentelemetry';
import { Repository } from 'typeorm';
import { onEveryEngine } from '../stacks/stack';
import { aNote, CANARIES, CanaryNote, canariesIn } from '../telemetry/canary';
import { EVERYTHING_OPTIONS } from '../telemetry/everything';
import { isFailed, Recording, useContextManager } from './recording';

/** An instance of which nothing but its status is asked. */
const withStatus = (status: () => Promise<Status>): Scrypath => ({ status }) as unknown as Scrypath;
const observed = <T>(value: T) => ({ observed: true, value }) as const;
const unobserved = { observed: false, why: 'It is away.' } as const;

function aStatus(backlog: Status['entities'][number]['backlog'], oldestWaitingMs: number | null): Status {
  const work = { backlog, oldestWaitingMs: backlog.observed ? observed(oldestWaitingMs) : unobserved };
  return { entities: [{ entity: 'Movie', index: 'movies', ...work }] } as unknown as Status;
}
const NOTHING = { enqueued: 0, backend_accepted: 0, retrying: 0, discarded: 0 };

useContextManager();

describe('the gauges', () => {
  let recording: Recording;
  let stop = (): void => undefined;
  const observing = (status: () => Promise<Status>, options: InstrumentOptions = {}) => {
    ({ stop } = instrument(withStatus(status), { ...recording.providers, ...options }));
  };
  beforeEach(() => {
    recording = new Recording();
  });
  afterEach(async () => {
    stop();
    await recording.shutdown();
  });

  it('have the backlog by state, and the lag in seconds', async () => {
    observing(async () => aStatus(observed({ ...NOTHING, enqueued: 7, retrying: 2 }), 1_500));
    const states = (await recording.pointsOf('scrypath.backlog')).map(({ value, attributes }) => [
      attributes['scrypath.work.state'],
      value,
    ]);
    expect(Object.fromEntries(states)).toEqual({ ...NOTHING, enqueued: 7, retrying: 2 });
    expect(await recording.pointsOf('scrypath.lag')).toMatchObject([
      { value: 1.5, attributes: { 'scrypath.entity': 'Movie', 'db.collection.name': 'movies' } },
    ]);
  });

  it('have a lag of 0 where none waits', async () => {
    observing(async () => aStatus(observed(NOTHING), null));
    expect(await recording.pointsOf('scrypath.lag')).toMatchObject([{ value: 0 }]);
  });

  it('have no value where nothing was observed, and say so', async () => {
    observing(async () => aStatus(unobserved, null));
    expect(await recording.points()).toMatchObject([{ metric: 'scrypath.observed', value: 0 }]);
  });

  it('have no value where the look fails, and say so of what was seen before', async () => {
    let isClosed = false;
    observing(async () => {
      if (isClosed) throw new Error('It is closed.');
      return aStatus(observed(NOTHING), null);
    });
    expect(await recording.pointsOf('scrypath.observed')).toMatchObject([{ value: 1 }]);
    isClosed = true;
    expect(await recording.points()).toMatchObject([
      { metric: 'scrypath.observed', value: 0, attributes: { 'scrypath.entity': 'Movie' } },
    ]);
  });

  it('wait for a look no longer than they may, and begin no second one beside it', async () => {
    let looks = 0;
    let answer = (_: Status): void => undefined;
    const hanging = new Promise<Status>((resolve) => {
      answer = resolve;
    });
    observing(
      () => {
        looks += 1;
        return hanging;
      },
      { statusTimeoutMs: 20 },
    );
    expect(await recording.points()).toEqual([]);
    expect(await recording.points()).toEqual([]);
    expect(looks).toBe(1);
    answer(aStatus(observed(NOTHING), null));
    await after(0);
    expect(await recording.pointsOf('scrypath.lag')).toHaveLength(1);
    expect(looks).toBe(2);
  });

  it('are gone when it is stopped', async () => {
    observing(async () => aStatus(observed(NOTHING), null));
    expect(await recording.pointsOf('scrypath.lag')).toHaveLength(1);
    stop();
    stop();
    expect(await recording.points()).toEqual([]);
  });
});

onEveryEngine('an instrumented instance', (stack) => {
  const opened = stack.use([CanaryNote], EVERYTHING_OPTIONS);
  const notes = () => opened.for(CanaryNote);
  let recording: Recording;
  beforeEach(() => {
    recording = new Recording();
  });
  afterEach(() => recording.shutdown());

  it('has no spans of the looks at its own backlog', async () => {
    const { stop } = instrument(opened.scrypath, recording.providers);
    expect(await recording.pointsOf('scrypath.lag')).toHaveLength(1);
    stop();
    expect(recording.started).toEqual([]);
  });

  it('has one span for an operation, however often it was instrumented, until the last is stopped', async () => {
    const [first, second] = [
      instrument(opened.scrypath, recording.providers),
      instrument(opened.scrypath, recording.providers),
    ];
    await notes().search(CANARIES.query);
    expect(recording.named('scrypath.search')).toHaveLength(1);
    first.stop();
    first.stop();
    await notes().search(CANARIES.query);
    expect(recording.named('scrypath.search')).toHaveLength(2);
    second.stop();
    await notes().search(CANARIES.query);
    expect(recording.named('scrypath.search')).toHaveLength(2);
    expect(await recording.pointsOf('scrypath.search.duration')).toMatchObject([{ value: { count: 2 } }]);
  });

  it('makes its spans with the global provider, which may be registered later', async () => {
    const { stop } = instrument(opened.scrypath);
    await notes().search(CANARIES.query);
    trace.setGlobalTracerProvider(recording.tracerProvider);
    await notes().search(CANARIES.query);
    stop();
    trace.disable();
    expect(recording.named('scrypath.search')).toHaveLength(1);
  });

  it('ends a span that was under way when it was stopped', async () => {
    const { stop } = instrument(opened.scrypath, recording.providers);
    const search = notes().search(CANARIES.query);
    stop();
    await search;
    expect(recording.named('scrypath.search')).toHaveLength(1);
  });

  it('has the words of an error where they were asked for, and only there', async () => {
    await notes().syncRecord(await opened.dataSource.getRepository(CanaryNote).save(aNote()), { mode: 'inline' });
    const repository = new Repository(CanaryNote, opened.dataSource.manager);
    repository.find = () => Promise.reject(new Error(`There is no ${CANARIES.title}.`));
    const fail = async (recordExceptions: boolean) => {
      const { stop } = instrument(opened.scrypath, { ...recording.providers, recordExceptions });
      await expect(notes().search(CANARIES.title, { hydrate: { repository } })).rejects.toThrow();
      stop();
      const failed = recording.named('scrypath.hydration').filter(isFailed);
      expect(failed).toHaveLength(1);
      recording.forget();
      const { status, events } = failed[0]!;
      return canariesIn(JSON.stringify([status, events.map(({ attributes }) => attributes)]));
    };
    expect(await fail(false)).toEqual([]);
    expect(await fail(true)).toEqual([CANARIES.title]);
  });

  it('works where whoever processes spans throws', async () => {
    const broken = {
      getTracer: () => ({
        startSpan: () => {
          throw new Error('The processor of spans is broken.');
        },
      }),
    } as unknown as NonNullable<InstrumentOptions['tracerProvider']>;
    const { stop } = instrument(opened.scrypath, { ...recording.providers, tracerProvider: broken });
    expect(await notes().search(CANARIES.query)).toMatchObject({ hits: [] });
    stop();
  });

  it('refuses options that there are not, all at once', () => {
    const options = { meterProvider: 1, statusTimeoutMs: 0, keys: true } as unknown as InstrumentOptions;
    expect(() => instrument(opened.scrypath, options)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        problems: [
          'meterProvider must be a MeterProvider',
          expect.stringContaining('statusTimeoutMs must be milliseconds'),
          'keys is not an option',
        ],
      }),
    );
  });
});
