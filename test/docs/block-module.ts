import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type CodeBlock, titleOf } from './code-block.js';
import { namesOf } from './module-names.js';

/** A block made into a module that the compiler can take on its own. */
export interface BlockModule {
  readonly block: CodeBlock;
  /** Path from the folder of all modules, `/` between names. */
  readonly path: string;
  readonly source: string;
}

/** Lines that a module has before the first line of its block: imports, all on one. */
const HEADER_LINES = 1;

const PREAMBLES = 'test/docs/preambles';

/**
 * Gives a block what it leaves out: names of its preamble, and for a docstring those of its own source file, as far as
 * it does not declare them itself. A part of a class gets a class around it, a lone object is a filter.
 */
export function moduleOf(block: CodeBlock, root: string, folder: string): BlockModule {
  const path = `${block.file.replaceAll('/', '__')}/${titleOf(block) ?? `line-${block.line}.ts`}`;
  const { before, after } = wrappingOf(block);
  const taken = new Set(namesOf(block.code).declared);
  const importAll = (file: string) => {
    const names = [...namesOf(readFileSync(join(root, file), 'utf8')).exported].filter(([name]) => !taken.has(name));
    for (const [name] of names) taken.add(name);
    const imported = names.map(([name, isType]) => (isType ? `type ${name}` : name)).join(', ');
    const specifier = relative(join(folder, path, '..'), join(root, file)).replace(/\.ts$/, '.js');
    return imported === '' ? '' : `import { ${imported} } from '${specifier}'; `;
  };
  const own = block.file.endsWith('.ts') ? importAll(block.file) : '';
  const preamble = block.preamble === null ? '' : importAll(`${PREAMBLES}/${block.preamble}.ts`);
  return { block, path, source: `${own}${preamble}${before}\n${block.code}\n${after}\nexport {};\n` };
}

function wrappingOf({ file, code }: CodeBlock): { readonly before: string; readonly after: string } {
  if (file.endsWith('.ts') && code.startsWith('@') && !/\bclass\b/.test(code))
    return { before: 'interface Example extends Members {} class Example {', after: '}' };
  if (file.endsWith('.ts') && code.startsWith('{')) return { before: 'const example: Filter<Movie> =', after: ';' };
  return { before: '', after: '' };
}

/** The line of the document that a line of the module stands for; the nearest one where it has none. */
export function lineInDocument({ block }: BlockModule, lineInModule: number): number {
  const last = block.line + block.code.split('\n').length - 1;
  return Math.min(last, Math.max(block.line, block.line + lineInModule - 1 - HEADER_LINES));
}
