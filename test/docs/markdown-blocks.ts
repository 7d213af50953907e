import type { CodeBlock } from './code-block.js';

const FENCE = /^(\s*)```(.*)$/;
const PREAMBLE = /^<!-- preamble: ([a-z-]+|none) -->$/;

/** Every fenced block of a Markdown document. A `<!-- preamble: movie -->` holds for the blocks below it. */
export function blocksOfMarkdown(file: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let preamble: string | null = null;
  let open: { line: number; indent: number; info: string[]; lines: string[] } | null = null;
  for (const [at, line] of text.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (open === null) {
      const named = PREAMBLE.exec(line.trim())?.[1];
      if (named !== undefined) preamble = named === 'none' ? null : named;
      if (fence) open = { line: at + 2, indent: fence[1]!.length, info: wordsOf(fence[2]!), lines: [] };
    } else if (fence) {
      const { lines, ...place } = open;
      blocks.push({ file, ...place, code: lines.join('\n'), preamble });
      open = null;
    } else {
      open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    }
  }
  if (open !== null) throw new Error(`${file}:${open.line - 1}: the block is never closed.`);
  return blocks;
}

const wordsOf = (info: string): string[] => info.trim().split(/\s+/).filter(Boolean);
