import { PassThrough } from 'node:stream';
import picocolors from 'picocolors';
import { commandsIn } from '../../src/cli/called-commands';
import { nearest } from '../../src/cli/nearest';
import { painter, wantsColour } from '../../src/cli/output';
import { age, facts, figure, heading, line, span, table, toned } from '../../src/cli/parts';
import { plainLayout } from '../../src/cli/plain-layout';
import { progressOn } from '../../src/cli/progress';
import { partsWithConfig, withConfig } from '../../src/cli/recommended';
import { hider, secretsOfEnvironment, secretsOfOptions, secretsOfSource } from '../../src/cli/secrets';
import { terminalLayout } from '../../src/cli/terminal-layout';

const paint = painter(picocolors.createColors(false));
const unobserved = { observed: false, why: 'The engine is away.' } as const;
const parts = [
  heading('Movies'),
  facts(['Rows', 1_234], ['Documents', figure<number>(unobserved, (count) => count)]),
  table(
    ['Entity', 'Documents', 'Why'],
    [
      ['Movie', figure<number>(unobserved, (count) => count), 'because of this and that'],
      ['Director', 12, toned('as it is', 'good')],
    ],
  ),
];

describe('what is shown', () => {
  it('in a pipe: a label and its value, tables with tabs, and why something was not observed', () => {
    expect(plainLayout(paint)(parts)).toBe(
      [
        'Movies',
        'Rows: 1234',
        'Documents: not observed: The engine is away.',
        'Entity\tDocuments\tWhy',
        'Movie\tnot observed: The engine is away.\tbecause of this and that',
        'Director\t12\tas it is',
        '',
      ].join('\n'),
    );
  });

  it('in a terminal: aligned, the last column wrapped, and the reasons below', () => {
    expect(terminalLayout(paint, 52)(parts)).toBe(
      [
        'Movies',
        'Rows       1,234',
        'Documents  not observed: The engine is away.',
        '',
        'Entity           Documents  Why',
        'Movie     not observed [1]  because of this and',
        '                            that',
        'Director                12  as it is',
        '[1] not observed: The engine is away.',
        '',
      ].join('\n'),
    );
  });

  it('in a terminal that is narrower than a table: a block for each row, and no line that is wrapped', () => {
    const shown = terminalLayout(paint, 40)(parts);
    expect(shown.slice(shown.indexOf('Movie\n'))).toBe(
      [
        'Movie',
        '  Documents  not observed [1]',
        '  Why        because of this and that',
        '',
        'Director',
        '  Documents  12',
        '  Why        as it is',
        '[1] not observed: The engine is away.',
        '',
      ].join('\n'),
    );
  });

  it('the age of a moment in its largest unit', () => {
    const ages = [-5_000, 999, 1_000, 185_000, 7_300_000, 90_000_000_000].map((before) =>
      age(new Date(1e12 - before).toISOString(), new Date(1e12).toISOString()),
    );
    expect(ages).toEqual(['just now', 'just now', '1 s ago', '3 min ago', '2 h ago', '1041 d ago']);
  });

  it('what is recommended names the configuration that was given; what an index holds stays as it is', () => {
    const sentence = 'Go on: scrypath resume Movie, or scrypath settings apply Movie. A scrypath instance is none.';
    expect(withConfig(sentence, undefined)).toBe(sentence);
    const config = "it's.ts";
    expect(withConfig(sentence, config)).toBe(
      `Go on: scrypath --config 'it'\\''s.ts' resume Movie, or scrypath --config 'it'\\''s.ts' settings apply Movie. A scrypath instance is none.`,
    );
    expect(withConfig('scrypath --config a.ts resume Movie', 'b.ts')).toBe('scrypath --config a.ts resume Movie');
    const hits = table(['Title', 'Command'], [['scrypath status', 'scrypath status']]);
    expect(partsWithConfig([hits], 'a.ts')).toEqual([
      table(['Title', 'Command'], [['scrypath status', 'scrypath --config a.ts status']]),
    ]);
  });

  it('a remedy that names calls has the commands beside it, in its order', () => {
    expect(commandsIn('Call prepare() and fill it, or reindex().', 'Movie')).toEqual([
      'scrypath prepare',
      'scrypath reindex Movie',
    ]);
    expect(commandsIn('Check its value and its expiry.', 'Movie')).toEqual([]);
  });

  it('no text of a document or of an engine steers the terminal', () => {
    const hostile = 'a\u001b[2Jb\nc\td\u009be';
    for (const layout of [plainLayout(paint), terminalLayout(paint, 80)]) {
      const shown = layout([line(hostile), facts(['Title', hostile])]);
      for (const part of ['\u001b', '\u009b', 'b\nc', '\t']) expect(shown).not.toContain(part);
    }
  });

  it('colour by terminal, NO_COLOR, FORCE_COLOR and --no-color', () => {
    const wants = (isTTY: boolean, env = {}, color = true) =>
      wantsColour({ env, stdout: Object.assign(new PassThrough(), { isTTY }) }, { color });
    expect([wants(true), wants(false)]).toEqual([true, false]);
    expect([wants(true, { NO_COLOR: '1' }), wants(true, { NO_COLOR: '' }), wants(true, { TERM: 'dumb' })]).toEqual([
      false,
      true,
      false,
    ]);
    expect([wants(false, { FORCE_COLOR: '1' }), wants(true, { FORCE_COLOR: '0' })]).toEqual([true, false]);
    expect([wants(true, {}, false), wants(false, { FORCE_COLOR: '1' }, false)]).toEqual([false, false]);
  });

  it('time spans in their two largest units', () => {
    expect([0, 20, 999, 61_000, 3_600_000, 90_061_000].map(span)).toEqual([
      '0 ms',
      '20 ms',
      '1 s',
      '1 min 1 s',
      '1 h',
      '1 d 1 h',
    ]);
  });

  it('the nearest name, where one is near', () => {
    const names = ['status', 'settings', 'Movie'];
    expect(['statsu', 'movi', 'MOVIE', 'zebra', ''].map((given) => nearest(given, names))).toEqual([
      'status',
      'Movie',
      'Movie',
      null,
      null,
    ]);
  });
});

