import { COMMANDS } from '../../src/cli/commands';
import { argumentsOf } from '../../src/cli/program';
import { CASES, deploy, type Scene } from '../operator/drift-cases';
import { cli, type Given } from './in-process';
import { aScene, open } from './scene';

/** A run for which no instance is needed. */
const alone = (args: readonly string[], given: Given = {}) =>
  cli(null as never, args, { ...given, open: () => Promise.reject(new Error('The configuration was opened.')) });

describe('what there is not is refused, and what there is, is listed', () => {
  it.each<[string, readonly string[], RegExp]>([
    [
      'a command',
      ['statsu'],
      /^USAGE: There is no command "statsu"\.\nDid you mean status\?\nThere are: status, failed, /,
    ],
    [
      'a command of a group',
      ['settings', 'appyl', 'Thing'],
      /"appyl"\.\nDid you mean apply\?\nThere are: read, diff, plan, apply/,
    ],
    ['a group alone', ['settings'], /was given no command\.\n.*\nThere are: read, diff, plan, apply/],
    [
      'an option',
      ['status', '--jsn'],
      /^USAGE: There is no option "--jsn"\.\nDid you mean --json\?\nThere are: --no-count, /,
    ],
    [
      'an argument that is missing',
      ['verify'],
      /^USAGE: Missing required argument 'entity'\.\nUsage: scrypath verify \[options\] <entity>/,
    ],
    ['an argument too many', ['verify', 'Thing', 'Other'], /^USAGE: Too many arguments/],
    ['a number that is none', ['failed', '--limit', 'many'], /^USAGE: --limit was given "many", which is no number\./],
    [
      'a page of no rows',
      ['verify', 'Thing', '--page-size', '0'],
      /^USAGE: --page-size was given 0, which is no whole number from 1\./,
    ],
    [
      'a number below 0',
      ['backfill', 'Thing', '--partitions', '-1'],
      /^USAGE: --partitions was given -1, which is below 0\./,
    ],
    [
      'JSON that is none',
      ['search', 'Thing', 'x', '--filter', '{year'],
      /^USAGE: What --filter was given is no JSON\./,
    ],
  ])('%s', async (_, args, says) => {
    const { code, stdout, stderr } = await alone(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(says);
    expect(await alone([...args, '--json'])).toMatchObject({ code: 1, stderr: '', json: { error: { code: 'USAGE' } } });
  });

  it('an entity, an id, an order, an action, a rebuild', async () => {
    const { scrypath } = await aScene();
    for (const [args, says] of [
      [['verify', 'Thinq'], /^ENTITY_UNKNOWN: .*\nDid you mean Thing\?\nThere are: Thing\n$/],
      [['status', 'thing'], /^ENTITY_UNKNOWN: .*\nDid you mean Thing\?/],
      [['retry', 'x'], /^WORK_UNKNOWN: There is no failed work with the id "x"\./],
      [['discard', 'x', '--yes'], /^WORK_UNKNOWN: /],
      [['search', 'Thing', 'x', '--sort', 'name:up'], /^USAGE: "name:up" is no order\./],
      [['search', 'Thing', 'x', '--filter', '{"nothing":1}'], /^FIELD_NOT_DECLARED: |^QUERY_INVALID: /],
      [['reconcile', '--apply', 'mend:Thing'], /^USAGE: "mend:Thing" names no action\./],
      [['finish', 'Thing', '--yes'], /^REBUILD_UNKNOWN: .*\nBegin one with scrypath reindex Thing\./],
    ] as const) {
      const { code, stdout, stderr } = await cli(scrypath, args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(says);
    }
  });

  it('the ids that there are, are listed beside one that is not', async () => {
    const scene = await aScene();
    await CASES.find(({ kind }) => kind === 'discarded_work')!.make(scene);
    const { id } = (await scene.scrypath.failedWork()).items[0]!;
    const { code, stderr } = await cli(scene.scrypath, ['retry', 'x']);
    expect({ code, known: /There are: (.*)/.exec(stderr)![1] }).toEqual({ code: 1, known: id });
  });
});

describe('help and version', () => {
  it('of all, of each command, and when nothing is asked', async () => {
    for (const args of [['--help'], [], ['help']]) {
      const { code, stdout, stderr } = await alone(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const { name } of COMMANDS) expect(stdout).toContain(name.split(' ')[0]);
      expect(stdout).toContain('Exit codes: 0 fine, 1 an error, 2 drift or failed work was found');
    }
    for (const command of COMMANDS) {
      const { code, stdout } = await alone([...command.name.split(' '), '--help']);
      expect(code).toBe(0);
      for (const { flags } of command.options ?? []) expect(stdout).toContain(flags.split(' ')[0]);
      expect(stdout).toContain('--json');
    }
  });

  it('the version, and that of the JSON', async () => {
    const { version } = jest.requireActual('../../package.json') as { version: string };
    expect(await alone(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
    expect(await alone(['--version', '--json'])).toMatchObject({
      code: 0,
      stdout: `{"version":"${version}","json":1}\n`,
    });
  });
});

describe('exit codes', () => {
  it('2 for work that was given up, in status and failed; 0 without', async () => {
    const scene = await aScene();
    for (const args of [['status'], ['failed']]) expect(await cli(scene.scrypath, args)).toMatchObject({ code: 0 });
    await CASES.find(({ kind }) => kind === 'discarded_work')!.make(scene);
    for (const args of [['status'], ['failed'], ['failed', 'Thing'], ['drift', '--no-content']])
      expect(await cli(scene.scrypath, args)).toMatchObject({ code: 2 });
  });

  it('0 for tasks of the engine that nobody can retry, which are listed; 2 where one could', async () => {
    const { scrypath } = await aScene();
    const report = await scrypath.failedWork();
    const task = {
      id: 'engine:7',
      entity: 'Thing',
      path: null,
      key: null,
      state: 'discarded',
      reason: 'backend_rejected',
    };
    const item = {
      ...task,
      code: null,
      cause: null,
      attempts: 1,
      createdAt: null,
      retryAt: null,
      why: 'No row.',
    } as const;
    for (const [retryable, code] of [
      [false, 0],
      [true, 2],
    ] as const) {
      jest.spyOn(scrypath, 'failedWork').mockResolvedValueOnce({ ...report, items: [{ ...item, retryable }] } as never);
      expect(await cli(scrypath, ['failed'])).toMatchObject({ code, stdout: expect.stringContaining('engine:7') });
    }
  });

  it('1 where what was asked for could not be looked at, and nothing else is known to be wrong', async () => {
    const scene = await aScene();
    const away = () => Promise.reject(new Error('away'));
    jest.spyOn(scene.backend.indexes, 'stats').mockImplementation(away);
    jest.spyOn(scene.backend.indexes, 'get').mockImplementation(away);
    for (const args of [['status'], ['drift'], ['reconcile']]) {
      const { code, stdout } = await cli(scene.scrypath, args);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stdout).toContain('not observed: Error');
    }
    expect(await cli(scene.scrypath, ['status', '--no-count'])).toMatchObject({ code: 0 });
  });
});

describe('what nobody could look at', () => {
  it('is no failed look where `when` is declared and numbers alone were asked for; a look that fails is', async () => {
    const scene = { ...(await open(12)) } as Scene;
    await deploy('picky')(scene);
    await scene.things.backfill();
    for (const args of [['drift', '--no-content'], ['drift', 'Thing'], ['reconcile', '--no-content'], ['status']])
      expect({ args, code: (await cli(scene.scrypath, args)).code }).toEqual({ args, code: 0 });
    expect((await cli(scene.scrypath, ['drift', '--no-content'])).stdout).toContain('Documents: not observed: `when`');
    jest.spyOn(scene.backend.indexes, 'settings').mockRejectedValue(new Error('away'));
    expect(await cli(scene.scrypath, ['drift', '--no-content'])).toMatchObject({ code: 1 });
  });

  it('is told in status as an age, and of a queue that there is none as nothing', async () => {
    const { scrypath } = await aScene();
    const { entities, ...instance } = await scrypath.status();
    const at = '2026-01-01T00:03:10.000Z';
    const lastSuccessAt = { observed: true, value: '2026-01-01T00:00:00Z' };
    const told = { ...instance, at, entities: [{ ...entities[0], lastSuccessAt }] };
    jest.spyOn(scrypath, 'status').mockResolvedValue(told as never);
    const { stdout } = await cli(scrypath, ['status']);
    expect(stdout).toContain('\t3 min ago\t');
    expect(stdout).not.toContain('Jobs');
    const jobs = { observed: false, why: 'The queue is away.' };
    jest.spyOn(scrypath, 'status').mockResolvedValue({ ...told, jobs } as never);
    expect((await cli(scrypath, ['status'])).stdout).toContain('Jobs: not observed: The queue is away.');
  });
});

describe('what would be refused is not asked for', () => {
  it.each([
    ['abandon', 'kept'],
    ['cutover', 'kept'],
    ['rollback', 'ready'],
    ['finish', 'ready'],
  ] as const)('%s of a rebuild that is %s', async (step, state) => {
    const { scrypath, things } = await aScene();
    await things.reindex({ cutover: state === 'kept' });
    const { code, stderr } = await cli(scrypath, [step, 'Thing', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^REBUILD_STATE: The rebuild of Thing is ${state}: there is no ${step} of it`));
    expect((await things.rebuild())!.state).toBe(state);
  });

  it('a setting that there is not: one sentence, and the list once', async () => {
    const { scrypath } = await aScene();
    const { code, stderr } = await cli(scrypath, ['settings', 'apply', 'Thing', '--only', 'stopWord', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^USAGE: There is no setting "stopWord"\.\nDid you mean stopWords\?\nThere are: .*stopWords.*\n$/,
    );
    expect(stderr.match(/rankingRules/g)).toHaveLength(1);
  });

  it.each([['resume Thing'], ['reindex Thing --resume']])(
    '%s of one that is kept says that nothing was left to do',
    async (words) => {
      const { scrypath, things } = await aScene();
      await things.reindex();
      const { code, stdout, stderr } = await cli(scrypath, [...words.split(' '), '--yes']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^There was nothing to go on with: the rebuild was kept, and is\.$/m);
      expect(stderr).not.toContain('A new index');
    },
  );
});

describe('doctor', () => {
  it('names the command beside the call, with the configuration that was given', async () => {
    const scene = await aScene();
    await CASES.find(({ kind }) => kind === 'index_missing')!.make(scene);
    const { stdout, code } = await cli(scene.scrypath, ['doctor', '--config', 'a.ts']);
    expect(code).toBe(2);
    expect(stdout).toContain('scrypath --config a.ts prepare, or scrypath --config a.ts reindex Thing\n');
    expect(stdout).toContain('1 entity has an index.');
  });
});

describe('before something changes', () => {
  const asking = COMMANDS.filter(({ asks }) => asks === 'always');

  it('every command that asks is refused without a terminal and --yes, and did nothing', async () => {
    expect(asking.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['discard', 'repair', 'backfill', 'reindex', 'cutover', 'rollback', 'finish', 'abandon']),
    );
    for (const command of asking) {
      const scene = await aScene();
      if (command.name === 'discard') await CASES.find(({ kind }) => kind === 'discarded_work')!.make(scene);
      if (['resume', 'cutover', 'abandon'].includes(command.name)) await scene.things.reindex({ cutover: false });
      if (['rollback', 'finish'].includes(command.name)) await scene.things.reindex();
      const [item] = (await scene.scrypath.failedWork()).items;
      const values: Readonly<Record<string, string>> = { entity: 'Thing', id: item?.id ?? '' };
      const rebuild = (await scene.things.rebuild())?.state;
      const words = [...command.name.split(' '), ...argumentsOf(command).map(({ name }) => values[name]!)];
      const { code, stdout, stderr } = await cli(scene.scrypath, words);
      expect({ command: command.name, code, stdout }).toEqual({ command: command.name, code: 1, stdout: '' });
      expect(stderr).toMatch(/^.+\.\n(?:.+\n)?NOT_CONFIRMED: Nothing was done: .*\nGive --yes/);
      expect((await scene.things.rebuild())?.state).toBe(rebuild);
      expect((await scene.scrypath.failedWork()).items).toEqual(item === undefined ? [] : [item]);
    }
  });

  it('a person is asked, with names and numbers; only yes is yes', async () => {
    const { scrypath, things } = await aScene();
    const backfill = jest.spyOn(things, 'backfill');
    for (const types of ['', 'n', 'maybe']) {
      const { code, stderr } = await cli(scrypath, ['backfill', 'Thing'], { terminal: true, types });
      expect({ types, code }).toEqual({ types, code: 1 });
      expect(stderr).toContain(
        `Every row is written: the live index "${things.indexName}" of Thing (12 documents, 12 rows).`,
      );
    }
    expect(backfill).not.toHaveBeenCalled();
    expect(await cli(scrypath, ['backfill', 'Thing'], { terminal: true, types: 'y' })).toMatchObject({ code: 0 });
    expect(backfill).toHaveBeenCalledTimes(1);
  });
});

describe('a signal', () => {
  it('stops a look, and nothing was changed', async () => {
    const { scrypath, things } = await aScene();
    let send: (signal: 'SIGINT') => void = () => undefined;
    const verify = things.verify.bind(things);
    jest.spyOn(things, 'verify').mockImplementation((options) => {
      send('SIGINT');
      return verify(options);
    });
    const ran = await cli(scrypath, ['verify', 'Thing'], { signalled: (sends) => (send = sends) });
    expect(ran).toMatchObject({ code: 130, stdout: '' });
    expect(ran.stderr).toMatch(/^STOPPED: Stopped by SIGINT\. Nothing was changed\.\nRun it again\./m);
  });

  it('a second one ends the process at once', async () => {
    const { scrypath, things } = await aScene();
    let send: (signal: 'SIGTERM') => void = () => undefined;
    jest.spyOn(things, 'verify').mockImplementation(async () => {
      send('SIGTERM');
      send('SIGTERM');
      throw new Error('It went on.');
    });
    const ran = await cli(scrypath, ['verify', 'Thing'], { signalled: (sends) => (send = sends) });
    expect(ran.forced).toBe(143);
  });

  it('may be listened for once a request, without a warning of a leak', async () => {
    const { scrypath, things } = await aScene();
    const verify = jest.spyOn(things, 'verify');
    await cli(scrypath, ['verify', 'Thing']);
    // `getMaxListeners` takes no signal of this realm; the limit stands under a symbol of Node.
    const signal = verify.mock.calls[0]![0]!.signal! as unknown as Record<symbol, unknown>;
    const limit = Reflect.ownKeys(signal).find((one) => String(one).includes('maxEventTargetListeners)'));
    expect(signal[limit as symbol]).toBe(0);
  });

  it.each<['reindex' | 'repair', readonly string[], string]>([
    ['reindex', ['--no-cutover', '--batch-size', '10'], 'reindex Thing --resume --no-cutover --batch-size 10'],
    ['reindex', ['--no-keep-old', '--drop-foreign'], 'reindex Thing --resume --no-keep-old --drop-foreign'],
    [
      'repair',
      ['--max-keys', '5', '--kinds', 'missing,stale', '--no-wait'],
      'repair Thing --max-keys 5 --kinds missing,stale --no-wait',
    ],
  ])('what goes on with a %s is not less careful than what was asked for: %j', async (verb, options, goesOn) => {
    const { scrypath, things } = await aScene();
    let send: (signal: 'SIGINT') => void = () => undefined;
    jest.spyOn(things, verb).mockImplementation(async () => {
      send('SIGINT');
      throw new Error('stopped');
    });
    const ran = await cli(scrypath, [verb, 'Thing', '--yes', ...options], { signalled: (sends) => (send = sends) });
    const [, words] = /It goes on with: scrypath (.*)\n/.exec(ran.stderr)!;
    expect(words!.split(' --').sort()).toEqual(goesOn.split(' --').sort());
  });

  it('the command that goes on has the options of the one that was stopped, quoted for a shell', async () => {
    const { scrypath, things } = await aScene();
    let send: (signal: 'SIGINT') => void = () => undefined;
    jest.spyOn(things, 'backfill').mockImplementation(async ({ signal } = {}) => {
      send('SIGINT');
      signal!.throwIfAborted();
      return null as never;
    });
    const args = ['backfill', 'Thing', '--yes', '--batch-size', '10', '--config', "it's here.ts"];
    const { stderr } = await cli(scrypath, args, { signalled: (sends) => (send = sends) });
    expect(stderr).toContain(
      `It goes on with: scrypath --config 'it'\\''s here.ts' backfill Thing --resume --batch-size 10\n`,
    );
  });
});
