import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ERROR_CODES, SPAN_NAMES, SYNC_MODES } from 'scrypath';

const ROOT = join(__dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const firstCells = (text: string): string[] => [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, cell]) => cell!);

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((file) => join('docs', file)),
];

it('docs/errors.md has a row for every error code, and for nothing else', () => {
  const rows = firstCells(read('docs/errors.md')).filter((cell) => /^[A-Z_]+$/.test(cell));
  expect(rows.sort()).toEqual([...ERROR_CODES].sort());
});

it('docs/telemetry.md has a row for every operation that publishes', () => {
  expect(firstCells(read('docs/telemetry.md'))).toEqual(expect.arrayContaining([...SPAN_NAMES]));
});

it.each(['README.md', 'docs/sync-modes.md'])('%s says what each sync mode promises', (file) => {
  const rows = [...read(file).matchAll(/^\| `([a-z]+)`(?: \(default\))? *\| the (?:engine|work) (?:has|is)/gm)].map(
    ([, mode]) => mode,
  );
  expect(rows).toEqual([...SYNC_MODES]);
});

it('docs/architecture.md names every folder of src, and no other', () => {
  const text = read('docs/architecture.md');
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const named = new Set([...text.matchAll(/`([a-z-]+)\/`/g)].map(([, folder]) => folder!));
  expect([...named].sort()).toEqual(folders.map(({ name }) => name).sort());
});

it('the changelog has an entry for the version of the package', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(read('CHANGELOG.md')).toContain(`\n## ${version}\n`);
});

describe('every link between documents leads somewhere', () => {
  it.each(documents)('%s', (file) => {
    const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    const broken = links.filter(([, path, anchor]) => {
      const target = path === '' ? file : join(dirname(file), path!);
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(read(target)).has(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** The anchors that a Markdown page gives its headings. */
const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
