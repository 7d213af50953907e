import { CONTRACT_PARTS, type ContractPart } from '../metadata/contract.js';
import type { DriftKind, DriftReport, DriftSignal } from './drift-report.js';

/** What a look at an index says, as signals. */
export function signalsOf(seen: Omit<DriftReport, 'signals' | 'clean'>): DriftSignal[] {
  return [
    ...ofIndex(seen),
    ...ofContract(seen),
    ...ofSettings(seen),
    ...ofRebuild(seen),
    ...ofContent(seen),
    ...ofCounts(seen),
    ...ofWork(seen),
  ].map((signal) => Object.freeze(signal));
}

type Seen = Parameters<typeof signalsOf>[0];

/** As a person reads it: 3,200,000. */
const counted = (count: number): string => count.toLocaleString('en-US');

const signal = (kind: DriftKind, count: number | null, why: string): DriftSignal => ({ kind, count, why });

function ofIndex({ liveIndex, index }: Seen): DriftSignal[] {
  if (!liveIndex.observed || liveIndex.value === 'live') return [];
  return liveIndex.value === 'missing'
    ? [signal('index_missing', null, `There is no index "${index}".`)]
    : [signal('index_replaced', null, `"${index}" is not the index that was written to; nothing is sent to it.`)];
}

const WORDS: Readonly<Record<ContractPart, string>> = {
  key: 'the columns of the key',
  fields: 'the declared fields',
  projection: 'the code of the projection, or its version',
  settings: 'the declared settings',
};

function ofContract({ contract }: Seen): DriftSignal[] {
  if (!contract.observed) return [];
  const changed = CONTRACT_PARTS.filter((part) => part !== 'settings' && contract.value.changed.includes(part));
  if (changed.length === 0) return [];
  const what = changed.map((part) => WORDS[part]).join(', ');
  return [signal('contract', null, `Changed since the documents of the index were made: ${what}.`)];
}

/** What somebody made on the index beside the declarations is none. */
function ofSettings({ settings, contract }: Seen): DriftSignal[] {
  if (!settings.observed) return [];
  const replaced = settings.value.changes.filter(({ fate }) => fate === 'replaced');
  if (replaced.length === 0) return [];
  const names = replaced.map(({ setting }) => setting).join(', ');
  const since = !contract.observed
    ? ''
    : contract.value.changed.includes('settings')
      ? ' They were declared otherwise when it was made.'
      : ' They were changed on the index.';
  return [signal('settings', replaced.length, `The index has other settings than declared: ${names}.${since}`)];
}

function ofRebuild({ rebuild }: Seen): DriftSignal[] {
  if (!rebuild.observed || rebuild.value.target === null) return [];
  const { taskState, state, owner, startedAt, problem } = rebuild.value;
  if (problem !== null)
    return [signal('stuck_rebuild', null, `The index beside the live one is not written any more: ${problem}.`)];
  if (taskState !== 'failed') return [];
  return [
    signal(
      'stuck_rebuild',
      null,
      `The rebuild that ${owner} began at ${startedAt} is ${state}; nobody is at work on it.`,
    ),
  ];
}

function ofContent({ content }: Seen): DriftSignal[] {
  if (!content.observed) return [];
  const { missing, extra, stale, failed } = content.value.counts;
  return [
    ...(missing > 0 ? [signal('missing', missing, `${counted(missing)} records have no document.`)] : []),
    ...(extra > 0
      ? [signal('extra', extra, `${counted(extra)} documents have no record: hits on them point at nothing.`)]
      : []),
    ...(stale > 0 ? [signal('stale', stale, `${counted(stale)} documents are not what their records make.`)] : []),
    ...(failed > 0 ? [signal('unprojectable', failed, `${counted(failed)} records cannot become a document.`)] : []),
  ];
}

/** Where each key is listed, it says more than their number. */
function ofCounts({ counts, content }: Seen): DriftSignal[] {
  if (!counts.observed || (content.observed && content.value.differences !== null)) return [];
  const { documents, expected } = counts.value;
  if (documents === expected) return [];
  const why = `The index has ${counted(documents)} documents, and the database records for ${counted(expected)}.`;
  return [signal('count_mismatch', Math.abs(documents - expected), why)];
}

function ofWork({ discarded }: Seen): DriftSignal[] {
  if (!discarded.observed || discarded.value === 0) return [];
  return [signal('discarded_work', discarded.value, `${counted(discarded.value)} rows of work were given up.`)];
}
