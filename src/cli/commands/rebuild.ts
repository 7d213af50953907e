import type { Rebuild, RebuildAudit, RebuildRunOptions } from '../../index.js';
import { CliError } from '../cli-error.js';
import { type CommandRun, defineCommand, type Stopped } from '../command.js';
import { liveIndexOf } from './live-index.js';
import { auditParts, idleParts, rebuilding } from './rebuilding.js';

type Step = 'resume' | 'cutover' | 'rollback' | 'finish' | 'abandon';

interface StepFacts {
  readonly summary: string;
  readonly does: string;
  /** What is said before it is asked for. */
  readonly will: (audit: RebuildAudit, live: string) => readonly string[];
  /** The state in which a rebuild waits for this. */
  readonly at?: 'ready' | 'kept';
  readonly run: (rebuild: Rebuild, options: RebuildRunOptions) => Promise<RebuildAudit>;
}

const stepCommand = (step: Step, { summary, does, will, at, run }: StepFacts) =>
  defineCommand({
    ...{ name: step, summary, does, entity: 'required', asks: 'always', example: `${step} Movie` },
    json: '`RebuildAudit`',
    stopped: (asked) => stopped(asked, step),
    run: async ({ service, signal, progress, confirm }) => {
      const one = service();
      const { entity } = one.metadata;
      const rebuild = await one.rebuild();
      if (rebuild === null) throw noRebuild(entity);
      const { state } = rebuild;
      // What will be refused is not promised, nor asked for.
      if (at !== undefined && state !== at && (state === 'ready' || state === 'kept'))
        throw notNow(rebuild.audit, step);
      const { named, total } = await liveIndexOf(one, signal);
      await confirm(will(rebuild.audit, named));
      const onProgress = rebuilding(progress, entity, total);
      const value = await run(rebuild, { signal, onProgress });
      const idle = step === 'resume' ? idleParts(state, value) : [];
      return { value, parts: [...idle, ...auditParts(value)] };
    },
  });

/** Where it stands after the signal decides what goes on. */
async function stopped({ service }: CommandRun, step: Step): Promise<Stopped> {
  const one = service();
  const { entity } = one.metadata;
  const rebuild = await one.rebuild();
  if (rebuild === null) return { happened: 'The rebuild has come to its end.', goesOn: null };
  const isWaiting = rebuild.state === 'ready' || rebuild.state === 'kept';
  return {
    happened: `The rebuild stands: ${rebuild.state}.`,
    goesOn: isWaiting ? [step, entity] : ['resume', entity],
  };
}

export const resume = stepCommand('resume', {
  summary: 'go on with a rebuild that was stopped or killed',
  does: 'Goes on with the rebuild of the entity, to the end of what it was begun for.',
  will: ({ state, target }, live) => [`The rebuild (${state}) goes on: target "${target}", ${live}.`],
  run: (rebuild, options) => rebuild.resume(options),
});

export const cutover = stepCommand('cutover', {
  summary: 'make the verified target the live index',
  does: 'Compares the target once more, and makes it the live index. The old one stays beside it.',
  will: ({ target }, live) => [`"${target}" takes the place of ${live}, which is kept beside it.`],
  at: 'ready',
  run: (rebuild, options) => rebuild.cutover(options),
});

export const rollback = stepCommand('rollback', {
  summary: 'make the old index the live one again, and drop the new one',
  does: 'Swaps back. Nothing that was written since the cutover is lost: it went to both.',
  will: ({ target }, live) => [`"${target}", the old index, takes the place of ${live}, which is dropped.`],
  at: 'kept',
  run: (rebuild, options) => rebuild.rollback(options),
});

export const finish = stepCommand('finish', {
  summary: 'drop the old index: there is no way back',
  does: 'Drops the index that was live before the cutover.',
  will: ({ target }, live) => [`"${target}", the old index, is dropped: there is no way back. What stays: ${live}.`],
  at: 'kept',
  run: (rebuild) => rebuild.finish(),
});

export const abandon = stepCommand('abandon', {
  summary: 'drop the target, and leave the live index as it is',
  does: 'Ends a rebuild before its cutover.',
  will: ({ target }, live) => [`The target "${target}" is dropped. What stays: ${live}.`],
  at: 'ready',
  run: (rebuild) => rebuild.abandon(),
});

/** With the code by which the verb would refuse it. */
const notNow = ({ entity, state }: RebuildAudit, step: Step) =>
  new CliError({
    code: 'REBUILD_STATE',
    happened: `The rebuild of ${entity} is ${state}: there is no ${step} of it.`,
    remedy:
      state === 'kept'
        ? `End it with scrypath finish ${entity}, or go back with scrypath rollback ${entity}.`
        : `Make it live with scrypath cutover ${entity}, or end it with scrypath abandon ${entity}.`,
  });

const noRebuild = (entity: string) =>
  new CliError({
    code: 'REBUILD_UNKNOWN',
    happened: `There is no rebuild of ${entity} that has not come to its end.`,
    remedy: `Begin one with scrypath reindex ${entity}.`,
  });