describe('progress', () => {
  const told = async (isTTY: boolean, quiet = false) => {
    const stderr = Object.assign(new PassThrough(), { isTTY, columns: 100 });
    const progress = await progressOn({ stderr, progressEveryMs: 0 }, { quiet });
    progress.begins('create');
    for (const rows of [0, 500, 1_000]) progress.at({ step: 'fill', rows, total: 2_000, rate: 100 });
    progress.at({ step: 'verify', rows: 10, total: null, rate: 5 });
    progress.end();
    return String(stderr.read() ?? '');
  };

  it('in a log a line now and then, with rate and the time that is left', async () => {
    expect(await told(false)).toBe(
      [
        'create',
        'fill: 0 of 2,000 rows, 100/s, ETA 20 s',
        'fill: 500 of 2,000 rows, 100/s, ETA 15 s',
        'fill: 1,000 of 2,000 rows, 100/s, ETA 10 s',
        'verify: 10 rows, 5/s',
        '',
      ].join('\n'),
    );
  });

  it('says nothing of the time that is left where none is', async () => {
    const stderr = new PassThrough();
    const progress = await progressOn({ stderr, progressEveryMs: 0 }, { quiet: false });
    progress.at({ step: 'fill', rows: 2_000, total: 2_000, rate: 100 });
    expect(String(stderr.read())).toBe('fill: 2,000 of 2,000 rows, 100/s\n');
  });

  it('in a terminal a bar for each step', async () => {
    const text = await told(true);
    expect(text).toMatch(/fill {2}=+-+ 50% {2}1,000 of 2,000 rows {2}100\/s, ETA 10 s/);
    expect(text).toContain('verify  10 rows  5/s');
  });

  it('nothing where it is quiet', async () => {
    expect([await told(false, true), await told(true, true)]).toEqual(['', '']);
  });
});

describe('secrets are hidden', () => {
  it('of the environment, of a source text, of options, and in addresses that nobody has named', () => {
    const secrets = [
      ...secretsOfEnvironment({
        ENGINE_KEY: 'from-env',
        DATABASE: 'postgres://me:p%40ss@host/db',
        PWD: '/home/me',
        HOME: '/home',
      }),
      ...secretsOfSource(`const apiKey = 'from-source'; ({ "password": "quoted", host: 'a-host' })`),
      ...secretsOfOptions({ type: 'postgres', replication: { master: { password: 'of-master' } }, database: 'shop' }),
    ];
    const text = 'from-env p%40ss p@ss from-source quoted of-master postgres://you:unknown@host /home/me a-host shop';
    expect(hider(secrets)(text)).toBe(
      '(hidden) (hidden) (hidden) (hidden) (hidden) (hidden) postgres://(hidden)@host /home/me a-host shop',
    );
  });
});
