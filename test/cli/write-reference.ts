import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withReference } from './reference';

// `npm run docs:cli`: writes the commands into docs/cli.md.
const file = join(__dirname, '../../docs/cli.md');
writeFileSync(file, withReference(readFileSync(file, 'utf8')));
