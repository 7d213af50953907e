import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CodeBlock, languageOf, placeOf } from './code-block.js';
import { type CompiledBlocks, compileBlocks } from './compile-blocks.js';
import { examplesOfSource } from './docstring-examples.js';
import { blocksOfMarkdown } from './markdown-blocks.js';

const ROOT = join(__dirname, '..', '..');
/** Other names of TypeScript and JavaScript would be a way around the compiler. */
const LANGUAGES = ['ts', 'json', 'sh', 'txt', 'html'];

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))
    .sort();

const documents = ['README.md', 'CONTRIBUTING.md', ...filesBelow('docs', '.md')];
const blocks = documents.flatMap((file) => blocksOfMarkdown(file, read(file)));
const inDocuments = blocks.filter((block) => languageOf(block) === 'ts');
const inDocstrings = filesBelow('src', '.ts').flatMap((file) => examplesOfSource(file, read(file)));
const programs = inDocuments.filter(({ info }) => info.includes('run'));

/** What a document says that a program prints: the `txt` block after it. */
function promisedOutput(program: CodeBlock): string {
  const output = blocks.slice(blocks.indexOf(program) + 1).find((block) => languageOf(block) === 'txt');
  if (output?.file !== program.file) throw new Error(`${placeOf(program)} runs, but no txt block says what it prints.`);
  return output.code;
}

const mistaken: CodeBlock = {
  file: 'some-document.md',
  line: 10,
  indent: 2,
  info: ['ts'],
  code: 'const { id } = movie;\nconst year: string = movie.year;',
  preamble: 'movie',
};

let compiled: CompiledBlocks;
beforeAll(() => {
  compiled = compileBlocks(ROOT, [...inDocuments, ...inDocstrings, mistaken]);
}, 120_000);
afterAll(() => compiled?.remove());

it('every block of a document is in a language that these tests know', () => {
  const others = blocks.filter((block) => !LANGUAGES.includes(languageOf(block)));
  expect(others.map((block) => `${placeOf(block)} "${block.info.join(' ')}"`)).toEqual([]);
});

it('nothing but the blocks themselves stands in the way of compiling them', () => {
  expect(compiled.otherComplaints).toEqual([]);
});

it('a mistake in a block is reported with its place in the document', () => {
  expect(compiled.complaintsOf(mistaken)).toEqual([
    "some-document.md:11:9 error TS2322: Type 'number' is not assignable to type 'string'.",
  ]);
});

describe('a block of a document compiles', () => {
  it.each(inDocuments.map((block) => [placeOf(block), block] as const))('%s', (_place, block) => {
    expect(compiled.complaintsOf(block).join('\n')).toBe('');
  });
});

describe('an @example of a docstring compiles', () => {
  it.each(inDocstrings.map((block) => [placeOf(block), block] as const))('%s', (_place, block) => {
    expect(compiled.complaintsOf(block).join('\n')).toBe('');
  });
});

it('every JSON block of a document is JSON', () => {
  const isJson = ({ code }: CodeBlock) => {
    try {
      JSON.parse(code);
      return true;
    } catch {
      return false;
    }
  };
  const broken = blocks.filter((block) => languageOf(block) === 'json' && !isJson(block));
  expect(broken.map(placeOf)).toEqual([]);
});

describe('a program of a document prints what the document says', () => {
  it('the README has one', () => {
    expect(programs.map(({ file }) => file)).toContain('README.md');
  });

  it.each(programs.map((block) => [placeOf(block), block] as const))('%s', (_place, program) => {
    const { exitCode, stdout, stderr } = compiled.run(program);
    expect({ exitCode, stderr, printed: stdout.trimEnd() }).toEqual({
      exitCode: 0,
      stderr: '',
      printed: promisedOutput(program).trimEnd(),
    });
  });
});
