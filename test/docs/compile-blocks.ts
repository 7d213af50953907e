import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BlockModule, lineInDocument, moduleOf } from './block-module.js';
import { type CodeBlock, placeOf } from './code-block.js';

/** What one run of the compiler said of all blocks, and the programs that it made of them. */
export interface CompiledBlocks {
  /** The complaints about a block, each with the document's file, line and column. */
  complaintsOf(block: CodeBlock): readonly string[];
  /** Complaints about anything else: the sources, a preamble, the compiler's own options. */
  readonly otherComplaints: readonly string[];
  /** Runs a block as a program of its own, with `scrypath` being what the sources compile to. */
  run(block: CodeBlock): { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };
  remove(): void;
}

const COMPLAINT = /^(.+?)\((\d+),(\d+)\): (error TS\d+: .*)$/;

/** Compiles every block in a folder below `<root>/.tmp`, with the project's own compiler options. */
export function compileBlocks(root: string, blocks: readonly CodeBlock[]): CompiledBlocks {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp', 'docs-'));
  const modules = blocks.map((block) => moduleOf(block, root, join(folder, 'blocks')));
  for (const { path, source } of modules) write(join(folder, 'blocks', path), source);
  writeProject(root, folder);

  const compiler = join(root, 'node_modules', '.bin', 'tsc');
  const { status, stdout, stderr, error } = spawnSync(compiler, ['-p', 'tsconfig.json', '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) throw error;
  const said = complaintsIn(stdout + stderr);
  if (status !== 0 && said.length === 0) throw new Error(`tsc ended with ${status}: ${stdout}${stderr}`);
  const moduleAt = new Map(modules.map((module) => [`blocks/${module.path}`, module]));
  const complaints = said.map((complaint) => ({
    module: moduleAt.get(complaint.file),
    text: textOf(complaint, moduleAt),
  }));

  return {
    complaintsOf: (block) => complaints.filter(({ module }) => module?.block === block).map(({ text }) => text),
    otherComplaints: complaints.filter(({ module }) => module === undefined).map(({ text }) => text),
    run: (block) => {
      const { path } = modules.find((module) => module.block === block)!;
      const program = join(folder, 'out', folder.slice(root.length + 1), 'blocks', path.replace(/\.ts$/, '.js'));
      const ran = spawnSync(process.execPath, [program], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
      return { exitCode: ran.status, stdout: ran.stdout, stderr: ran.stderr };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Blocks are ES modules, as in most new projects; the sources stay what the package is, so that both are tried together. */
function writeProject(root: string, folder: string): void {
  write(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const compilerOptions = {
    noEmit: false,
    outDir: './out',
    rootDir: '../..',
    declaration: false,
    sourceMap: false,
    // Blocks show calls without using what comes back, and repeat members of the class that is put around them.
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitOverride: false,
  };
  write(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['blocks'], exclude: [] }),
  );
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
  const doors = JSON.stringify({ type: 'commonjs', exports }).replaceAll('./dist/', './');
  write(join(folder, 'out', 'src', 'package.json'), doors);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join('..', 'out', 'src'), join(folder, 'node_modules', 'scrypath'));
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** The complaints in the compiler's output; lines that go on with one are indented. */
function complaintsIn(output: string): Complaint[] {
  const complaints: { file: string; line: number; column: number; text: string }[] = [];
  for (const line of output.split('\n')) {
    const [, file, at, column, text] = COMPLAINT.exec(line) ?? [];
    if (text !== undefined) complaints.push({ file: file!, line: Number(at), column: Number(column), text });
    else if (/^\s/.test(line) && complaints.length > 0) complaints.at(-1)!.text += `\n${line}`;
    else if (line.startsWith('error ')) complaints.push({ file: '', line: 0, column: 0, text: line });
  }
  return complaints;
}

function textOf({ file, line, column, text }: Complaint, moduleAt: ReadonlyMap<string, BlockModule>): string {
  const module = moduleAt.get(file);
  if (module === undefined) return `${file}:${line}:${column} ${text}`;
  const at = placeOf({ file: module.block.file, line: lineInDocument(module, line) });
  return `${at}:${column + module.block.indent} ${text}`;
}
