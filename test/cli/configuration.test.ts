import { reachable } from '../stacks/reachable';
import { Application } from './application';

const MINUTES = 60_000;
const CANARY = 'canary-7f3a91';

const ENTITY = `
import { Searchable } from 'scrypath';
import { Column, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn, type Relation } from 'typeorm';

@Entity()
export class Director {
  @PrimaryGeneratedColumn() readonly id!: number;
  @Column({ default: 'nobody' }) 'name': string;
  @OneToMany(() => Film, (film) => film.director) films!: Relation<Film>[];
}

@Entity()
@Searchable()
export class Film {
  @PrimaryGeneratedColumn() id!: number;
  @Searchable() @Column() title!: string;
  @Column() seen: boolean = false;
  @Searchable('name') @ManyToOne(() => Director, (director) => director.films) director!: Relation<Director>;
}
`;
const OPTIONS = `{ type: 'better-sqlite3', driver: libsqlDriver(), database: ':memory:', synchronize: true, entities: ENTITIES }`;
const TYPESCRIPT = `
import { Scrypath } from 'scrypath';
import { embedded, libsqlDriver } from 'scrypath/embedded';
import { DataSource } from 'typeorm';
import { Director, Film } from '@entities/film';

const dataSource = new DataSource(${OPTIONS.replace('ENTITIES', '[Director, Film]')});
export default new Scrypath({ dataSource, backend: embedded() });
`;
const SCHEMA = `new EntitySchema({
  name: 'Film',
  columns: { id: { type: Number, primary: true }, title: { type: String } },
})`;
const scriptOf = (exported: (made: string) => string) => `
const Film = ${SCHEMA};
const dataSource = new DataSource(${OPTIONS.replace('ENTITIES', '[Film]')});
const entities = [describe(Film, { fields: { title: { searchable: true } } })];
${exported('new Scrypath({ dataSource, entities, backend: embedded() })')}
`;
const imports = `
import { describe, Scrypath } from 'scrypath';
import { embedded, libsqlDriver } from 'scrypath/embedded';
import { DataSource, EntitySchema } from 'typeorm';
`;
const requires = `
const { describe, Scrypath } = require('scrypath');
const { embedded, libsqlDriver } = require('scrypath/embedded');
const { DataSource, EntitySchema } = require('typeorm');
`;

let app: Application;
beforeAll(() => {
  app = new Application({
    'entities/film.ts': ENTITY,
    'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@entities/*': ['./entities/*'] } } }),
  });
}, 2 * MINUTES);
afterAll(() => app?.remove());

describe('a configuration is loaded', () => {
  const made = (value: string) => `module.exports = ${value};`;
  it.each<[string, string, string]>([
    ['TypeScript, with decorators, their types and paths', 'scrypath.config.ts', TYPESCRIPT],
    ['TypeScript as a module', 'scrypath.config.mts', TYPESCRIPT],
    ['TypeScript as CommonJS', 'scrypath.config.cts', TYPESCRIPT.replace('export default', 'export =')],
    [
      'an ES module, of an async function',
      'scrypath.config.mjs',
      imports + scriptOf((one) => `export default async () => ${one};`),
    ],
    ['CommonJS', 'scrypath.config.cjs', requires + scriptOf(made)],
    [
      'JavaScript, compiled to CommonJS',
      'scrypath.config.js',
      requires + scriptOf((one) => `exports.__esModule = true; exports.default = ${one};`),
    ],
  ])(
    '%s, found from a folder below',
    async (_, name, source) => {
      const folder = `of-${name.split('.').at(-1)}`;
      app.write({ [`${folder}/${name}`]: source, [`${folder}/below/readme.txt`]: '' });
      const { code, stdout, stderr } = await app.run(['prepare', '--json'], {}, `${folder}/below`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ indexes: [{ entity: 'Film', created: true }] });
    },
    MINUTES,
  );
});

