import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import SHORT_TIMES from '../processes/short-times.json';

const ROOT = resolve(__dirname, '../..');
/** Outside of the project: two packages of one name are too many for Jest. */
const BUILDS = join(tmpdir(), 'scrypath-cli');

/**
 * The package as it is built, with what is installed here, but for the short times: whoever goes on where another was killed need
 * not wait for half a minute. It is built once for each state of the sources.
 * @returns the folder, with package.json, dist and node_modules
 */
export function builtPackage(): string {
  const folder = join(BUILDS, `package-${stateOfSources()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(BUILDS, { recursive: true });
  for (const name of readdirSync(BUILDS))
    if (isOld(join(BUILDS, name))) rmSync(join(BUILDS, name), { recursive: true, force: true });
  const making = mkdtempSync(join(BUILDS, 'making-'));
  // Types are checked elsewhere; another test file may build at the same time.
  const options = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false', '--inlineSources', 'false'];
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(
    tsc,
    ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(making, 'dist'), ...options],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The package does not build: ${stdout}${stderr}`);
  for (const { file, find, replace } of SHORT_TIMES) {
    const built = join(making, file.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
    const text = readFileSync(built, 'utf8');
    if (!text.includes(find)) throw new Error(`${file} has no ${find} any more.`);
    writeFileSync(built, text.replace(find, replace));
  }
  cpSync(join(ROOT, 'package.json'), join(making, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(making, 'node_modules'), 'dir');
  try {
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Others may be at work with a younger one. */
const isOld = (path: string): boolean =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 24 * 3_600_000;

function stateOfSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  hash.update(JSON.stringify(SHORT_TIMES));
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(ROOT, 'src', file)));
  return hash
    .update(readFileSync(join(ROOT, 'package.json')))
    .digest('hex')
    .slice(0, 16);
}
