import type { DriftReport, RecommendedAction, SearchService } from '../../index.js';
import { defineCommand, given } from '../command.js';
import { counted, facts, figure, heading, line, type Part, plural, table, toned } from '../parts.js';
import { comparing, rowsOf } from './comparing.js';
import { rebuildCell } from './status.js';

export interface DriftCommandOptions {
  readonly content: boolean;
  readonly maxListed?: number;
  readonly pageSize?: number;
}

export const DRIFT_OPTIONS = [
  { flags: '--no-content', about: 'compare numbers, settings, contract and work alone, and no document' },
  {
    flags: '--max-listed <n>',
    about: 'most keys to list; where more differ, none is; default 10,000',
    reads: 'number',
  },
  { flags: '--page-size <n>', about: 'rows and documents in one page', reads: 'number', least: 1 },
] as const;

export const drift = defineCommand<DriftCommandOptions>({
  name: 'drift',
  summary: 'how far an index is from its database and its declarations',
  does:
    'Compares documents with rows by content, and settings, contract, counts, discarded work and rebuilds beside it. It ' +
    'changes nothing.',
  entity: 'optional',
  options: DRIFT_OPTIONS,
  json: '`DriftReport[]`; of one entity `DriftReport`',
  found: 'an index has drifted',
  example: 'drift Movie',
  run: async ({ scrypath, args, service, options, signal, progress }) => {
    const { content, maxListed, pageSize } = options;
    const { hasOutbox } = scrypath;
    const asked = { ...given({ maxListed, pageSize }), content, signal };
    const services = args.entity === undefined ? scrypath.services() : [service()];
    const reports: DriftReport[] = [];
    for (const one of services) {
      const total = content ? await rowsOf(one, signal) : null;
      reports.push(await one.drift({ ...asked, onProgress: comparing(progress, one.metadata.entity, total) }));
    }
    const value = args.entity === undefined ? reports : reports[0]!;
    return { value, parts: reports.flatMap(driftParts), state: driftState(reports, services, { content, hasOutbox }) };
  },
});

interface Asked {
  readonly content: boolean;
  readonly hasOutbox: boolean;
}

/** @param services those that the reports are of, in the same order */
export const driftState = (
  reports: readonly DriftReport[],
  services: readonly SearchService<object, unknown>[],
  asked: Asked,
): 'fine' | 'found' | 'unobserved' => {
  if (reports.some(({ signals }) => signals.length > 0)) return 'found';
  return reports.every((report, at) => wasSeen(report, services[at]!, asked)) ? 'fine' : 'unobserved';
};

/**
 * Whether no look failed that was asked for. With `when` numbers alone cannot be compared: that is declared, and nothing that a
 * cron job could wait for.
 */
function wasSeen(
  report: DriftReport,
  { metadata }: SearchService<object, unknown>,
  { content, hasOutbox }: Asked,
): boolean {
  if (report.clean) return true;
  const { liveIndex, settings, contract, discarded, rebuild } = report;
  const looks = [liveIndex, settings, ...(hasOutbox ? [contract, discarded, rebuild] : [])];
  return !content && metadata.when !== null && looks.every(({ observed }) => observed);
}

/** Keys that a person is shown; `--json` has all. */
const SHOWN = 20;

export function driftParts(report: DriftReport): readonly Part[] {
  const { entity, index, clean, signals, content, counts, settings, contract, discarded, liveIndex, rebuild } = report;
  const differences = (content.observed && content.value.differences) || [];
  return [
    heading(
      `${entity} (${index}): ${clean ? 'no drift' : signals.length > 0 ? 'drift' : 'not all of it was observed'}`,
    ),
    ...(signals.length > 0
      ? [
          table(
            ['Kind', 'Count', 'Why'],
            signals.map(({ kind, count, why }) => [toned(kind, 'bad'), count ?? '-', why]),
          ),
        ]
      : []),
    facts(
      ['Live index', figure(liveIndex, (state) => state)],
      [
        'Content',
        figure(content, ({ rows, documents, counts: { pending } }) => {
          const compared = `${plural(rows, 'row')} and ${plural(documents, 'document')} compared`;
          return pending === 0 ? compared : `${compared}, ${counted(pending)} pending`;
        }),
      ],
      [
        'Documents',
        figure(counts, ({ documents, expected }) =>
          documents === expected ? counted(documents) : toned(`${counted(documents)} of ${counted(expected)}`, 'bad'),
        ),
      ],
      ['Settings', figure(settings, ({ cost }) => (cost === 'nothing' ? 'as declared' : `to apply: ${cost}`))],
      ['Contract', figure(contract, ({ changed }) => (changed.length === 0 ? 'as declared' : changed.join(', ')))],
      ['Discarded', figure(discarded, (count) => count)],
      ['Rebuild', figure(rebuild, rebuildCell)],
    ),
    ...(differences.length > 0
      ? [
          table(
            ['Difference', 'Key', 'Reason'],
            differences.slice(0, SHOWN).map(({ kind, key, reason }) => [kind, key, reason ?? '-']),
          ),
        ]
      : []),
    ...(differences.length > SHOWN ? [line(`${plural(differences.length - SHOWN, 'key')} more: --json has all.`)] : []),
    ...(signals.length > 0 ? [line(`What to do: scrypath reconcile ${entity}`)] : []),
  ];
}

/** The command stands first: the last column is wrapped, and what is wrapped cannot be copied. */
export const actionRow = ({ id, why }: RecommendedAction) => [`scrypath reconcile --apply ${id}`, why];
