import type { CodeBlock } from './code-block.js';

const EXAMPLE = /^(\s*(?:\/\*)?\*+ ?@example ?)(.*)$/;
const OTHER_TAG = /^\s*\*+ ?@[a-z]/i;
const MARGIN = /^\s*\* ?/;

/** Every `@example` in the docstrings of a source file. There decorators are written `\@`, since `@` begins a tag. */
export function examplesOfSource(file: string, text: string): CodeBlock[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at): CodeBlock[] => {
    const [, before, rest] = EXAMPLE.exec(line) ?? [];
    if (before === undefined || rest === undefined) return [];
    const code = rest.trim() === '' ? [] : [rest];
    const first = code.length === 1 ? at : at + 1;
    let last = at;
    while (!lines[last]!.includes('*/') && !OTHER_TAG.test(lines[last + 1] ?? '')) {
      last += 1;
      code.push(lines[last]!.replace(/\*\/.*$/, '').replace(MARGIN, ''));
    }
    const indent = first === at ? before.length : (MARGIN.exec(lines[first] ?? '')?.[0].length ?? 0);
    const example = code
      .join('\n')
      .replace(/\*\/.*$/, '')
      .replaceAll('\\@', '@')
      .trimEnd();
    return [{ file, line: first + 1, indent, info: ['ts'], code: example, preamble: 'docstring' }];
  });
}