describe('what is wrong is one sentence, and what to do another; no stack unless --debug, and no secret ever', () => {
  const { databases, engines } = reachable();
  const server = databases.postgres.there ? new URL(databases.postgres.at.url!) : null;
  const engine = engines.meilisearch.there ? engines.meilisearch.at : null;
  const on = (options: string, backend = 'embedded()', more = '') =>
    `${requires.replace('embedded, ', 'embedded, ')}const { meilisearch } = require('scrypath/meilisearch');
    const Film = ${SCHEMA};
    const dataSource = new DataSource({ ${options}, entities: [Film] });
    const entities = [describe(Film, { fields: { title: { searchable: true } } })];
    module.exports = new Scrypath({ dataSource, entities, backend: ${backend}${more} });`;
  const memory = `type: 'better-sqlite3', driver: libsqlDriver(), database: ':memory:', synchronize: true`;
  const addressOf = (change: (url: URL) => void) => {
    const url = new URL(server ?? 'postgres://127.0.0.1:5432/postgres');
    change(url);
    return `type: 'postgres', url: '${url.href}'`;
  };

  interface Bad {
    readonly title: string;
    readonly config: string | null;
    readonly args?: readonly string[];
    readonly says: RegExp;
    /** Why it cannot be tried here. */
    readonly without?: string | false;
  }
  const CASES: readonly Bad[] = [
    { title: 'no configuration', config: null, says: /^CONFIG_MISSING: .*\n.*--config/ },
    {
      title: 'one that throws',
      config: `const apiKey = '${CANARY}'; throw new Error('it cannot be, with ' + apiKey);`,
      says: /^CONFIG_FAILED: bad\.config\.cjs could not be loaded: Error: it cannot be, with \(hidden\)\.\nCorrect it/,
    },
    {
      title: 'one that throws what stands in the environment',
      config: `throw new Error(process.env.APP_API_KEY);`,
      says: /^CONFIG_FAILED: .*\(hidden\)/,
    },
    { title: 'one that throws no error', config: `throw 'no';`, says: /^CONFIG_FAILED: .*an error that is no Error/ },
    {
      title: 'one that does not compile',
      config: `const apiKey = '${CANARY}' oops;`,
      says: /^CONFIG_FAILED: .*SyntaxError: /,
    },
    { title: 'one that imports what is not there', config: `require('nowhere');`, says: /^CONFIG_FAILED: .*nowhere/ },
    {
      title: 'one that exports something else',
      config: `module.exports = new Map();`,
      says: /^CONFIG_INVALID: bad\.config\.cjs exports a Map as its default, and no Scrypath\.\nExport the Scrypath/,
    },
    {
      title: 'one that fails in the background',
      config: `module.exports = () => new Promise(() => setImmediate(() => { throw new Error('with ' + process.env.APP_API_KEY); }));`,
      says: /^UNEXPECTED: .*with \(hidden\)/,
    },
    { title: 'one that exports nothing', config: '', says: /^CONFIG_INVALID: / },
    {
      title: 'options that do not hold',
      config: `${requires} new Scrypath({ apiKey: '${CANARY}' });`,
      says: /^OPTION_INVALID: .*apiKey is not an option/,
    },
    {
      title: 'a database that is not there',
      config: on(`type: 'postgres', url: 'postgres://somebody:${CANARY}@127.0.0.1:9/app'`),
      says: /^DATABASE_UNREACHABLE: The database \(postgres at 127\.0\.0\.1:9\) cannot be reached \(ECONNREFUSED\)\.\nCheck that it runs/,
    },
    {
      title: 'a database that has no such name',
      config: on(addressOf((url) => Object.assign(url, { pathname: '/no_such_database', password: CANARY }))),
      says: /^DATABASE_REFUSED: The database \(postgres at .*\) refuses the connection \(3D000\)\./,
      without: server === null && 'no PostgreSQL',
    },
    {
      title: 'tables of the outbox that are missing',
      config: on(
        addressOf((url) => Object.assign(url, { password: CANARY })),
        'embedded()',
        ', outbox: true',
      ),
      args: ['failed'],
      says: /^TABLES_MISSING: A table is missing in the database\.\nRun your migrations; that of the outbox is made by scrypath --config \S+ migration:generate\./,
      without: server === null && 'no PostgreSQL',
    },
    {
      title: 'an engine that is not there',
      config: on(memory, `meilisearch({ host: 'http://127.0.0.1:9', apiKey: '${CANARY}' })`),
      args: ['search', 'Film', 'x'],
      says: /^BACKEND_UNREACHABLE: /,
    },
    {
      title: 'a key that the engine refuses',
      config: on(memory, `meilisearch({ host: '${engine?.url}', apiKey: '${CANARY}' })`),
      args: ['search', 'Film', 'x'],
      says: /^BACKEND_FORBIDDEN: /,
      without: engine === null && 'no Meilisearch',
    },
    {
      title: 'an index that is missing',
      config: on(memory),
      args: ['verify', 'Film'],
      says: /^INDEX_NOT_FOUND: .*\nMake the index with scrypath --config \S+ prepare/,
    },
  ];

  it.each(CASES.filter(({ without }) => !without))(
    '$title',
    async ({ config, args = ['status'], says }) => {
      if (config !== null) app.write({ 'bad.config.cjs': config });
      const words = [...args, ...(config === null ? [] : ['--config', 'bad.config.cjs'])];
      const env = { APP_API_KEY: CANARY };
      const [plain, debugged] = await Promise.all([app.run(words, env), app.run([...words, '--json', '--debug'], env)]);
      expect(plain).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(says) });
      expect(plain.stderr).not.toMatch(/^\s+at /m);
      expect(debugged.code).toBe(1);
      const { error } = JSON.parse(debugged.stdout) as { error: { code: string; happened: string; remedy: string } };
      expect(plain.stderr.startsWith(`${error.code}: ${error.happened}\n`)).toBe(true);
      expect(error.remedy).toEqual(expect.stringMatching(/\.$/));
      for (const { stdout, stderr } of [plain, debugged]) expect(stdout + stderr).not.toContain(CANARY);
    },
    MINUTES,
  );
  const skipped = CASES.filter(({ without }) => without);
  if (skipped.length > 0) it.skip.each(skipped)('$title (skipped: $without)', () => undefined);

  it(
    'what could not be looked at is not observed, with the reason, and never 0',
    async () => {
      app.write({ 'bad.config.cjs': on(memory, `meilisearch({ host: 'http://127.0.0.1:9', apiKey: '${CANARY}' })`) });
      const { code, stdout } = await app.run(['status', '--config', 'bad.config.cjs']);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^Engine queue: not observed: BACKEND_UNREACHABLE: /m);
      expect(stdout).toMatch(/^Film\tfilm\tnot observed: BACKEND_UNREACHABLE: [^\t]*\t0\t/m);
      expect(stdout).not.toContain(CANARY);
    },
    MINUTES,
  );
});

describe('the help', () => {
  it('loads neither TypeORM, nor the configuration, nor what else a command may need', async () => {
    app.write({ 'help/scrypath.config.cjs': `throw new Error('it was loaded');` });
    const probe = `process.on('exit', () => console.error(Object.keys(require.cache).filter((file) => /node_modules/.test(file)).map((file) => file.replace(/.*node_modules.([^/]+).*/, '$1')).join()));`;
    app.write({ 'probe.cjs': probe });
    const env = { NODE_OPTIONS: `-r ${app.folder}/probe.cjs` };
    const { code, stdout, stderr } = await app.run(['--help'], env, 'help');
    expect({ code, loaded: [...new Set(stderr.trim().split(','))] }).toEqual({ code: 0, loaded: ['commander'] });
    expect(stdout).toContain('Usage: scrypath');
  });
});
