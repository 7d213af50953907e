import { spawnSync } from 'node:child_process';
import { isWhole } from '../operator/things';
import { onEveryStack } from '../stacks/stack';
import { MovieApplication, ROWS } from './movie-application';

const MINUTES = 60_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what colours are made of
const COLOUR = /\u001b\[\d+m/;
const hasScript = spawnSync('script', ['--version']).status === 0;
const inTerminal = hasScript ? it : it.skip;
const named = (title: string) =>
  hasScript ? title : `${title} (skipped: no program script, of util-linux, on the PATH)`;

onEveryStack('the CLI as a process', (stack) => {
  if (!isWhole(stack)) return;
  let app: MovieApplication;
  beforeAll(async () => {
    app = await MovieApplication.open(stack);
  }, 2 * MINUTES);
  afterAll(() => app?.close());

  it(
    'killed in the middle of a backfill, it goes on with --resume and reads the rest alone',
    async () => {
      const words = ['backfill', 'Movie', '--yes', '--batch-size', '100'];
      const killed = await app.run(words, { ...app.env, APP_ENDS: '8', APP_ENDS_BY: 'SIGKILL' });
      expect(killed.signal).toBe('SIGKILL');

      const resume = () => app.run([...words, '--resume', '--json'], app.env);
      let resumed = await resume();
      // Whoever was killed counts as at work for some seconds.
      while (resumed.code === 1 && resumed.stdout.includes('BACKFILL_RUNNING')) resumed = await resume();
      expect(resumed).toMatchObject({ code: 0 });
      const report = JSON.parse(resumed.stdout) as { mode: string; rows: number };
      expect(report).toMatchObject({ mode: 'resumed' });
      expect(report.rows).toBeGreaterThan(0);
      expect(report.rows).toBeLessThan(ROWS);
      expect(await app.run(['verify', 'Movie'], app.env)).toMatchObject({ code: 0 });
    },
    2 * MINUTES,
  );

  it(
    'a worker says when it runs, brings what is dirty, and drains at SIGTERM and at Ctrl-C with exit 0',
    async () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        await app.sql(`DELETE FROM movie WHERE id = ${signal === 'SIGTERM' ? 1 : 2}`);
        const worker = app.start(['worker', '--poll-ms', '20'], app.env);
        await worker.said('The worker runs: Movie.');
        worker.child.kill(signal);
        const { code, stdout } = await worker.ended;
        expect(code).toBe(0);
        expect(stdout.trim().split('\n')).toEqual([
          expect.stringContaining('The worker runs: Movie.'),
          expect.stringContaining('It ends'),
          expect.stringContaining('The worker has ended.'),
        ]);
      }
    },
    2 * MINUTES,
  );

  // How a command is started, shown and ended is the same on every stack.
  if (stack.database !== 'sqlite') return;

  it(
    'stopped by Ctrl-C in the middle of a backfill, it exits 130 and says the command that goes on',
    async () => {
      const words = ['backfill', 'Movie', '--yes', '--batch-size', '100'];
      const stopped = await app.run(words, { ...app.env, APP_ENDS: '8', APP_ENDS_BY: 'SIGINT' });
      expect(stopped).toMatchObject({ code: 130, stdout: '' });
      const [, command] = /It goes on with: (scrypath .*)$/m.exec(stopped.stderr)!;
      expect(command).toBe('scrypath backfill Movie --resume --batch-size 100');

      const resumed = await app.shell(`${command} --yes --json`, { env: app.env }).ended;
      expect(resumed).toMatchObject({ code: 0 });
      const { mode, rows } = JSON.parse(resumed.stdout) as { mode: string; rows: number };
      expect(mode).toBe('resumed');
      expect(rows).toBeLessThan(ROWS);
    },
    2 * MINUTES,
  );

  it(
    'stopped in the middle of a reindex, the live index is as it was, and the command that it says goes on',
    async () => {
      const stopped = await app.run(['reindex', 'Movie', '--yes', '--batch-size', '100'], {
        ...app.env,
        APP_ENDS: '8',
        APP_ENDS_BY: 'SIGTERM',
      });
      expect(stopped).toMatchObject({ code: 143 });
      const [, command] = /It goes on with: (scrypath .*)$/m.exec(stopped.stderr)!;
      expect(await app.run(['status', 'Movie'], app.env)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/building \(failed\)/),
      });
      const resumed = await app.shell(`${command} --yes`, { env: app.env }).ended;
      expect({ code: resumed.code, stderr: resumed.stderr.match(/^[A-Z_]+: .*/m) }).toEqual({ code: 0, stderr: null });
      expect(await app.run(['rollback', 'Movie', '--yes', '--json'], app.env)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('"state":"rolled_back"'),
      });
    },
    2 * MINUTES,
  );

  it(
    'piped, it prints plain lines; with --json nothing else on stdout',
    async () => {
      await app.run(['repair', 'Movie', '--yes'], app.env);
      const piped = await app.run(['status'], app.env);
      expect(piped.code).toBe(0);
      expect(piped.stdout).not.toMatch(COLOUR);
      expect(piped.stdout).toMatch(/^Engine: (?:embedded|meilisearch)$/m);
      expect(piped.stdout).toMatch(new RegExp(`^Movie\t\\w+_movie\t${ROWS - 2}\t${ROWS - 2}\t0\t`, 'm'));
      expect(piped.stderr).toContain('The configuration is talkative.');
      expect((await app.run(['doctor'], { ...app.env, FORCE_COLOR: '1' })).stdout).toMatch(COLOUR);
      const json = await app.run(['status', 'Movie', '--json'], app.env);
      expect(JSON.parse(json.stdout)).toMatchObject({ entity: 'Movie', rows: { observed: true, value: ROWS - 2 } });
    },
    MINUTES,
  );

  it(
    'where the reader has had enough it ends quietly',
    async () => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
      const line = 'scrypath search Movie "" --size 500 | head -1; echo "ended ${PIPESTATUS[0]}"';
      const { stdout, stderr } = await app.shell(line, { env: app.env }).ended;
      expect(stdout).toMatch(/^\d[\d,]* hits, page 1\nended 0\n$/);
      expect(stderr).toBe('The configuration is talkative.\n');
    },
    MINUTES,
  );

  inTerminal(
    named('in a terminal it aligns tables, colours, and shows a bar with its rate'),
    async () => {
      const wide = 'stty cols 140; scrypath status';
      const status = await app.shell(wide, { terminal: true, env: app.env }).ended;
      expect(status.code).toBe(0);
      expect(status.stdout).toMatch(COLOUR);
      expect(status.stdout).not.toContain('\t');
      const plain = await app.shell(wide, { terminal: true, env: { ...app.env, NO_COLOR: '1' } }).ended;
      expect(plain.stdout).not.toMatch(COLOUR);
      expect(plain.stdout).toMatch(/^Entity {2}Index +Documents +Rows +Waiting/m);
      const narrow = await app.shell('stty cols 60; scrypath status', { terminal: true, env: app.env }).ended;
      expect(narrow.stdout).toMatch(/^ {2}Documents +[\d,]+/m);
      const filled = await app.shell('scrypath backfill Movie --yes --batch-size 100', { terminal: true, env: app.env })
        .ended;
      expect(filled.code).toBe(0);
      expect(filled.stdout).toMatch(
        /fill {2}[=-]+ \d+% {2}[\d,]+ of [\d,]+ rows {2}[\d,]+\/s(?:, ETA [^,]+)?, \d+ tasks? in the engine/,
      );
    },
    2 * MINUTES,
  );

  inTerminal(
    named('in a terminal it says what will happen and asks; without one it refuses'),
    async () => {
      const refused = await app.run(['backfill', 'Movie'], app.env);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(
        /Every row is written: the live index "\w+_movie" of Movie \(3,998 documents, 3,998 rows\)/,
      );
      expect(refused.stderr).toContain('--yes');

      const asked = app.shell('scrypath backfill Movie', { terminal: true, env: app.env });
      await asked.said('Go on? [y/N]');
      asked.child.stdin!.write('n\r');
      const no = await asked.ended;
      expect(no.code).toBe(1);
      expect(no.stdout).toContain('NOT_CONFIRMED');

      const again = app.shell('scrypath backfill Movie', { terminal: true, env: app.env });
      await again.said('Go on? [y/N]');
      again.child.stdin!.write('y\r');
      expect(await again.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('filled') });

      const interrupted = app.shell('scrypath backfill Movie', { terminal: true, env: app.env });
      await interrupted.said('Go on? [y/N]');
      interrupted.child.stdin!.write('\u0003');
      expect(await interrupted.ended).toMatchObject({
        code: 130,
        stdout: expect.stringContaining('Nothing was changed.'),
      });
    },
    2 * MINUTES,
  );
});
