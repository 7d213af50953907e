import { ScrypathError } from 'scrypath';
import { onEveryStack } from '../stacks/stack';
import { CanaryNote, canariesIn } from './canary';
import { doEverything, EVERYTHING_OPTIONS, isMeasured } from './everything';
import { ALL_CHANNELS, ALL_SPANS, type Heard, hearEverything, membersOf } from './heard';
import { EVENT_MEMBERS, ofEngine, SPAN_MEMBERS } from './names';

const sorted = (members: readonly string[]) => [...members].sort().join(' ');

onEveryStack('what is published', (stack) => {
  if (!isMeasured(stack)) return;
  const opened = stack.use([CanaryNote], EVERYTHING_OPTIONS);
  let heard: readonly Heard[] = [];
  const of = (channel: string) => heard.filter((one) => one.channel === channel).map(({ message }) => message);

  beforeAll(async () => {
    const listening = hearEverything();
    try {
      await doEverything(stack, opened);
    } finally {
      listening.stop();
    }
    ({ heard } = listening);
  }, 180_000);

  it('has these names and members, and no others', () => {
    const spans = Object.entries(SPAN_MEMBERS).filter(([name]) => ofEngine(name, stack.engine));
    const expected = {
      ...Object.fromEntries(
        spans.flatMap(([name, { start, added }]) => [
          [`${name}:start`, sorted(start)],
          [`${name}:end`, sorted([...start, ...added, 'durationMs'])],
          [`${name}:error`, sorted([...start, 'durationMs', 'error'])],
        ]),
      ),
      ...Object.fromEntries(Object.entries(EVENT_MEMBERS).map(([name, members]) => [name, sorted(members)])),
      // A rebuild that was made has its target from the start.
      'scrypath:reindex:start': 'entity index operation target?',
      // The hits were found, and their records could not be read.
      'scrypath:search:error': 'durationMs entity error hits? index',
    };
    expect(membersOf(heard)).toEqual(expected);
    expect(sorted(ALL_SPANS)).toBe(sorted(Object.keys(SPAN_MEMBERS)));
    expect(Object.keys(expected).every((channel) => ALL_CHANNELS.includes(channel))).toBe(true);
  });

  it('begins each operation once, and ends it once: with an error, past its time, aborted and with nothing to do too', () => {
    for (const name of ALL_SPANS) {
      const ended = of(`${name}:end`).length + of(`${name}:error`).length;
      expect([name, ended]).toEqual([name, of(`${name}:start`).length]);
    }
    const failed = of('scrypath:sync:error').map(({ error }) =>
      ScrypathError.is(error) ? error.code : (error as Error).name,
    );
    expect(failed).toEqual(expect.arrayContaining(['BACKEND_UNREACHABLE', 'TASK_TIMEOUT', 'AbortError']));
    expect(of('scrypath:sync:end')).toContainEqual(expect.objectContaining({ status: 'noop', documents: 0 }));
    expect(of('scrypath:backfill:page:end')).not.toContainEqual(expect.objectContaining({ rows: 0 }));
  });

  it('tells what each batch of a worker came to', () => {
    const outcomes = new Set(of('scrypath:worker:batch:end').map(({ outcome }) => outcome));
    expect([...outcomes]).toEqual(expect.arrayContaining(['accepted', 'refused', 'outage', 'replaced']));
    expect(of('scrypath:worker:batch:end')).toContainEqual(
      expect.objectContaining({ entities: 1, indexes: 1, rows: 1, keys: 1, upserts: 1, deletes: 0 }),
    );
    expect(of('scrypath:worker:batch:end')).toContainEqual(expect.objectContaining({ upserts: 0, deletes: 1 }));
  });

  it('counts what was applied, by who had sent it', () => {
    for (const source of ['sync', 'outbox', 'backfill'])
      expect(of('scrypath:documents:applied')).toContainEqual({ entity: 'CanaryNote', documents: 1, source });
  });

  it('tells why work failed, as a class and a code', () => {
    const reasons = (channel: string) => of(channel).map(({ reason, code, rows }) => `${reason} ${code} ${rows}`);
    expect(reasons('scrypath:work:retrying')).toEqual(
      expect.arrayContaining([
        'unknown null 1',
        'transport BACKEND_UNREACHABLE 1',
        'backend_rejected invalid_document_fields 1',
      ]),
    );
    expect(reasons('scrypath:work:discarded')).toEqual(
      expect.arrayContaining(['validation PROJECTION_FAILED 1', 'backend_rejected invalid_document_fields 1']),
    );
  });

  it('tells the steps of a rebuild, and whose it is', () => {
    const steps = new Set(of('scrypath:reindex:step:end').map(({ step }) => step));
    expect([...steps].sort()).toEqual(['create', 'drop', 'fill', 'replay', 'swap', 'verify']);
    const operations = new Set(of('scrypath:reindex:end').map(({ operation }) => operation));
    expect([...operations].sort()).toEqual(['abandon', 'cutover', 'finish', 'reindex', 'resume', 'rollback']);
  });

  it('tells of a wait how its tasks ended', () => {
    const outcomes = new Set(of(`scrypath:${stack.engine}:task_wait:end`).map(({ outcome }) => outcome));
    expect([...outcomes]).toContain('succeeded');
  });

  it('holds no key, no text of a query, no value of a filter, no value of a record and no API key', () => {
    const told = heard.map(({ channel, message: { error, ...rest } }) => ({
      channel,
      ...rest,
      // What the caller gets: the words of the application and of the database are its own.
      error: ScrypathError.is(error) ? error.message : undefined,
    }));
    expect(canariesIn(JSON.stringify(told))).toEqual([]);
    expect(canariesIn(JSON.stringify(['Canarykey-1']))).toHaveLength(1);
  });
});
