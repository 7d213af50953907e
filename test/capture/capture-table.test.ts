import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureTable } from './capture-table';

const FILE = join(__dirname, '../../docs/capture.md');
const BORDERS = /(<!-- writes: generated -->\n\n)[\s\S]*?(\n\n<!-- \/writes -->)/;

/** `WRITE_DOCS=1 npx jest test/capture/capture-table` writes the table anew. */
it('the table in docs/capture.md is that of the scenarios', () => {
  const text = readFileSync(FILE, 'utf8');
  expect(text).toMatch(BORDERS);
  const generated = text.replace(BORDERS, (_, before: string, after: string) => before + captureTable() + after);
  if (process.env.WRITE_DOCS === '1') writeFileSync(FILE, generated);
  else expect(text).toBe(generated);
});
