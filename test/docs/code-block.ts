/** A piece of code that a reader may copy, and where it stands. */
export interface CodeBlock {
  /** Path of the document or source file, from the project's root. */
  readonly file: string;
  /** The line of the file that the first line of `code` stands on, from 1. */
  readonly line: number;
  /** Columns of the file to the left of the code. */
  readonly indent: number;
  /** What stands after the three backticks: the language first, then `title=search.ts` or `run`. */
  readonly info: readonly string[];
  readonly code: string;
  /** Name of the preamble that declares what the block leaves out, or null. */
  readonly preamble: string | null;
}

export const languageOf = (block: CodeBlock): string => block.info[0] ?? '';

/** The file name that a document gives a block, so that later blocks can import it. */
export const titleOf = (block: CodeBlock): string | null =>
  block.info.find((word) => word.startsWith('title='))?.slice('title='.length) ?? null;

export const placeOf = ({ file, line }: Pick<CodeBlock, 'file' | 'line'>): string => `${file}:${line}`;
