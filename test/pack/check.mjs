// Builds and packs the package, and uses it from a clean folder, as an application does. One line a check; exits with 1
// where one does not hold.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const CONSUMER = join(ROOT, 'test', 'pack', 'consumer');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');
const nameOf = (door) => join(manifest.name, door);
const REQUIRED_PEERS = Object.keys(manifest.peerDependencies).filter((peer) => !manifest.peerDependenciesMeta[peer]);
const OPTIONAL_PEERS = Object.keys(manifest.peerDependenciesMeta);
// Mistakes of the package itself: the types of pg-boss 12.35 name one that was left out of them.
const FAULTY_TYPES = /node_modules\/pg-boss\/dist\/\w+\.d\.ts\S* error TS2724: .*ResolvedConstructorOptions/;

// Doors to a package that is loaded with them: who does not have it has no use for them.
const DOORS_TO_PEERS = new Map([['./nestjs', '@nestjs/common']]);

let failures = 0;

/** Prints whether the claim holds; what the test throws or returns, other than nothing, is what was wrong. */
function check(claim, test) {
  let wrong;
  try {
    wrong = test();
  } catch (error) {
    wrong = error.message;
  }
  if (wrong === undefined || wrong === '') console.log(`ok      ${claim}`);
  else {
    failures += 1;
    console.log(`NOT SO  ${claim}: ${wrong}`);
  }
}

function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(tellingLines(stdout + stderr) || `${program} ended with ${status}`);
  return stdout.trim();
}

/** The lines of a failed program's output that say what failed, without stacks and code. */
const tellingLines = (output) =>
  output
    .split('\n')
    .filter((line) => /^(?:npm error|\w*Error\b|.*error TS\d)/.test(line))
    .join(' | ');

const evaluate = (code, cwd) => run(process.execPath, ['--input-type=module', '--eval', code], cwd);
const evaluateCommonJs = (code, cwd) => run(process.execPath, ['--input-type=commonjs', '--eval', code], cwd);

const work = mkdtempSync(join(tmpdir(), 'scrypath-pack-'));
const clean = join(work, 'application');
try {
  checkAll();
} catch (error) {
  failures += 1;
  console.log(`NOT SO  ${error.message}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(failures === 0 ? 'The package holds.' : `${failures} of the checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;

function checkAll() {
  // Files of an earlier build would be packed too.
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  run('npm', ['run', '--silent', 'build'], ROOT);
  console.log('ok      the package builds');
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], ROOT));
  checkContents(packed.files.map(({ path }) => path));

  mkdirSync(clean);
  const overrides = packedDependencies();
  writeFileSync(join(clean, 'package.json'), JSON.stringify({ name: 'application', private: true, overrides }));
  // Without its peers, which are linked below: they need not be downloaded again, and can be left out one by one.
  run(
    'npm',
    ['install', '--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', join(work, packed.filename)],
    clean,
  );
  console.log('ok      it installs');

  for (const name of [...REQUIRED_PEERS, '@types/node']) link(name);
  checkWithoutOptionalPeers();
  for (const peer of OPTIONAL_PEERS) link(peer);
  checkDoors();
  checkPrograms();
  checkCommandLine();
  checkWalkThrough();
  checkTypes('with every peer', ['types.mts', 'types.cts'], doors.map(nameOf));
}

function checkContents(files) {
  check('it holds dist, README, LICENSE, CHANGELOG and package.json only', () =>
    files
      .filter(
        (file) =>
          !/^(?:dist\/.+\.(?:js|js\.map|d\.ts|json)|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/.test(file),
      )
      .join(', '),
  );
  check('it holds README, LICENSE and CHANGELOG', () =>
    ['README.md', 'LICENSE', 'CHANGELOG.md'].filter((file) => !files.includes(file)).join(', '),
  );
  check('what its exports name is in it', () =>
    doors
      .flatMap((door) => Object.values(manifest.exports[door]))
      .filter((file) => !files.includes(file.slice('./'.length)))
      .join(', '),
  );
}

/** What the package depends on, as it is installed here, packed: it need not be downloaded again. */
function packedDependencies() {
  const folders = new Map();
  const add = (name, from) => {
    const nested = join(from, 'node_modules', name);
    const folder = existsSync(nested) ? nested : join(ROOT, 'node_modules', name);
    if (folders.has(name) || !existsSync(folder)) return;
    folders.set(name, folder);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json')));
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) add(next, folder);
  };
  for (const name of Object.keys(manifest.dependencies ?? {})) add(name, ROOT);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', work, ...folders.values()];
  const packed = JSON.parse(run('npm', args, work));
  return Object.fromEntries(packed.map(({ name, filename }) => [name, `file:${join(work, filename)}`]));
}

/** The program that the package brings, as it is installed, with a configuration in TypeScript. */
function checkCommandLine() {
  const program = join(clean, 'node_modules', '.bin', manifest.name);
  check('npx scrypath runs, and says its version', () => {
    const said = run('npx', ['--no-install', manifest.name, '--version'], clean);
    return said === manifest.version ? undefined : `it says "${said}"`;
  });
  check('scrypath --help names the commands', () => {
    const said = run(program, ['--help'], clean);
    return /^ +reconcile .*/m.test(said) ? undefined : `it says "${said}"`;
  });
  check('scrypath loads a configuration in TypeScript, with decorators', () => {
    copyFileSync(join(CONSUMER, 'scrypath.config.ts'), join(clean, 'scrypath.config.ts'));
    const { indexes } = JSON.parse(run(program, ['prepare', '--json'], clean));
    return indexes.map(({ entity }) => entity).join() === 'Book' ? undefined : `it says "${JSON.stringify(indexes)}"`;
  });
}

function link(name) {
  const at = join(clean, 'node_modules', name);
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), at);
}

