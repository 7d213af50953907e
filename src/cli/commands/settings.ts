import type { AppliedSettings, PlannedChange, SettingsPlan } from '../../index.js';
import { CliError } from '../cli-error.js';
import { defineCommand, given } from '../command.js';
import { nearest } from '../nearest.js';
import { type Cell, heading, line, type Part, table, toned } from '../parts.js';
import { liveIndexOf } from './live-index.js';

const DROP_FOREIGN = {
  flags: '--drop-foreign',
  about: 'give up settings that were made on the index elsewhere',
} as const;

export const settingsRead = defineCommand({
  name: 'settings read',
  summary: 'the settings that the live index has',
  does: 'Reads them from the engine, and changes nothing. Keys of embedders, and what headers say, are hidden.',
  entity: 'required',
  json: '`IndexSettings`, with every member',
  example: 'settings read Movie',
  run: async ({ service, signal }) => {
    const one = service();
    const value = await one.settings({ signal });
    const rows = Object.entries(value).map(([name, setting]) => [name, shown(setting)]);
    return { value, parts: [heading(`${one.metadata.entity} (${one.indexName})`), table(['Setting', 'Value'], rows)] };
  },
});

export const settingsDiff = defineCommand({
  name: 'settings diff',
  summary: 'declared settings that the live index does not have',
  does: 'Compares the declared settings with those of the live index, and changes nothing.',
  entity: 'required',
  json: '`SettingsPlan`',
  found: 'a declared setting differs',
  example: 'settings diff Movie',
  run: async ({ service, signal }) => {
    const value = await service().settingsPlan({ signal });
    const differing = value.changes.filter(({ origin }) => origin === 'declared');
    return { value, parts: diffParts(value, differing), state: differing.length > 0 ? 'found' : 'fine' };
  },
});

function diffParts({ entity, index }: SettingsPlan, differing: readonly PlannedChange[]): readonly Part[] {
  if (differing.length === 0) return [line(`${entity} (${index}): as declared`, 'good')];
  const rows = differing.map(({ setting, declared, live }) => [setting, shown(declared), shown(live)]);
  return [
    heading(`${entity} (${index}): other than declared`),
    table(['Setting', 'Declared', 'Live'], rows),
    line(`What a change takes: scrypath settings plan ${entity}`),
  ];
}

export const settingsPlan = defineCommand<{ readonly dropForeign?: true }>({
  name: 'settings plan',
  summary: 'what it takes to give the live index the declared settings',
  does: 'Says of each difference what it costs, and what was made on the index elsewhere. It changes nothing.',
  entity: 'required',
  options: [DROP_FOREIGN],
  json: '`SettingsPlan`',
  example: 'settings plan Movie',
  run: async ({ service, options, signal }) => {
    const value = await service().settingsPlan({ ...given(options), signal });
    return { value, parts: planParts(value) };
  },
});

function planParts({ entity, index, cost, changes }: SettingsPlan): readonly Part[] {
  if (changes.length === 0) return [line(`${entity} (${index}): as declared`, 'good')];
  return [
    heading(`${entity} (${index}): ${cost}`),
    table(
      ['Setting', 'Origin', 'Fate', 'Cost', 'Because'],
      changes.map((change) => [change.setting, change.origin, change.fate, costCell(change.cost), change.because]),
    ),
    ...nextOf(entity, cost),
  ];
}

function nextOf(entity: string, cost: SettingsPlan['cost']): readonly Part[] {
  switch (cost) {
    case 'nothing':
      return [];
    case 'free':
      return [line(`Apply it: scrypath settings apply ${entity}`)];
    case 'reindex in place':
      return [
        line(`Apply it with --reindex-in-place <setting,…>: scrypath settings apply ${entity}`),
        line(`Or build a new index: scrypath reindex ${entity}`),
      ];
    case 'new index':
      return [line(`Build a new index: scrypath reindex ${entity}`)];
  }
}

const costCell = (cost: PlannedChange['cost']): Cell =>
  cost === 'new index' ? toned(cost, 'bad') : cost === 'reindex in place' ? toned(cost, 'careful') : cost;

interface ApplyOptions {
  readonly only?: readonly string[];
  readonly reindexInPlace?: readonly string[];
  readonly dropForeign?: true;
  readonly timeout?: number;
}

export const settingsApply = defineCommand<ApplyOptions>({
  name: 'settings apply',
  summary: 'give the live index the declared settings, where that is free',
  does:
    'Applies what differs in one task, and waits until searches have it. What makes the engine go through all documents must be ' +
    'named; what needs a new index is refused.',
  entity: 'required',
  options: [
    { flags: '--only <setting,…>', about: 'apply these alone', reads: 'list' },
    {
      flags: '--reindex-in-place <setting,…>',
      about: 'the engine may go through all documents for these',
      reads: 'list',
    },
    DROP_FOREIGN,
    { flags: '--timeout <ms>', about: 'longest wait, in milliseconds; default that of the instance', reads: 'number' },
  ],
  json: '`AppliedSettings`',
  asks: 'always',
  example: 'settings apply Movie --yes',
  stopped: ({ args }) => ({
    happened: 'If the engine had taken the change, it carries it out.',
    goesOn: ['settings', 'diff', args.entity!],
  }),
  run: async ({ service, options, signal, confirm }) => {
    const one = service();
    const { only, reindexInPlace, dropForeign, timeout } = options;
    const plan = await one.settingsPlan(given({ dropForeign, signal }));
    assertSettings([...(only ?? []), ...(reindexInPlace ?? [])], Object.keys(await one.settings({ signal })));
    const changed = plan.changes.filter(({ cost }) => cost !== 'nothing');
    const { named } = await liveIndexOf(one, signal);
    await confirm([
      changed.length === 0
        ? `Nothing differs: ${named}.`
        : `Settings are changed: ${changed.map(({ setting, cost }) => `${setting} (${cost})`).join(', ')}. ${named[0]!.toUpperCase()}${named.slice(1)}.`,
    ]);
    const asked = given({ only, reindexInPlace, dropForeign, timeoutMs: timeout });
    const value = await one.applySettings({ ...asked, signal });
    return { value, parts: appliedParts(value) };
  },
});

/**
 * What is inside a family, the verb checks.
 * @throws CliError `USAGE`
 */
function assertSettings(named: readonly string[], known: readonly string[]): void {
  const unknown = named.find((name) => !known.includes(name.split('.')[0]!));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new CliError({
    code: 'USAGE',
    happened: `There is no setting ${JSON.stringify(unknown.slice(0, 80))}.`,
    remedy: near === null ? 'Name one that there is.' : `Did you mean ${near}?`,
    known,
  });
}

function appliedParts({ entity, index, applied, plan }: AppliedSettings): readonly Part[] {
  return [
    line(
      `${entity} (${index}): ${applied.length === 0 ? 'nothing differed' : `applied ${applied.join(', ')}`}`,
      applied.length === 0 ? 'quiet' : 'good',
    ),
    ...(plan.changes.length === 0 ? [] : planParts(plan)),
  ];
}

const LETTERS = 200;

function shown(value: unknown): string {
  const text = value === undefined ? '-' : JSON.stringify(value);
  return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
}
