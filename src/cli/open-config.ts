import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DataSource } from 'typeorm';
import type { Scrypath } from '../index.js';
import { CliError } from './cli-error.js';
import { addressOf, firstLine, isOfVerb, ofDatabase } from './failure.js';
import { fieldDecorators } from './field-decorators.js';
import { secretsOfOptions, secretsOfSource } from './secrets.js';

/** An opened configuration. */
export interface OpenedConfig {
  readonly scrypath: Scrypath;
  /** Closes the instance and its DataSource. */
  close(): Promise<void>;
}

export const CONFIG_NAMES = Object.freeze(
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((extension) => `scrypath.config.${extension}`),
);

/**
 * Loads the configuration and connects its DataSource, where that is not done. It starts nothing.
 * @param file as it was given; left out it is looked for from `cwd` upwards
 * @param secrets is given what must never be shown, as soon as it is known
 * @throws CliError `CONFIG_MISSING`, `CONFIG_FAILED`, `CONFIG_INVALID`, `DATABASE_…`
 */
export async function openConfig(file: string | undefined, cwd: string, secrets: Set<string>): Promise<OpenedConfig> {
  const found = file === undefined ? find(cwd) : given(file, cwd);
  for (const secret of secretsOfSource(readFileSync(found, 'utf8'))) secrets.add(secret);
  const scrypath = await instanceIn(found, relative(cwd, found) || found);
  const { dataSource } = scrypath;
  for (const secret of secretsOfOptions(dataSource.options)) secrets.add(secret);
  if (!dataSource.isInitialized) await connect(dataSource);
  const close = async () => {
    await scrypath.close();
    if (dataSource.isInitialized) await dataSource.destroy();
  };
  return { scrypath, close };
}

async function connect(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (cause) {
    const address = addressOf(dataSource);
    const known = ofDatabase(cause, address);
    if (known !== null) throw new CliError({ ...known, cause });
    throw new CliError({
      code: 'DATABASE_FAILED',
      happened: `The DataSource (${address}) could not be initialized: ${firstLine(cause)}.`,
      remedy: 'Correct its options; --debug shows where it failed.',
      cause,
    });
  }
}

function find(cwd: string): string {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (found !== undefined) return found;
    if (folder === dirname(folder))
      throw new CliError({
        code: 'CONFIG_MISSING',
        happened: 'There is no configuration in this folder or above it.',
        remedy: `Write one of ${CONFIG_NAMES.join(', ')}, whose default export is the Scrypath, or name it with --config.`,
      });
  }
}

function given(file: string, cwd: string): string {
  const path = isAbsolute(file) ? file : resolve(cwd, file);
  if (existsSync(path)) return path;
  throw new CliError({
    code: 'CONFIG_MISSING',
    happened: `There is no file ${JSON.stringify(file)}.`,
    remedy: 'Name the configuration with --config, or leave it out to have it looked for.',
  });
}

/** JavaScript as Node loads it; TypeScript with legacy decorators, their metadata, and the paths of tsconfig.json. */
async function load(path: string): Promise<unknown> {
  if (!/^\.[cm]?ts$/.test(extname(path))) return import(pathToFileURL(path).href);
  const { createJiti } = await import('jiti');
  const plugins = [fieldDecorators];
  // Its cache knows nothing of the plugin, and would leave a copy of the configuration in a folder that all can read.
  const cache = { fsCache: false };
  const options = { ...cache, interopDefault: false, tsconfigPaths: true, transformOptions: { babel: { plugins } } };
  return createJiti(path, options as Parameters<typeof createJiti>[1]).import(path);
}

/** The instance that a file exports, or that the function it exports makes. */
async function instanceIn(path: string, name: string): Promise<Scrypath> {
  let value: unknown;
  try {
    value = await load(path);
    // What is compiled to CommonJS and imported has its default export under two names.
    for (let depth = 0; depth < 3 && isObject(value) && !isScrypath(value) && 'default' in value; depth += 1)
      value = await value.default;
    if (typeof value === 'function' && !isClass(value)) value = await (value as () => unknown)();
  } catch (error) {
    throw reasonOf(error, name);
  }
  if (isScrypath(value)) return value;
  throw new CliError({
    code: 'CONFIG_INVALID',
    happened: `${name} exports ${kindOf(value)} as its default, and no Scrypath.`,
    remedy: 'Export the Scrypath, or a function that makes it: export default new Scrypath({ … }).',
  });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isClass = (value: unknown): boolean => /^class\b/.test(Function.prototype.toString.call(value));

// By its members: the configuration may have loaded another copy of the package.
const isScrypath = (value: unknown): value is Scrypath =>
  isObject(value) &&
  ['for', 'services', 'status', 'close'].every((member) => typeof value[member] === 'function') &&
  isObject(value.dataSource);

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return isClass(value) ? 'a class' : 'a function';
  if (!isObject(value)) return value === null ? 'null' : `a ${typeof value}`;
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `a ${name}` : 'an object';
}

/** What the database and the package say of themselves stays as it is; what else the file throws is the file's. */
function reasonOf(error: unknown, name: string): unknown {
  if (error instanceof CliError || isOfVerb(error) || ofDatabase(error) !== null) return error;
  return new CliError({
    code: 'CONFIG_FAILED',
    happened: `${name} could not be loaded: ${firstLine(error)}.`,
    remedy: 'Correct it; --debug shows where it failed.',
    cause: error,
  });
}
