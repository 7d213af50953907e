import Table from 'cli-table3';
import { type Layout, type Painter, textOf, toneOf } from './layout.js';
import { type Cell, counted, type Part } from './parts.js';

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};
/** Narrower, a column cannot be read, and each row is a block of its own. */
const LEAST_WIDTH = 20;

/** Aligned, wrapped in the last column, and with the reasons of what was not observed below the table they are of. */
export const terminalLayout = (paint: Painter, width: number): Layout => {
  const cell = (given: Cell): string => paint.tone(textOf(given, counted), toneOf(given));
  const linesOf = (part: Part): readonly string[] => {
    switch (part.kind) {
      case 'heading':
        return [paint.bold(paint.tone(textOf(part.text, counted), part.tone))];
      case 'line':
        return [paint.tone(textOf(part.text, counted), part.tone)];
      case 'facts': {
        const labels = Math.max(...part.facts.map(([label]) => label.length));
        return part.facts.map(([label, value]) => `${label.padEnd(labels)}  ${cell(value)}`);
      }
      case 'table': {
        const { rows, notes } = withNotes(part.rows);
        const widths = widthsOf(part.columns, rows);
        const [last] = widths.slice(-1);
        if (beforeLast(widths) + Math.min(last!, LEAST_WIDTH) > width)
          return [...blocksOf(part.columns, rows, { paint, cell }), ...notes.map(cell)];
        return [...tableLines(part.columns, rows, { paint, width, cell }), ...notes.map(cell)];
      }
      case 'source':
        return [part.text.trimEnd()];
    }
  };
  return (parts) =>
    parts
      .map((part, at) => `${at > 0 && standsApart(parts[at - 1]!, part) ? '\n' : ''}${linesOf(part).join('\n')}\n`)
      .join('');
};

const standsApart = (before: Part, part: Part): boolean =>
  part.kind === 'heading' || (before.kind !== part.kind && before.kind !== 'heading') || part.kind === 'table';

/** A reason is longer than a column can be, and many figures share one. */
function withNotes(rows: readonly (readonly Cell[])[]): {
  readonly rows: readonly (readonly Cell[])[];
  readonly notes: readonly Cell[];
} {
  const reasons = [
    ...new Set(
      rows.flatMap((row) =>
        row.flatMap((cell) => (typeof cell === 'object' && 'unobserved' in cell ? [cell.unobserved] : [])),
      ),
    ),
  ];
  const numbered = (cell: Cell): Cell =>
    typeof cell === 'object' && 'unobserved' in cell
      ? { text: `not observed [${reasons.indexOf(cell.unobserved) + 1}]`, tone: 'careful' }
      : cell;
  return {
    rows: rows.map((row) => row.map(numbered)),
    notes: reasons.map((why, at) => ({ text: `[${at + 1}] not observed: ${why}`, tone: 'careful' })),
  };
}

const widthsOf = (columns: readonly string[], rows: readonly (readonly Cell[])[]): readonly number[] =>
  columns.map((column, at) => Math.max(column.length, ...rows.map((row) => textOf(row[at] ?? '', counted).length)));

/** What stands left of the last column, with the gaps. */
const beforeLast = (widths: readonly number[]): number => widths.slice(0, -1).reduce((sum, one) => sum + one + 2, 0);

/** A row as a block, under what stands in its first column. */
function blocksOf(
  [, ...columns]: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paint, cell }: { readonly paint: Painter; readonly cell: (given: Cell) => string },
): readonly string[] {
  const labels = Math.max(...columns.map((column) => column.length));
  return rows.flatMap(([first = '', ...row], at) => [
    ...(at === 0 ? [] : ['']),
    paint.bold(cell(first)),
    ...columns.map((column, of) => `  ${column.padEnd(labels)}  ${cell(row[of] ?? '')}`),
  ]);
}

function tableLines(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  { paint, width, cell }: { readonly paint: Painter; readonly width: number; readonly cell: (given: Cell) => string },
): readonly string[] {
  const widths = widthsOf(columns, rows);
  const last = Math.min(widths.at(-1)!, Math.max(LEAST_WIDTH, width - beforeLast(widths) - 1));
  const table = new Table({
    head: columns.map(paint.bold),
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: columns.map((_, at) => (rows.some((row) => typeof row[at] === 'number') ? 'right' : 'left')),
    colWidths: [...widths.slice(0, -1), last],
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  table.push(...rows.map((row) => row.map(cell)));
  return table
    .toString()
    .split('\n')
    .map((text) => text.trimEnd());
}
