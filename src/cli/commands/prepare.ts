import { defineCommand } from '../command.js';
import { line, table, toned } from '../parts.js';

export const prepare = defineCommand({
  name: 'prepare',
  summary: 'make the indexes that are missing, and check the tables',
  does:
    'Does what a start of your program does, without starting anything: it checks the declarations and the tables of the outbox, ' +
    'makes indexes that are missing, empty, with their settings, and reports settings that differ.',
  entity: 'none',
  json: '`Preparation`',
  example: 'prepare',
  run: async ({ scrypath }) => {
    const value = await scrypath.prepare();
    const differ = value.indexes.filter(({ differences }) => differences.length > 0);
    return {
      value,
      parts: [
        table(
          ['Entity', 'Index', 'Was', 'Settings'],
          value.indexes.map(({ entity, index, created, differences }) => [
            entity,
            index,
            created ? toned('made', 'good') : 'there',
            differences.length === 0
              ? 'as declared'
              : toned(differences.map(({ setting }) => setting).join(', '), 'careful'),
          ]),
        ),
        ...differ.map(({ entity }) => line(`What a change takes: scrypath settings plan ${entity}`)),
      ],
    };
  },
});
