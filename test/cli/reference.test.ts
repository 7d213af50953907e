import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI_CODES } from '../../src/cli/cli-error';
import { COMMANDS } from '../../src/cli/commands';
import { withReference } from './reference';

const document = readFileSync(join(__dirname, '../../docs/cli.md'), 'utf8');

it('docs/cli.md has the commands as they are; where it has not, npm run docs:cli writes them', () => {
  expect(document).toBe(withReference(document));
});

it('docs/cli.md has a section for every command, and a row for every code', () => {
  for (const { name } of COMMANDS) expect(document).toContain(`\n### scrypath ${name}\n`);
  for (const code of CLI_CODES) expect(document).toMatch(new RegExp(`^\\| .*\`${code}\`.* \\|`, 'm'));
});

it('the document of a command that changed is stale', () => {
  const changed = document.replace('### scrypath status\n', '### scrypath state\n');
  expect(withReference(changed)).not.toBe(changed);
});