function checkWithoutOptionalPeers() {
  for (const [door, peer] of DOORS_TO_PEERS) {
    check(`${nameOf(door)} says that ${peer} is missing`, () => {
      const code = `try { require('${nameOf(door)}'); } catch (error) { console.log(error.code, error.message.includes("'${peer}'")); }`;
      const said = evaluateCommonJs(code, clean);
      return said === 'MODULE_NOT_FOUND true' ? undefined : `it says "${said}"`;
    });
  }
  for (const door of doors.filter((door) => !DOORS_TO_PEERS.has(door))) {
    check(`${nameOf(door)} loads without the optional peers`, () => {
      evaluate(`await import('${nameOf(door)}')`, clean);
      evaluateCommonJs(`require('${nameOf(door)}')`, clean);
    });
  }
  const missing = [
    ['embedded', 'embedded()', 'libsql'],
    ['embedded', 'libsqlDriver()', 'libsql'],
    ['meilisearch', "meilisearch({ host: 'http://127.0.0.1:7700' })", 'meilisearch'],
    ['pg-boss', "pgBoss({ connectionString: 'postgres://127.0.0.1/app' })", 'pg-boss'],
    ['bullmq', "bullmq({ connection: { host: '127.0.0.1' } })", 'bullmq'],
    ['opentelemetry', 'instrument({})', '@opentelemetry/api'],
  ];
  for (const [door, call, peer] of missing) {
    check(`${call} says that ${peer} is missing`, () => {
      const code = `import * as door from 'scrypath/${door}';
        try { door.${call}; } catch (error) { console.log(error.code, error.message.includes('npm install ${peer}')); }`;
      const said = evaluate(code, clean);
      return said === 'PEER_MISSING true' ? undefined : `it says "${said}"`;
    });
  }
  checkTypes('without the optional peers', [], ['scrypath', 'scrypath/embedded']);
}

function checkDoors() {
  for (const door of doors) {
    check(`import and require of ${nameOf(door)} give the same`, () => {
      const code = `import { createRequire } from 'node:module';
        import * as imported from '${nameOf(door)}';
        const required = createRequire(import.meta.url)('${nameOf(door)}');
        const names = Object.keys(required);
        if (names.length === 0) console.log('it exports nothing');
        console.log(names.filter((name) => imported[name] !== required[name]).join());`;
      return evaluate(code, clean);
    });
    check(`importing ${nameOf(door)} loads no optional peer`, () => {
      const code = `require('${nameOf(door)}');
        const optional = /node_modules.(?:@?libsql|@neon-rs|meilisearch|class-transformer|pg-boss|bullmq|ioredis|@opentelemetry)\\b/;
        const loaded = Object.keys(require.cache).filter((file) => optional.test(file.replace(/^.*scrypath.dist/, '')));
        console.log(loaded.join());`;
      return evaluateCommonJs(code, clean);
    });
  }
  check('the manifest can be read as scrypath/package.json', () => {
    const version = evaluateCommonJs("console.log(require('scrypath/package.json').version)", clean);
    return version === manifest.version ? undefined : `it says ${version}`;
  });
  check('nothing else of the package can be imported', () => {
    const code = "try { require('scrypath/dist/index.js'); } catch (error) { console.log(error.code); }";
    const said = evaluateCommonJs(code, clean);
    return said === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? undefined : `it says "${said}"`;
  });
}

function checkPrograms() {
  const expected = 'completed The Left Hand of Darkness {"1969":1} function';
  for (const [kind, file] of [
    ['an ES module', 'program.mjs'],
    ['a CommonJS program', 'program.cjs'],
  ]) {
    check(`${kind} indexes, searches and gets its records`, () => {
      copyFileSync(join(CONSUMER, file), join(clean, file));
      const printed = run(process.execPath, [file], clean);
      return printed === expected ? undefined : `it prints "${printed}"`;
    });
  }
}

/** Does what docs/getting-started.md says: its compiler options, its files, and what they print. */
function checkWalkThrough() {
  const document = readFileSync(join(ROOT, 'docs', 'getting-started.md'), 'utf8');
  const folder = join(clean, 'walk-through');
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), /```json\n(.*?)```/s.exec(document)[1]);
  const files = [...document.matchAll(/```ts title=(\S+).*?\n(.*?)```/gs)];
  for (const [, name, code] of files) writeFileSync(join(folder, 'src', name), code);
  check(`the ${files.length} files of docs/getting-started.md compile and print what it says`, () => {
    run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['--pretty', 'false'], folder);
    const printed = run(process.execPath, ['dist/search.js'], folder);
    const said = /```ts title=search\.ts run.*?```txt\n(.*?)\n```/s.exec(document)[1];
    return printed === said ? undefined : `it prints "${printed}"`;
  });
}

/** Compiles programs, and a bare import of each door, as ES modules and as CommonJS. The package's own types are checked too. */
function checkTypes(circumstance, programs, imported) {
  const folder = join(clean, `types-${circumstance.replaceAll(' ', '-')}`);
  mkdirSync(folder);
  for (const program of programs) copyFileSync(join(CONSUMER, 'types.ts'), join(folder, program));
  const imports = imported.map((name, at) => `export * as door${at} from '${name}';\n`).join('');
  for (const file of ['doors.mts', 'doors.cts']) writeFileSync(join(folder, file), imports);
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts', '*.cts'] }));
  check(`its types compile under nodenext, as ES modules and CommonJS, ${circumstance}`, () => {
    try {
      run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-p', folder, '--pretty', 'false'], clean);
      return undefined;
    } catch (error) {
      return error.message
        .split(' | ')
        .filter((line) => !FAULTY_TYPES.test(line))
        .join(' | ');
    }
  });
}
