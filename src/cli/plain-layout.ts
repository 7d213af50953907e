import { type Layout, type Painter, printable, textOf, toneOf } from './layout.js';
import type { Cell, Part } from './parts.js';

/** `Label: value`, and tables as a line a row with tabs between: for `grep`, `cut` and logs. */
export const plainLayout = (paint: Painter): Layout => {
  const cell = (given: Cell): string => paint.tone(textOf(given, String), toneOf(given));
  const linesOf = (part: Part): readonly string[] => {
    switch (part.kind) {
      case 'heading':
      case 'line':
        return [paint.tone(printable(part.text), part.tone)];
      case 'facts':
        return part.facts.map(([label, value]) => `${label}: ${cell(value)}`);
      case 'table':
        return [part.columns.join('\t'), ...part.rows.map((row) => row.map(cell).join('\t'))];
      case 'source':
        return [part.text.trimEnd()];
    }
  };
  return (parts) => `${parts.flatMap(linesOf).join('\n')}\n`;
};
