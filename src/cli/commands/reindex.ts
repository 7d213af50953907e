import { defineCommand, given, wordsOf } from '../command.js';
import { liveIndexOf } from './live-index.js';
import { auditParts, idleParts, rebuilding } from './rebuilding.js';

interface Options {
  readonly resume?: true;
  readonly cutover: boolean;
  readonly keepOld: boolean;
  readonly dropForeign?: true;
  readonly batchSize?: number;
  readonly partitions?: number;
  readonly distribute?: true;
  readonly maxFailures?: number;
}

export const reindex = defineCommand<Options>({
  name: 'reindex',
  summary: 'build an index beside the live one, verify it, and make it the live one',
  does:
    'Searches see the old index until the new one has been compared with the database, and the new one from then on. The old ' +
    'one stays beside it until finish or rollback. Where it was stopped or killed --resume goes on.',
  entity: 'required',
  options: [
    { flags: '--resume', about: 'go on with the one that was stopped or killed; begins one where there is none' },
    { flags: '--no-cutover', about: 'leave the live index as it is, and a verified target beside it' },
    { flags: '--no-keep-old', about: 'drop the old index behind the cutover: there is no way back' },
    { flags: '--drop-foreign', about: 'leave out settings that were made on the live index elsewhere' },
    { flags: '--batch-size <n>', about: 'rows of a page of the fill', reads: 'number' },
    { flags: '--partitions <n>', about: 'ranges of keys that the fill reads side by side', reads: 'number' },
    { flags: '--distribute', about: 'let running workers fill ranges too; with an outbox only' },
    { flags: '--max-failures <n>', about: 'records that may have no document; default 0', reads: 'number' },
  ],
  json: '`RebuildAudit`, which the `Rebuild` has as `audit`',
  found: 'records failed, as many as --max-failures bears with',
  asks: 'always',
  example: 'reindex Movie --no-cutover',
  // With its options: where it was stopped before there was a rebuild, --resume begins one.
  stopped: ({ args, options: { resume: _, ...options } }) => ({
    happened: 'The live index is as it would be without it, and the rebuild stands.',
    goesOn: ['reindex', args.entity!, '--resume', ...wordsOf(options)],
  }),
  run: async ({ service, options, signal, progress, confirm }) => {
    const one = service();
    const { entity } = one.metadata;
    const { resume, cutover, keepOld, dropForeign, batchSize, partitions, distribute, maxFailures } = options;
    const { named, beside, total } = await liveIndexOf(one, signal);
    await confirm(
      resume && beside !== null
        ? [
            `The rebuild of ${entity} (${beside.state}) goes on with its own options: target "${beside.target}", ${named}.`,
          ]
        : [
            `A new index is built beside ${named}, and ${cutover ? 'takes its place' : 'waits there for its cutover'}.`,
            ...(cutover && keepOld ? ['The old index is kept until scrypath finish or scrypath rollback.'] : []),
            ...(cutover && !keepOld ? ['The old index is dropped: there is no way back.'] : []),
          ],
    );
    const rebuild = await one.reindex({
      ...given({ resume, dropForeign, batchSize, partitions, distribute, maxFailures }),
      ...(cutover ? {} : { cutover }),
      ...(keepOld ? {} : { keepOld }),
      ...{ signal, onProgress: rebuilding(progress, entity, total) },
    });
    const { audit } = rebuild;
    const parts = [...(resume ? idleParts(beside?.state, audit) : []), ...auditParts(audit)];
    return { value: audit, parts, state: audit.failed.length > 0 ? 'found' : 'fine' };
  },
});
