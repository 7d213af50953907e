import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';
import { meilisearchProgram, startMeilisearch } from '../stacks/meilisearch-server.js';

const isThere = meilisearchProgram() !== null;
const onMeilisearch = isThere ? describe : describe.skip;

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    (response) => response.ok,
    () => false,
  );

async function eventually(holds: () => Promise<boolean>): Promise<boolean> {
  for (let look = 0; look < 200; look += 1) {
    if (await holds()) return true;
    await new Promise((next) => setTimeout(next, 50));
  }
  return false;
}

onMeilisearch(
  `a server for tests [meilisearch]${isThere ? '' : ' (skipped: no program "meilisearch" on the PATH)'}`,
  () => {
    it('refuses other keys, and is gone after stop()', async () => {
      const server = (await startMeilisearch())!;
      const status = async (key: string): Promise<number> =>
        (await fetch(`${server.url}/indexes`, { headers: { authorization: `Bearer ${key}` } })).status;
      expect([await status(server.apiKey), await status('another')]).toEqual([200, 403]);
      await server.stop();
      expect(await answers(server.url)).toBe(false);
    });

    it('does not outlive the process that started it, even one that is killed', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'scrypath-parent-'));
      const { code } = transformFileSync(resolve(__dirname, '../stacks/meilisearch-server.ts'), {
        module: { type: 'commonjs' },
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        swcrc: false,
      });
      writeFileSync(join(folder, 'server.js'), code);
      writeFileSync(
        join(folder, 'parent.js'),
        `require('./server.js').startMeilisearch().then((server) => console.log(server.url)); setInterval(() => {}, 1000);`,
      );
      const parent = spawn(process.execPath, [join(folder, 'parent.js')], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, TMPDIR: folder },
      });
      const url = await new Promise<string>((found) => {
        parent.stdout.once('data', (line: Buffer) => found(line.toString().trim()));
      });
      expect(await answers(url)).toBe(true);
      parent.kill('SIGKILL');
      expect(await eventually(async () => !(await answers(url)))).toBe(true);
      const databases = (): string[] => readdirSync(folder).filter((name) => name.startsWith('scrypath-meilisearch-'));
      expect(await eventually(async () => databases().length === 0)).toBe(true);
      rmSync(folder, { recursive: true, force: true });
    });
  },
);
