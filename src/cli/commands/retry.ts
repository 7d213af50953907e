import { defineCommand } from '../command.js';
import { line } from '../parts.js';
import { failedItem, unknownWork } from './failed-item.js';

export const retry = defineCommand({
  name: 'retry',
  summary: 'make one piece of failed work due at once',
  does: 'Makes failed work due, discarded work too. A worker brings it; the command does not wait for that.',
  entity: 'none',
  args: [{ name: 'id', required: true, about: 'of the work, as scrypath failed lists it' }],
  json: 'true, as `retry()` has it; an id that is unknown is an error',
  example: 'retry 0190a5a0-0000-7000-8000-000000000001',
  run: async ({ scrypath, args }) => {
    const id = args.id!;
    await failedItem(scrypath, id);
    const value = await scrypath.retry(id);
    if (!value) throw unknownWork(id, []);
    return { value, parts: [line('It is due now, and a worker brings it. Look with scrypath failed.', 'good')] };
  },
});
