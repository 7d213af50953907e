import { account } from './behaviour/account.js';
import type { Behaviour } from './behaviour/behaviour.js';
import { boundaries } from './behaviour/boundaries.js';
import { documents } from './behaviour/documents.js';
import { indexes } from './behaviour/indexes.js';
import { settings } from './behaviour/settings.js';
import { tasks } from './behaviour/tasks.js';

/** What a backend must do, beyond the answers to searches. */
export const BEHAVIOURS: readonly Behaviour[] = [
  ...tasks,
  ...documents,
  ...indexes,
  ...settings,
  ...account,
  ...boundaries,
];
