import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const SRC = join(__dirname, '../src');

/**
 * What each folder may import, besides itself: imports point one way. `.` is the door `index.ts` and the facade that wires
 * the parts together.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  telemetry: [],
  document: ['errors'],
  metadata: ['document', 'errors'],
  decorators: ['metadata'],
  projection: ['metadata', 'document', 'errors'],
  query: ['metadata', 'document', 'errors'],
  outbox: ['metadata', 'document', 'errors', 'telemetry'],
  'fan-out': ['outbox', 'metadata', 'document', 'errors'],
  triggers: ['fan-out', 'outbox', 'metadata', 'errors'],
  backend: ['query', 'metadata', 'document', 'errors'],
  records: ['metadata', 'document'],
  hydration: ['records', 'metadata', 'document', 'telemetry'],
  search: ['hydration', 'backend', 'query', 'projection', 'metadata', 'document', 'telemetry'],
  worker: ['queue', 'outbox', 'records', 'projection', 'backend', 'metadata', 'document', 'errors', 'telemetry'],
  sync: ['worker', 'outbox', 'records', 'projection', 'backend', 'metadata', 'document', 'errors', 'telemetry'],
  verify: ['outbox', 'records', 'projection', 'backend', 'metadata', 'document', 'errors', 'telemetry'],
  backfill: ['outbox', 'records', 'projection', 'backend', 'metadata', 'document', 'errors', 'telemetry'],
  reindex: [
    ...['settings', 'sync', 'verify', 'backfill', 'worker', 'outbox', 'records', 'projection', 'backend'],
    ...['metadata', 'document', 'errors', 'telemetry'],
  ],
  capture: ['sync', 'fan-out', 'outbox', 'metadata', 'document', 'errors', 'telemetry'],
  settings: ['backend', 'metadata', 'errors'],
  operator: [
    ...['reindex', 'settings', 'sync', 'verify', 'triggers', 'fan-out', 'worker', 'queue', 'outbox', 'projection'],
    ...['backend', 'metadata', 'document', 'errors', 'telemetry'],
  ],
  options: ['worker', 'queue', 'outbox', 'backend', 'metadata', 'telemetry', 'errors'],
  '.': [
    'options',
    'operator',
    'settings',
    'capture',
    'reindex',
    'sync',
    'verify',
    'backfill',
    'worker',
    'queue',
    'triggers',
    'fan-out',
    'outbox',
    'search',
    'hydration',
    'records',
    'backend',
    'query',
    'projection',
    'decorators',
    'metadata',
    'document',
    'telemetry',
    'errors',
  ],
  queue: ['outbox', 'errors', 'telemetry'],
  meilisearch: ['backend', 'query', 'metadata', 'document', 'telemetry', 'errors'],
  embedded: ['backend', 'query', 'metadata', 'document', 'telemetry', 'errors'],
  'pg-boss': ['queue', 'outbox', 'errors', 'telemetry'],
  bullmq: ['queue', 'outbox', 'errors', 'telemetry'],
  cli: ['.'],
  nestjs: ['.', 'embedded', 'testing'],
  opentelemetry: ['.'],
  testing: ['.', 'embedded', 'queue', 'outbox', 'backend', 'query', 'metadata', 'document', 'errors'],
};
const ENGINES = ['meilisearch', 'embedded'];
const QUEUES = ['pg-boss', 'bullmq'];
const DOORS = ['testing', 'nestjs', 'opentelemetry', ...ENGINES, ...QUEUES];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const folderOf = (file: string) => (file.includes('/') ? file.split('/')[0]! : '.');
const codeOf = (file: string) =>
  readFileSync(join(SRC, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

const imports: Import[] = files.flatMap((from) => {
  const statements = codeOf(from).matchAll(
    /^(?:import|export)\s+(type\s+)?[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm,
  );
  return [...statements].map(([, type, first, second, third]) => {
    const specifier = (first ?? second ?? third)!;
    const to = specifier.startsWith('.')
      ? normalize(join(dirname(from), specifier)).replace(/\.js$/, '.ts')
      : specifier;
    return { from, to, typeOnly: type !== undefined };
  });
});
const inside = imports.filter(({ to }) => files.includes(to));

it('every folder of src is a known concept', () => {
  expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  expect(inside.length).toBeGreaterThan(100);
});

it('imports point one way', () => {
  const wrong = inside
    .filter(({ from, to }) => folderOf(from) !== folderOf(to) && !MAY_IMPORT[folderOf(from)]?.includes(folderOf(to)))
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
});

it('the rule itself has no cycle', () => {
  const reaches = (folder: string, seen: readonly string[] = []): string[] =>
    (MAY_IMPORT[folder] ?? []).flatMap((next) =>
      seen.includes(next) ? [[...seen, next].join(' → ')] : reaches(next, [...seen, next]),
    );
  expect(Object.keys(MAY_IMPORT).flatMap((folder) => reaches(folder, [folder]))).toEqual([]);
});

it('no file imports itself in a circle', () => {
  const next = new Map(
    files.map((file) => [file, inside.filter(({ from, typeOnly }) => from === file && !typeOnly).map(({ to }) => to)]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    else if (!done.has(file)) {
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    }
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

it('a door is entered by its index, and only ways in look through it', () => {
  const wrong = inside
    .filter(
      ({ from, to }) => DOORS.includes(folderOf(to)) && folderOf(from) !== folderOf(to) && !to.endsWith('/index.ts'),
    )
    .map(({ from, to }) => `${from} → ${to}`);
  expect(wrong).toEqual([]);
  const { exports } = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const doors = Object.keys(exports).filter((name) => name !== '.' && name !== './package.json');
  expect(doors.sort()).toEqual(DOORS.map((door) => `./${door}`).sort());
});

it('no core folder names an engine', () => {
  const named = files
    .filter((file) => !DOORS.includes(folderOf(file)))
    .filter((file) => /meilisearch|\blibsql\b|from '\.\.?\/(\.\.\/)*embedded/i.test(codeOf(file)));
  expect(named).toEqual([]);
});

it('the core loads TypeORM, reflect-metadata and Node only; what else is optional stays behind its door', () => {
  const outside = imports
    .filter(
      ({ from, to, typeOnly }) =>
        !typeOnly && ![...DOORS, 'cli'].includes(folderOf(from)) && !files.includes(to) && !to.startsWith('.'),
    )
    .map(({ to }) => to.split('/')[0]!);
  expect([...new Set(outside)].sort()).toEqual([
    'node:async_hooks',
    'node:crypto',
    'node:diagnostics_channel',
    'node:module',
    'node:os',
    'reflect-metadata',
    'typeorm',
  ]);
});

it('the CLI knows types of the public names alone: the instance comes from the configuration', () => {
  const beyond = inside.filter(({ from, to }) => folderOf(from) === 'cli' && folderOf(to) !== 'cli');
  expect(beyond.length).toBeGreaterThan(0);
  expect(beyond.filter(({ to, typeOnly }) => to !== 'index.ts' || !typeOnly)).toEqual([]);
});

it('OpenTelemetry is shown what public names show', () => {
  const beyond = inside.filter(({ from, to }) => folderOf(from) === 'opentelemetry' && folderOf(to) === '.');
  expect([...new Set(beyond.map(({ to }) => to))]).toEqual(['index.ts']);
});

it('there is no folder for what belongs nowhere', () => {
  const folders = files.flatMap((file) => dirname(file).split('/'));
  expect(folders.filter((folder) => /^(utils?|helpers?|common|misc|lib)$/.test(folder))).toEqual([]);
});
