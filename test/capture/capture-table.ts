import { DATABASES, type DatabaseName } from '../stacks/reachable';
import { SCENARIOS, type Scenario, saidOf } from './scenarios';

const HEAD = ['write', 'PostgreSQL', 'MariaDB', 'SQLite', 'note'];
const ORDER: readonly DatabaseName[] = ['postgres', 'mariadb', 'sqlite'];

/** The table of docs/capture.md: a row for each scenario that is tested, by group. */
export function captureTable(): string {
  if (ORDER.length !== DATABASES.length) throw new Error('The table leaves a database out.');
  const groups = [...new Set(SCENARIOS.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = SCENARIOS.filter((scenario) => scenario.group === group).map(rowOf);
      return `### ${group[0]!.toUpperCase()}${group.slice(1)}\n\n${tableOf([HEAD, ...rows])}`;
    })
    .join('\n\n');
}

const rowOf = (scenario: Scenario): string[] => [
  scenario.write,
  ...ORDER.map((database) => cellOf(scenario, database)),
  scenario.note ?? '',
];

function cellOf(scenario: Scenario, database: DatabaseName): string {
  const marks = saidOf(scenario.marks, database)!;
  const unresolved = saidOf(scenario.unresolved, database) ?? [];
  const marked = typeof marks === 'function' || marks.length > 0 ? ['marked'] : [];
  const told = [...new Set(unresolved.map((of) => `\`${of.split(' ')[0]}\``))];
  return [...marked, ...told].join(', ') || 'no mark';
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head!.map((_, at) => Math.max(3, ...[head!, ...body].map((row) => row[at]!.length)));
  const lineOf = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [lineOf(head!), lineOf(widths.map((width) => '-'.repeat(width))), ...body.map(lineOf)].join('\n');
}
