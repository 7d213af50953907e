import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { trace } from '@opentelemetry/api';
import { instrument } from 'scrypath/opentelemetry';
import { onEveryStack } from '../stacks/stack';
import { aNote, CanaryNote } from '../telemetry/canary';
import { EVERYTHING_OPTIONS, isMeasured } from '../telemetry/everything';
import { until } from '../worker/senders';
import { Recording, useContextManager } from './recording';

useContextManager();
onEveryStack('what belongs to a span', (stack) => {
  if (!isMeasured(stack)) return;
  const opened = stack.use([CanaryNote], EVERYTHING_OPTIONS);
  const recording = new Recording();
  const tracer = recording.tracerProvider.getTracer('application');
  const notes = () => opened.for(CanaryNote);
  const saved = () => opened.dataSource.getRepository(CanaryNote).save(aNote());
  let stop = (): void => undefined;

  beforeAll(() => {
    ({ stop } = instrument(opened.scrypath, recording.providers));
  });
  afterAll(async () => {
    stop();
    await recording.shutdown();
  });
  beforeEach(() => recording.forget());

  /** Runs something as a request of the application. */
  const asRequest = <T>(run: () => Promise<T>): Promise<T> =>
    tracer.startActiveSpan('request', async (span) => {
      try {
        return await run();
      } finally {
        span.end();
      }
    });

  /** The names of a span and of all that it is inside of, the innermost first. */
  function pathOf(name: string): readonly string[] {
    const path: string[] = [];
    for (let span = recording.named(name)[0]; span !== undefined; span = recording.parentOf(span)) path.push(span.name);
    return path;
  }

  it('an operation belongs to the request that called it', async () => {
    const note = await saved();
    await asRequest(() => notes().syncRecord(note, { mode: 'inline' }));
    expect(pathOf('scrypath.sync')).toEqual(['scrypath.sync', 'request']);
    expect(pathOf('scrypath.worker.batch')).toEqual(['scrypath.worker.batch', 'scrypath.sync', 'request']);
    expect(pathOf('scrypath.worker.settle').slice(-2)).toEqual(['scrypath.sync', 'request']);
  });

  it('a statement of a hydration belongs to it, as whoever traces SQL sees it', async () => {
    await notes().syncRecord(await saved(), { mode: 'inline' });
    const inside: (string | undefined)[] = [];
    const { logger } = opened.dataSource;
    const logQuery = logger.logQuery.bind(logger);
    logger.logQuery = (...given) => {
      inside.push((trace.getActiveSpan() as { readonly name?: string } | undefined)?.name);
      logQuery(...given);
    };
    await notes().search('canarytitle', { hydrate: true });
    logger.logQuery = logQuery;
    expect(inside).toEqual(['scrypath.hydration']);
  });

  it('what a worker does belongs to no request, in which it was started or a change was made', async () => {
    const worker = opened.scrypath.worker({ pollMs: 20 });
    await asRequest(() => worker.start());
    await asRequest(saved);
    await until(() => recording.named('scrypath.worker.settle').length > 0);
    await worker.stop();
    expect(recording.named('scrypath.worker.batch').length).toBeGreaterThan(0);
    for (const name of ['scrypath.worker.batch', 'scrypath.worker.settle'])
      for (const span of recording.named(name)) expect(span.parentSpanContext).toBeUndefined();
  });

  if (stack.engine === 'meilisearch')
    it('a request to the engine belongs to its span, as whoever traces HTTP sees it', async () => {
      const inside: (string | undefined)[] = [];
      const listener = () => void inside.push((trace.getActiveSpan() as { readonly name?: string } | undefined)?.name);
      subscribe('http.client.request.start', listener);
      await notes().search('canarytitle');
      unsubscribe('http.client.request.start', listener);
      expect(inside).toEqual(['POST /indexes/:uid/search']);
    });
});
