/**
 * Rows of a table that is written as text, one row a line, cells between bars: sixty records stay readable on two
 * screens. The first line names the columns. A cell `-` is null and an empty one is absent.
 */
export function rowsOf(table: string): Row[] {
  const [heading = '', ...lines] = table.trim().split('\n');
  const columns = cellsOf(heading);
  return lines.map((line) => new Row(columns, cellsOf(line)));
}

const cellsOf = (line: string): string[] => line.split('|').map((cell) => cell.trim());

/** One line of a table, read by column. */
export class Row {
  constructor(
    private readonly columns: readonly string[],
    private readonly cells: readonly string[],
  ) {
    if (cells.length !== columns.length) throw new Error(`${cells.length} cells in "${cells.join(' | ')}"`);
  }

  text(column: string): string {
    return this.cells[this.columns.indexOf(column)]!;
  }

  list(column: string): string[] {
    return this.text(column)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** A member `{ [column]: value }` for a document: empty for an empty cell, null for `-`. */
  optional<V>(column: string, read: (text: string) => V): Record<string, V | null> {
    const text = this.text(column);
    if (text === '') return {};
    return { [column]: text === '-' ? null : read(text) };
  }
}
