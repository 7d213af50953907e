import { defineCommand } from '../command.js';
import { line } from '../parts.js';
import { failedItem, unknownWork } from './failed-item.js';

export const discard = defineCommand({
  name: 'discard',
  summary: 'give up one piece of failed work, or take it off the list',
  does:
    'Gives up work that is tried again; takes work that was given up off the list. The document stays as it is, and so may stay ' +
    'different from its record.',
  entity: 'none',
  args: [{ name: 'id', required: true, about: 'of the work, as scrypath failed lists it' }],
  json: 'true, as `discard()` has it; an id that is unknown is an error',
  asks: 'always',
  example: 'discard 0190a5a0-0000-7000-8000-000000000001',
  run: async ({ scrypath, args, confirm }) => {
    const id = args.id!;
    const item = await failedItem(scrypath, id);
    const what =
      item === null
        ? 'Failed work'
        : `Work of ${item.entity ?? 'several entities'}${item.key === null ? '' : `, key ${item.key}`} (${item.state}, ${item.reason})`;
    await confirm([
      item?.state === 'discarded'
        ? `${what} is taken off the list. Its document stays as it is.`
        : `${what} is given up. Its document stays as it is.`,
    ]);
    const value = await scrypath.discard(id);
    if (!value) throw unknownWork(id, []);
    return { value, parts: [line('Done. Whether the index is right, scrypath drift says.', 'good')] };
  },
});
